/**
 * The kernels that are matrix products: matmul, convolution and its two gradients. Each names its matrices and its sizes;
 * the planner says how the product is cut up; parts are added by reduce_parts.wgsl.
 *
 * @module
 */
import type { DeviceBuffer } from "../device.ts";
import type { Conv2d, Conv2dInputGradient, Conv2dWeightGradient, ConvShape, Matmul } from "../kernels.ts";
import conv2dSource from "../wgsl/conv2d.wgsl" with { type: "text" };
import weightGradientSource from "../wgsl/conv2d_weight_gradient.wgsl" with { type: "text" };
import laneSource from "../wgsl/gemm_lane.wgsl" with { type: "text" };
import tileSource from "../wgsl/gemm_tile.wgsl" with { type: "text" };
import matmulSource from "../wgsl/matmul.wgsl" with { type: "text" };
import padSource from "../wgsl/pad_columns.wgsl" with { type: "text" };
import reduceSource from "../wgsl/reduce_parts.wgsl" with { type: "text" };
import { type Extent, LANES_PER_GROUP, type Launcher, type Scratch, sizes } from "./launcher.ts";
import { coreConstants, planWorkgroups, type Product } from "./plan.ts";
import { columnSums } from "./simple.ts";
import type { Constants } from "./template.ts";

const CORES = { lane: laneSource, tile: tileSource };

/** What happens to a product after it is summed: + bias for each row, ReLU, mask. */
interface Finish {
  bias?: DeviceBuffer;
  mask?: DeviceBuffer;
  relu?: boolean;
}

/** A row-major matrix. */
interface Matrix {
  buffer: DeviceBuffer;
  rows: number;
  columns: number;
}

/** A product to launch: its text's names for things. */
interface ProductLaunch {
  name: string;
  source: string;
  product: Product;
  constants: Constants;
  inputs: Record<string, Matrix>;
  parameters: Record<string, number>;
  /** The result and what the text calls it. */
  result: Matrix & { name: string };
  /** Absent where the text takes no such thing. */
  finish?: Finish;
}

const four = (n: number) => Math.ceil(n / 4);

/**
 * Pads what 4 does not divide, multiplies in parts, adds the parts, crops.
 *
 * All of it goes through scratch memory, and none of it is needed where columns are multiples of 4 and the result is large.
 */
function launchProduct(launcher: Launcher, launch: ProductLaunch): void {
  const { product, result, finish = {} } = launch;
  const { rows4, cols4, k4 } = product;
  const plan = launcher.planner(product);
  const splitK4 = Math.ceil(k4 / plan.splits);
  const splits = Math.ceil(k4 / splitK4); // no part is empty
  launcher.withScratch((scratch) => {
    const inputs = Object.entries(launch.inputs).map(([name, matrix]) => [name, padded(launcher, matrix, scratch)]);
    const columns = 4 * cols4, length = result.rows * columns;
    const mask = finish.mask && padded(launcher, { ...result, buffer: finish.mask }, scratch)[0];
    const whole = columns === result.columns ? result.buffer : scratch(length, `${launch.name} before cropping`);
    const parts = splits === 1 ? whole : scratch(splits * length, `parts of ${launch.name}`);
    const finishing = ({ bias, mask, relu }: Finish) => ({
      buffers: {
        bias: bias ? [bias, result.columns] as const : [launcher.nothing, 1] as const,
        mask: mask ? [mask, length] as const : [launcher.nothing, 1] as const,
      },
      parameters: { has_bias: Number(!!bias), has_mask: Number(!!mask), relu: Number(!!relu) },
    });

    const end = finishing(splits === 1 ? { ...finish, mask } : {});
    launcher.run({ name: `${launch.name} (${plan.core})`, source: launch.source + "\n" + CORES[plan.core] }, {
      constants: { ...launch.constants, ...coreConstants(plan) },
      buffers: {
        ...Object.fromEntries(inputs),
        ...(launch.finish ? end.buffers : {}),
        [result.name]: [parts, splits * length],
      },
      parameters: { ...launch.parameters, ...end.parameters, rows4, cols4, k4, split_k4: splitK4 },
      workgroups: planWorkgroups({ ...plan, splits }, rows4, cols4),
      flops: 2 * 64 * rows4 * cols4 * k4,
    });
    if (splits > 1) {
      const end = finishing({ ...finish, mask });
      launcher.run({ name: "reduce_parts", source: reduceSource }, {
        buffers: { parts: [parts, splits * length], y: [whole, length], ...end.buffers },
        parameters: { length, splits, columns, ...end.parameters },
        workgroups: Math.ceil(length / LANES_PER_GROUP),
        flops: 100 * splits * length,
      });
    }
    if (whole !== result.buffer) setColumns(launcher, whole, result.rows, columns, result.columns, result.buffer);
  });
}

/** The matrix with its columns padded to a multiple of 4: itself, where they are one. */
function padded(launcher: Launcher, { buffer, rows, columns }: Matrix, scratch: Scratch): Extent {
  if (columns % 4 === 0) return [buffer, rows * columns];
  const wide = 4 * four(columns);
  const copy = scratch(rows * wide, "a matrix padded to a multiple of 4 columns");
  setColumns(launcher, buffer, rows, columns, wide, copy);
  return [copy, rows * wide];
}

function setColumns(launcher: Launcher, x: DeviceBuffer, rows: number, from: number, columns: number, y: DeviceBuffer) {
  launcher.run({ name: "pad_columns", source: padSource }, {
    buffers: { x: [x, rows * from], y: [y, rows * columns] },
    parameters: { length: rows * columns, x_columns: from, columns },
    workgroups: Math.ceil(rows * columns / LANES_PER_GROUP),
    flops: 100 * rows * columns,
  });
}

/** See `Matmul`. */
export function matmul(launcher: Launcher, args: Matmul<DeviceBuffer>): void {
  const { a, b, c, m, n, k, transposeA = false, transposeB = false } = args;
  sizes("matmul", { m, n, k });
  launchProduct(launcher, {
    name: "matmul",
    source: matmulSource,
    product: { kernel: "matmul", rows4: four(m), cols4: four(n), k4: four(k) },
    constants: { TRANSPOSE_A: transposeA, TRANSPOSE_B: transposeB },
    inputs: {
      a: transposeA ? { buffer: a, rows: k, columns: m } : { buffer: a, rows: m, columns: k },
      b: transposeB ? { buffer: b, rows: n, columns: k } : { buffer: b, rows: k, columns: n },
    },
    parameters: { m, n, k },
    result: { name: "c", buffer: c, rows: m, columns: n },
    finish: args,
  });
}

/** See `Conv2d`. */
export function conv2d(launcher: Launcher, args: Conv2d<DeviceBuffer>): void {
  const { x, weights, y, bias, relu } = args;
  convolve(launcher, "conv2d", args, args.channelsIn, args.channelsOut, x, weights, y, { bias, relu });
}

/** See `Conv2dInputGradient`: dy convolved by the weights turned over, from channels out to channels in. */
export function conv2dInputGradient(launcher: Launcher, args: Conv2dInputGradient<DeviceBuffer>): void {
  const { dy, weights, dx, mask } = args;
  convolve(launcher, "conv2dInputGradient", args, args.channelsOut, args.channelsIn, dy, weights, dx, { mask });
}

function convolve(
  launcher: Launcher,
  kernel: "conv2d" | "conv2dInputGradient",
  { batch, height, width }: ConvShape,
  cin: number,
  cout: number,
  x: DeviceBuffer,
  weights: DeviceBuffer,
  y: DeviceBuffer,
  finish: Finish,
): void {
  sizes(kernel, { batch, height, width, channelsIn: cin, channelsOut: cout });
  const pixels = batch * height * width;
  const backward = kernel === "conv2dInputGradient";
  launchProduct(launcher, {
    name: kernel,
    source: conv2dSource,
    product: { kernel, rows4: four(pixels), cols4: four(cout), k4: 9 * four(cin) },
    constants: { BACKWARD: backward },
    inputs: {
      x: { buffer: x, rows: pixels, columns: cin },
      weights: { buffer: weights, rows: 9 * (backward ? cout : cin), columns: backward ? cin : cout },
    },
    parameters: { height, width, pixels, cin, cout, cin4: four(cin) },
    result: { name: "y", buffer: y, rows: pixels, columns: cout },
    finish,
  });
}

/** See `Conv2dWeightGradient`. */
export function conv2dWeightGradient(launcher: Launcher, args: Conv2dWeightGradient<DeviceBuffer>): void {
  const { batch, height, width, channelsIn, channelsOut, x, dy, dWeights, dBias } = args;
  sizes("conv2dWeightGradient", { batch, height, width, channelsIn, channelsOut });
  const pixels = batch * height * width;
  const cin4 = four(channelsIn);
  launchProduct(launcher, {
    name: "conv2dWeightGradient",
    source: weightGradientSource,
    product: { kernel: "conv2dWeightGradient", rows4: 9 * cin4, cols4: four(channelsOut), k4: four(pixels) },
    constants: {},
    inputs: {
      x: { buffer: x, rows: pixels, columns: channelsIn },
      dy: { buffer: dy, rows: pixels, columns: channelsOut },
    },
    parameters: { height, width, pixels, cin: channelsIn, cout: channelsOut, cin4 },
    result: { name: "parts", buffer: dWeights, rows: 9 * channelsIn, columns: channelsOut },
  });
  columnSums(launcher, { x: dy, sums: dBias, rows: pixels, columns: channelsOut });
}
