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
import reduceSource from "../wgsl/reduce_parts.wgsl" with { type: "text" };
import { type Extent, type Kernel, LANES_PER_GROUP, type Launcher, sizes } from "./launcher.ts";
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

/** A product to launch: its text's names for things. */
interface ProductLaunch {
  name: string;
  source: string;
  product: Product;
  constants: Constants;
  inputs: Record<string, Extent>;
  parameters: Record<string, number>;
  /** Name of the result, its buffer, its rows and columns. */
  result: { name: string; buffer: DeviceBuffer; rows: number; columns: number };
  /** Absent where the text takes no such thing. */
  finish?: Finish;
}

function launchProduct(launcher: Launcher, launch: ProductLaunch): void {
  const { product, result, finish } = launch;
  const { rows4, cols4, k4 } = product;
  const plan = launcher.planner(product);
  const splitK4 = Math.ceil(k4 / plan.splits);
  const splits = Math.ceil(k4 / splitK4); // no part is empty
  const length = result.rows * result.columns;
  const kernel: Kernel = {
    name: `${launch.name} (${plan.core})`,
    source: launch.source + "\n" + CORES[plan.core],
  };
  const multiply = (output: DeviceBuffer, end: Finish) =>
    launcher.run(kernel, {
      constants: { ...launch.constants, ...coreConstants(plan) },
      buffers: {
        ...launch.inputs,
        ...(finish ? finishBuffers(launcher, end, result.columns, length) : {}),
        [result.name]: [output, splits * length],
      },
      parameters: { ...launch.parameters, ...finishParameters(end), rows4, cols4, k4, split_k4: splitK4 },
      workgroups: planWorkgroups({ ...plan, splits }, rows4, cols4),
      flops: 2 * 64 * rows4 * cols4 * k4,
    });
  if (splits === 1) return multiply(result.buffer, finish ?? {});
  launcher.withScratch(splits * length, `parts of ${launch.name}`, (parts) => {
    multiply(parts, {});
    launcher.run({ name: "reduce_parts", source: reduceSource }, {
      buffers: {
        parts: [parts, splits * length],
        y: [result.buffer, length],
        ...finishBuffers(launcher, finish ?? {}, result.columns, length),
      },
      parameters: { length, splits, columns: result.columns, ...finishParameters(finish ?? {}) },
      workgroups: Math.ceil(length / LANES_PER_GROUP),
      flops: 100 * splits * length,
    });
  });
}

function finishBuffers(launcher: Launcher, { bias, mask }: Finish, columns: number, length: number) {
  const none: Extent = [launcher.nothing, 1];
  return { bias: bias ? [bias, columns] as const : none, mask: mask ? [mask, length] as const : none };
}

function finishParameters({ bias, mask, relu }: Finish) {
  return { has_bias: Number(!!bias), has_mask: Number(!!mask), relu: Number(!!relu) };
}

const four = (n: number) => Math.ceil(n / 4);
const divides = (n: number) => n % 4 === 0;

/** See `Matmul`. */
export function matmul(launcher: Launcher, args: Matmul<DeviceBuffer>): void {
  const { m, n, k, transposeA = false, transposeB = false } = args;
  sizes("matmul", { m, n, k });
  launchProduct(launcher, {
    name: "matmul",
    source: matmulSource,
    product: { kernel: "matmul", rows4: four(m), cols4: four(n), k4: four(k) },
    constants: {
      TRANSPOSE_A: transposeA,
      TRANSPOSE_B: transposeB,
      VEC_A: divides(transposeA ? m : k),
      VEC_B: divides(transposeB ? k : n),
      VEC_C: divides(n),
    },
    inputs: { a: [args.a, m * k], b: [args.b, k * n] },
    parameters: { m, n, k },
    result: { name: "c", buffer: args.c, rows: m, columns: n },
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
    constants: {
      BACKWARD: backward,
      VEC_IN: divides(cin),
      VEC_WEIGHTS: divides(backward ? cin : cout),
      VEC_OUT: divides(cout),
    },
    inputs: { x: [x, pixels * cin], weights: [weights, 9 * cin * cout] },
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
    constants: { VEC_X: divides(channelsIn), VEC_DY: divides(channelsOut) },
    inputs: { x: [x, pixels * channelsIn], dy: [dy, pixels * channelsOut] },
    parameters: { height, width, pixels, cin: channelsIn, cout: channelsOut, cin4 },
    result: { name: "parts", buffer: dWeights, rows: 9 * channelsIn, columns: channelsOut },
  });
  columnSums(launcher, { x: dy, sums: dBias, rows: pixels, columns: channelsOut });
}
