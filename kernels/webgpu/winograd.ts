/**
 * The 3x3 convolution and its gradients on a GPU by Winograd's algorithm F(2x2, 3x3) (Lavin & Gray 2016, "Fast algorithms for
 * convolutional neural networks"): 16 multiplications for 2x2 outputs, where the definition needs 36.
 *
 * Along a line, two outputs of a kernel g of three values over four inputs d are
 *
 *     y = A^T ((G g) * (B^T d))        (* value by value: four products instead of six)
 *
 * and in two dimensions the transforms run down the columns, then along the rows (`wgsl/winograd_*.wgsl` has their lines). Summed over
 * channels, each of the 4 x 4 = 16 points is a matrix product:
 *
 *     V[point, tile, c] = transformed input     U[point, c, n] = transformed kernel     M[point, tile, n] = V U
 *
 * and M, transformed back, is the output. The gradient of the input is the same convolution with flipped weights. For the gradient of
 * the weights the 2x2 tile of dy acts as the kernel, with three outputs over the same four inputs:
 *
 *     V[point, tile, c] = transformed input     G[point, tile, n] = transformed dy     P[point, c, n] = V^T G
 *
 * summed over all tiles. The 16 products are one dispatch of the existing matrix product (matmul.wgsl with any of the cores), split
 * along k into the points: `winograd_cut.ts`.
 *
 * Error: the transforms only add and halve. With 512 channels it is 0.4e-6 to 1.0e-6 of the largest value, a third of the direct
 * product's, whose sums are nine times as long.
 *
 * Memory: V and M are four times as large as the data they are computed from, since a tile of four outputs has 16 points. They are
 * written and read in pieces of 64 MiB. So the algorithm is worthwhile with many channels: `plan.ts` offers it from 128 on, and the
 * tuner measures it.
 *
 * @module
 */
import matmulSource from "../wgsl/matmul.wgsl" with { type: "text" };
import notHiddenSource from "../wgsl/not_hidden.wgsl" with { type: "text" };
import gradientSource from "../wgsl/winograd_gradient.wgsl" with { type: "text" };
import inputSource from "../wgsl/winograd_input.wgsl" with { type: "text" };
import outputSource from "../wgsl/winograd_output.wgsl" with { type: "text" };
import weightGradientSource from "../wgsl/winograd_weight_gradient.wgsl" with { type: "text" };
import weightsSource from "../wgsl/winograd_weights.wgsl" with { type: "text" };
import type { GpuBuffer } from "./buffer.ts";
import { LANES_PER_GROUP, type Launcher, type ShaderKernel } from "./launcher.ts";
import { ENDS, multiply, PART } from "./multiply.ts";
import type { Plan } from "./product.ts";
import type { ProductLaunch } from "./product_launch.ts";
import { cutWinograd, POINTS, type WinogradCut } from "./winograd_cut.ts";

/** Sources of the transforms. */
export const winogradSources: readonly string[] = [
  gradientSource,
  inputSource,
  outputSource,
  weightGradientSource,
  weightsSource,
];

const INPUT: ShaderKernel = { name: "winograd_input", source: inputSource };
const WEIGHTS: ShaderKernel = { name: "winograd_weights", source: weightsSource };
const OUTPUT: ShaderKernel = { name: "winograd_output", source: `${outputSource}\n${notHiddenSource}` };
const GRADIENT: ShaderKernel = { name: "winograd_gradient", source: gradientSource };
const WEIGHT_GRADIENT: ShaderKernel = { name: "winograd_weight_gradient", source: weightGradientSource };

/** The operations after the transform of the output, if each point is one part, and if it has several. */
const OUTPUT_ENDS = [false, true].map((PARTS) => ENDS.map((ends) => ends.map((end) => ({ ...end, PARTS }))));

const [FORWARD, TO_WEIGHTS] = [false, true].map((TRANSPOSE_A) => ({ TRANSPOSE_A, TRANSPOSE_B: false }));

/** Most dispatches of a convolution with such a plan. */
export function winogradDispatches(product: ProductLaunch["product"], plan: Plan, bindingBytes: number): number {
  return 1 + 3 * cutWinograd(product, plan, bindingBytes).pieces;
}

/**
 * Computes a convolution, or the gradient of its input or weights.
 *
 * @throws RangeError if Winograd's algorithm can't compute it
 */
export function multiplyWinograd(launcher: Launcher, launch: ProductLaunch, plan: Plan): void {
  const cut = cutWinograd(launch.product, plan, launcher.bindingBytes);
  if (launch.product.kernel === "conv2dWeightGradient") toWeights(launcher, launch, cut);
  else forward(launcher, launch, cut);
}

/** How images are cut into tiles, and which tiles belong to a piece: the parameters of the transforms. */
function placesOf({ parameters: { height, width, pixels } }: ProductLaunch, { tiles }: WinogradCut, piece: number) {
  const down = Math.ceil(height / 2), across = Math.ceil(width / 2);
  return { height, width, down, across, all: down * across * (pixels / (height * width)), first: piece * tiles, tiles };
}

/** Runs a transform with `lanes` lanes, each for a vec4 of four channels. */
function transform(
  launcher: Launcher,
  kernel: ShaderKernel,
  lanes: number,
  buffers: Record<string, GpuBuffer>,
  parameters: Record<string, number>,
  constants?: Record<string, boolean>,
): void {
  const workgroups = Math.ceil(lanes / LANES_PER_GROUP);
  launcher.run(kernel, { constants, buffers, parameters, workgroups, flops: 100 * 4 * POINTS * lanes });
}

/** The products of a piece. */
function products(
  launcher: Launcher,
  { product, plan, parts }: WinogradCut,
  constants: typeof FORWARD,
  buffers: { a: GpuBuffer; b: GpuBuffer; c: GpuBuffer },
): void {
  const { rows4, cols4, k4 } = product;
  multiply(launcher, {
    ...{ name: "matmul", source: matmulSource, constants, product, fits: true, end: PART, buffers },
    parameters: { m: 4 * rows4, n: 4 * cols4, k: 4 * k4 },
    variant: plan.variant,
    parts: POINTS * parts,
    splitK4: k4 / (POINTS * parts),
  });
}

function forward(launcher: Launcher, launch: ProductLaunch, cut: WinogradCut): void {
  const { inputs: { x, weights }, result, finish: { bias, mask, relu } = {} } = launch;
  const { columns: cin } = x, { columns: cout } = result, { pieces, tiles, parts } = cut;
  const [channels4, cols4] = [cin / 4, cout / 4];
  launcher.withScratch((scratch) => {
    const u = scratch(POINTS * cin * cout, "transformed weights");
    const v = scratch(POINTS * tiles * cin, "transformed input");
    const m = scratch(POINTS * parts * tiles * cout, "products of transformed input and weights");
    transform(launcher, WEIGHTS, cin * cols4, { weights: weights.buffer, u }, { cin, cols4 });
    for (let piece = 0; piece < pieces; piece++) {
      const places = placesOf(launch, cut, piece),
        strides = { tile_stride: POINTS * channels4, point_stride: channels4 };
      transform(launcher, INPUT, tiles * channels4, { x: x.buffer, v }, { ...places, channels4, ...strides });
      products(launcher, cut, FORWARD, { a: v, b: u, c: m });
      transform(
        launcher,
        OUTPUT,
        tiles * cols4,
        { m, y: result.buffer, ...(bias && { bias }), ...(mask && { mask }) },
        { ...places, cols4, splits: parts, relu: Number(!!relu) },
        OUTPUT_ENDS[Number(parts > 1)][Number(!!bias)][Number(!!mask)],
      );
    }
  });
}

function toWeights(launcher: Launcher, launch: ProductLaunch, cut: WinogradCut): void {
  const { inputs: { x, dy }, result } = launch, { pieces, tiles, parts } = cut;
  const { columns: cin } = x, { columns: cout } = dy, [in4, cols4] = [cin / 4, cout / 4];
  launcher.withScratch((scratch) => {
    const v = scratch(POINTS * tiles * cin, "transformed input");
    const g = scratch(POINTS * tiles * cout, "transformed gradient of the output");
    const ofPiece = POINTS * parts * cin * cout;
    const p = scratch(pieces * ofPiece, "products of transformed input and gradient");
    for (let piece = 0; piece < pieces; piece++) {
      const places = placesOf(launch, cut, piece), strides = { tile_stride: in4, point_stride: tiles * in4 };
      transform(launcher, INPUT, tiles * in4, { x: x.buffer, v }, { ...places, channels4: in4, ...strides });
      transform(launcher, GRADIENT, tiles * cols4, { dy: dy.buffer, g }, { ...places, channels4: cols4 });
      products(launcher, cut, TO_WEIGHTS, { a: v, b: g, c: p.slice(piece * ofPiece, ofPiece) });
    }
    const sizes = { cin, cols4, pieces, splits: parts };
    transform(launcher, WEIGHT_GRADIENT, cin * cols4, { p, dweights: result.buffer }, sizes);
  });
}
