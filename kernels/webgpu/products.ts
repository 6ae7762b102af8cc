/**
 * The kernels that are matrix products: matmul, convolution and its two gradients. Each defines its matrices and sizes;
 * the planner decides how the product is cut; reduce_parts.wgsl adds the parts.
 *
 * @module
 */
import type { ConvShape } from "../table.ts";
import conv2dSource from "../wgsl/conv2d.wgsl" with { type: "text" };
import weightGradientSource from "../wgsl/conv2d_weight_gradient.wgsl" with { type: "text" };
import notHiddenSource from "../wgsl/not_hidden.wgsl" with { type: "text" };
import matmulSource from "../wgsl/matmul.wgsl" with { type: "text" };
import largestSource from "../wgsl/largest.wgsl" with { type: "text" };
import noiseSource from "../wgsl/noise.wgsl" with { type: "text" };
import packSource from "../wgsl/pack_half.wgsl" with { type: "text" };
import padSource from "../wgsl/pad_columns.wgsl" with { type: "text" };
import turnSource from "../wgsl/turn_weights.wgsl" with { type: "text" };
import reduceSource from "../wgsl/reduce_parts.wgsl" with { type: "text" };
import type { GpuArguments, GpuBuffer } from "./buffer.ts";
import { LANES_PER_GROUP, type Launcher, type Scratch, type ShaderKernel } from "./launcher.ts";
import { coreSources, ENDS, multiply, PART } from "./multiply.ts";
import { convProduct, four, matmulProduct, type Plan, type Product } from "./product.ts";
import type { Finish, Matrix, ProductLaunch } from "./product_launch.ts";
import { add, columnSums } from "./simple.ts";
import { partsOf } from "./traffic.ts";
import { multiplyWinograd, winogradSources } from "./winograd.ts";
import { fitsWinograd } from "./winograd_cut.ts";

/** All sources of products. */
export const productSources: readonly string[] = [
  conv2dSource,
  weightGradientSource,
  matmulSource,
  ...coreSources,
  reduceSource,
  padSource,
  largestSource,
  packSource,
  notHiddenSource,
  turnSource,
  ...winogradSources,
];

const REDUCE: ShaderKernel = { name: "reduce_parts", source: `${reduceSource}\n${notHiddenSource}` };

/** Launches a product with the planner's plan. */
function launchProduct(launcher: Launcher, launch: ProductLaunch): void {
  launcher.rehearsal?.push(launch);
  launchPlanned(launcher, launch, launcher.planner(launch.product));
}

/**
 * Pads dimensions that are not multiples of 4, multiplies in parts, adds the parts, crops.
 *
 * All these steps use scratch memory. None of them is needed if the columns are multiples of 4 and the result is large.
 */
export function launchPlanned(launcher: Launcher, launch: ProductLaunch, plan: Plan): void {
  if (plan.winograd) return multiplyWinograd(launcher, launch, plan);
  const { product, result, finish = {} } = launch, { cols4 } = product, { variant } = plan;
  const wanted = Math.min(plan.splits, launcher.fittingParts(4 * result.rows * cols4));
  const { parts: splits, splitK4 } = partsOf(product, { variant, splits: wanted });
  launcher.withScratch((scratch) => {
    const half = launcher.precision === "f16";
    const scales = half ? { scales: scratch(4, "scales of a product's operands") } : {};
    const inputs = Object.entries(launch.inputs).map(([name, matrix], place) => [
      name,
      scales.scales ? packed(launcher, matrix, scales.scales, place, scratch) : padded(launcher, matrix, scratch),
    ]);
    const columns = 4 * cols4, length = result.rows * columns;
    const mask = finish.mask && padded(launcher, { ...result, buffer: finish.mask }, scratch);
    const whole = columns === result.columns ? result.buffer : scratch(length, `${launch.name} before cropping`);
    const parts = splits === 1 ? whole : scratch(splits * length, `parts of ${launch.name}`);
    const { bias, relu } = finish;
    const finishing = {
      constants: ENDS[Number(!!bias)][Number(!!mask)],
      buffers: {
        ...(bias ? { bias } : {}),
        ...(mask ? { mask } : {}),
      },
      parameters: { relu: Number(!!relu) },
    };

    multiply(launcher, {
      ...launch,
      variant,
      ...{ parts: splits, splitK4 },
      end: splits === 1 ? finishing : PART,
      buffers: { ...Object.fromEntries(inputs), ...scales, [result.name]: parts },
    });
    if (splits > 1) {
      launcher.run(REDUCE, {
        constants: finishing.constants,
        buffers: { parts, y: whole, ...finishing.buffers },
        parameters: { length, splits, columns, ...finishing.parameters },
        workgroups: Math.ceil(length / LANES_PER_GROUP),
        flops: 100 * splits * length,
      });
    }
    if (whole !== result.buffer) setColumns(launcher, whole, result.rows, columns, result.columns, result.buffer);
  });
}

/** The same launch on separate buffers, taken by `scratch` and filled with noise, to measure its duration. */
export function onScratch(launcher: Launcher, launch: ProductLaunch, take: Scratch): ProductLaunch {
  const scratch: Scratch = (length, purpose) => {
    const buffer = take(length, purpose);
    launcher.elementwise({ name: "noise", source: noiseSource }, { buffers: { x: buffer }, length });
    return buffer;
  };
  const place = <M extends Matrix>(matrix: M): M => ({
    ...matrix,
    buffer: scratch(matrix.rows * matrix.columns, `measuring ${launch.name}`),
  });
  const { inputs, result, finish } = launch;
  return {
    ...launch,
    inputs: Object.fromEntries(Object.entries(inputs).map(([name, matrix]) => [name, place(matrix)])),
    result: place(result),
    finish: finish && {
      ...finish,
      bias: finish.bias && scratch(result.columns, "measuring: bias"),
      mask: finish.mask && place(result).buffer,
    },
  };
}

/** The matrix with its columns padded to a multiple of 4: itself, where they are one. */
function padded(launcher: Launcher, { buffer, rows, columns, unpadded }: Matrix, scratch: Scratch): GpuBuffer {
  if (unpadded || columns % 4 === 0) return buffer;
  const wide = 4 * four(columns);
  const copy = scratch(rows * wide, "a matrix padded to a multiple of 4 columns");
  setColumns(launcher, buffer, rows, columns, wide, copy);
  return copy;
}

/** The matrix in 16-bit floats, scaled, with its columns padded to a multiple of 4. See pack_half.wgsl. */
function packed(launcher: Launcher, matrix: Matrix, scales: GpuBuffer, place: number, scratch: Scratch): GpuBuffer {
  const { buffer, rows, columns } = matrix, length = rows * columns, columns4 = four(columns);
  const most = scratch(4, "the largest magnitude of an operand");
  const partLength = Math.max(4096, Math.ceil(length / 1024)), parts = Math.ceil(length / partLength);
  const find = (from: GpuBuffer, to: GpuBuffer, length: number, partLength: number, parts: number) =>
    launcher.run({ name: "largest", source: largestSource }, {
      buffers: { x: from, largest: to },
      parameters: { length, part_length: partLength },
      workgroups: parts,
      flops: 100 * length,
    });
  if (parts === 1) find(buffer, most, length, length, 1);
  else {
    const ofParts = scratch(parts, "the largest magnitudes of an operand's parts");
    find(buffer, ofParts, length, partLength, parts);
    find(ofParts, most, parts, parts, 1);
  }
  const length4 = rows * columns4, halves = scratch(2 * length4, "an operand in 16-bit floats");
  launcher.run({ name: "pack_half", source: packSource }, {
    buffers: { x: buffer, largest: most, y: halves, scales },
    parameters: { length4, x_columns: columns, columns4, place },
    workgroups: Math.ceil(length4 / LANES_PER_GROUP),
    flops: 400 * length4,
  });
  return halves;
}

function setColumns(launcher: Launcher, x: GpuBuffer, rows: number, from: number, columns: number, y: GpuBuffer) {
  launcher.run({ name: "pad_columns", source: padSource }, {
    buffers: { x, y },
    parameters: { length: rows * columns, x_columns: from, columns },
    workgroups: Math.ceil(rows * columns / LANES_PER_GROUP),
    flops: 100 * rows * columns,
  });
}

/**
 * The product as the device computes it: of 16-bit floats it is read padded, and by no other algorithm; and the arrays of Winograd's
 * have to fit a binding.
 */
function onDevice({ precision, bindingBytes }: Launcher, { tiles, one, ...product }: Product): Product {
  if (precision === "f16") return { ...product, half: true };
  const fits = tiles !== undefined && fitsWinograd(product, bindingBytes);
  return { ...product, ...(one && { one }), ...(fits && { tiles }) };
}

/** See `matmul`. */
export function matmul(launcher: Launcher, args: GpuArguments<"matmul">): void {
  const { a, b, c, m, n, k, transposeA = false, transposeB = false } = args;
  launchProduct(launcher, {
    name: "matmul",
    source: matmulSource,
    product: onDevice(launcher, matmulProduct(args)),
    fits: k % 4 === 0 && m % 4 === 0,
    constants: { TRANSPOSE_A: transposeA, TRANSPOSE_B: transposeB },
    inputs: {
      a: transposeA ? { buffer: a, rows: k, columns: m } : { buffer: a, rows: m, columns: k },
      b: transposeB ? { buffer: b, rows: n, columns: k } : { buffer: b, rows: k, columns: n },
    },
    parameters: { m, n, k },
    result: { name: "c", buffer: c, rows: m, columns: n },
    finish: { bias: args.bias, mask: args.mask, relu: args.relu },
  });
}

/** See `conv2d`. */
export function conv2d(launcher: Launcher, args: GpuArguments<"conv2d">): void {
  const { x, weights: buffer, y, bias, relu, channelsIn: cin, channelsOut: cout } = args;
  convolve(launcher, "conv2d", args, cin, cout, x, { buffer, rows: 9 * cin, columns: cout }, y, { bias, relu });
}

/** Whether weights are read four at a time. */
const TURNED = [false, true].map((VEC) => ({ VEC }));

/** See `conv2dInputGradient`: dy convolved with the flipped weights, from channels out to channels in. */
export function conv2dInputGradient(launcher: Launcher, args: GpuArguments<"conv2dInputGradient">): void {
  const { dy, weights, dx, mask, channelsIn: cin, channelsOut: cout } = args;
  launcher.withScratch((scratch) => {
    const rows = 9 * cout, columns = 4 * four(cin), turned = scratch(rows * columns, "transposed weights");
    launcher.run({ name: "turn_weights", source: turnSource }, {
      constants: TURNED[Number(cout % 4 === 0)],
      buffers: { weights, turned },
      parameters: { cin, cout, cin4: four(cin), cout4: four(cout) },
      workgroups: Math.ceil(9 * four(cin) * four(cout) / LANES_PER_GROUP),
      flops: 100 * rows * columns,
    });
    convolve(launcher, "conv2dInputGradient", args, cout, cin, dy, { buffer: turned, rows, columns }, dx, { mask });
  });
}

function convolve(
  launcher: Launcher,
  kernel: "conv2d" | "conv2dInputGradient",
  shape: ConvShape,
  cin: number,
  cout: number,
  x: GpuBuffer,
  weights: Matrix,
  y: GpuBuffer,
  finish: Finish,
): void {
  const { batch, height, width } = shape;
  const [wordsIn, wordsOut] = [height * width * cin, height * width * cout];
  launcher.images(batch, [wordsIn, wordsOut], ({ count, of }) => {
    const pixels = count * height * width;
    const product = onDevice(launcher, convProduct(kernel, { ...shape, batch: count })), { one: unpadded } = product;
    launchProduct(launcher, {
      name: kernel,
      source: conv2dSource,
      product,
      fits: cin % 4 === 0 && pixels % 4 === 0,
      constants: { ONE: unpadded === true },
      inputs: { x: { buffer: of(x, wordsIn), rows: pixels, columns: cin, unpadded }, weights },
      parameters: { height, width, pixels, cin, cout, cin4: four(cin) },
      result: { name: "y", buffer: of(y, wordsOut), rows: pixels, columns: cout },
      finish: { ...finish, mask: finish.mask && of(finish.mask, wordsOut) },
    });
  });
}

/** See `conv2dWeightGradient`. Images that do not fit one binding together are summed piece by piece. */
export function conv2dWeightGradient(launcher: Launcher, args: GpuArguments<"conv2dWeightGradient">): void {
  const { batch, height, width, channelsIn, channelsOut, x, dy, dWeights, dBias } = args;
  const [wordsIn, wordsOut] = [height * width * channelsIn, height * width * channelsOut];
  launcher.images(batch, [wordsIn, wordsOut], ({ first, count, of }) => {
    const piece = { ...args, batch: count, x: of(x, wordsIn), dy: of(dy, wordsOut) };
    if (first === 0) return weightGradientOf(launcher, piece);
    launcher.withScratch((scratch) => {
      const weights = 9 * channelsIn * channelsOut;
      const more = {
        dWeights: scratch(weights, "a piece of dWeights"),
        dBias: scratch(channelsOut, "a piece of dBias"),
      };
      weightGradientOf(launcher, { ...piece, ...more });
      add(launcher, { a: dWeights, b: more.dWeights, y: dWeights, length: weights });
      add(launcher, { a: dBias, b: more.dBias, y: dBias, length: channelsOut });
    });
  });
}

function weightGradientOf(launcher: Launcher, args: GpuArguments<"conv2dWeightGradient">): void {
  const { batch, height, width, channelsIn, channelsOut, x, dy, dWeights, dBias } = args;
  const pixels = batch * height * width;
  const product = onDevice(launcher, convProduct("conv2dWeightGradient", args)), { one: unpadded } = product;
  launchProduct(launcher, {
    name: "conv2dWeightGradient",
    source: weightGradientSource,
    product,
    fits: pixels % 4 === 0,
    constants: { EVEN: width % 4 === 0, ONE: unpadded === true, RAGGED: channelsIn % 4 !== 0 },
    inputs: {
      x: { buffer: x, rows: pixels, columns: channelsIn, unpadded },
      dy: { buffer: dy, rows: pixels, columns: channelsOut },
    },
    parameters: { height, width, pixels, cin: channelsIn, cout: channelsOut, cin4: four(channelsIn) },
    result: { name: "parts", buffer: dWeights, rows: 9 * channelsIn, columns: channelsOut },
  });
  columnSums(launcher, { x: dy, sums: dBias, rows: pixels, columns: channelsOut });
}
