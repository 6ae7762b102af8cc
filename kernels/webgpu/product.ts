/**
 * A matrix product as it is planned and measured: sizes, a name, and the definition of a plan. Convolution and its gradients are such
 * products too.
 *
 * @module
 */
import type { ConvShape, KernelArguments } from "../table.ts";
import type { Variant } from "./variants.ts";

/** A product from the planner's view: [rows, k] by [k, columns]. */
export interface Product {
  /** Its kernel. */
  kernel: "matmul" | "conv2d" | "conv2dInputGradient" | "conv2dWeightGradient";
  /** Which of its matrices are stored as their transpose: "", "a", "b" or "ab". */
  transposed: string;
  /** Rows of the result, in groups of four. */
  rows4: number;
  /** Columns of the result, in groups of four. */
  cols4: number;
  /** Length of the dot products, in groups of four. */
  k4: number;
  /** Whether its operands are 16-bit floats. */
  half?: true;
  /** Whether the convolution has one channel in, which is read as it is: a quarter of a block that is padded to four. */
  one?: true;
  /** Tiles of 2x2 outputs of all images, where the convolution can be computed by Winograd's algorithm too. */
  tiles?: number;
}

/** Number of groups of four that contain n values. */
export const four = (n: number): number => Math.ceil(n / 4);

/** A matmul from the planner's view. */
export function matmulProduct({ m, n, k, transposeA, transposeB }: MatmulShape): Product {
  const transposed = `${transposeA ? "a" : ""}${transposeB ? "b" : ""}`;
  return { kernel: "matmul", transposed, rows4: four(m), cols4: four(n), k4: four(k) };
}

/** Sizes of a matmul. */
export type MatmulShape = Pick<KernelArguments<"matmul", unknown>, "m" | "n" | "k" | "transposeA" | "transposeB">;

/** A convolution, or one of its gradients, from the planner's view. */
export function convProduct(
  kernel: "conv2d" | "conv2dInputGradient" | "conv2dWeightGradient",
  { batch, height, width, channelsIn, channelsOut }: ConvShape,
): Product {
  const pixels4 = four(batch * height * width), [in4, out4] = [four(channelsIn), four(channelsOut)];
  const sizes = {
    conv2d: { rows4: pixels4, cols4: out4, k4: 9 * in4 },
    conv2dInputGradient: { rows4: pixels4, cols4: in4, k4: 9 * out4 },
    conv2dWeightGradient: { rows4: 9 * in4, cols4: out4, k4: pixels4 },
  };
  const tiles = batch * Math.ceil(height / 2) * Math.ceil(width / 2);
  const whole = channelsIn % WHOLE === 0 && channelsOut % WHOLE === 0;
  const one = (kernel === "conv2dInputGradient" ? channelsOut : channelsIn) === 1;
  return { kernel, transposed: "", ...sizes[kernel], ...(whole && { tiles }), ...(one && { one }) };
}

/** Channels that Winograd's algorithm takes together: whole tiles along k, for whichever variant multiplies. */
const WHOLE = 32;

/** How to compute a product. */
export interface Plan {
  /** The variant of the core. */
  variant: Variant;
  /** Number of parts along k, each summed separately. With Winograd's algorithm: of each of its 16 products. */
  splits: number;
  /** Whether to use Winograd's algorithm: see winograd.ts. Only for products with `tiles`. */
  winograd?: true;
}

/** Chooses a plan. */
export type Planner = (product: Product) => Plan;

/**
 * Names a product: equal names, equal work. `conv2d 262144x64x576`: rows x columns x k, rounded up to fours; whether it reads one
 * channel; and how many tiles of 2x2 outputs there are, where some of them stick out.
 */
export function productKey({ kernel, transposed, rows4, cols4, k4, half, one, tiles }: Product): string {
  const pixels4 = kernel === "conv2dWeightGradient" ? k4 : rows4;
  return `${kernel}${transposed && ` ${transposed}`}${half ? " f16" : ""} ${4 * rows4}x${4 * cols4}x${4 * k4}` +
    (one ? " of one channel" : "") + (tiles === undefined || tiles === pixels4 ? "" : ` in ${tiles} tiles`);
}
