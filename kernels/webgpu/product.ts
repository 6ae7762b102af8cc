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
  /** Tiles of 2x2 outputs in all images, if the convolution can also be computed with Winograd's algorithm. */
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
  return { kernel, transposed: "", ...sizes[kernel], ...(whole && { tiles }) };
}

/** Channels that Winograd's algorithm processes together: whole tiles along k, whatever the variant. */
const WHOLE = 16;

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
 * Identifies a product: equal names mean equal work. `conv2d 262144x64x576`: rows x columns x k, rounded up to fours; and the number
 * of tiles of 2x2 outputs, if some of them extend beyond an edge.
 */
export function productKey({ kernel, transposed, rows4, cols4, k4, half, tiles }: Product): string {
  const pixels4 = kernel === "conv2dWeightGradient" ? k4 : rows4;
  return `${kernel}${transposed && ` ${transposed}`}${half ? " f16" : ""} ${4 * rows4}x${4 * cols4}x${4 * k4}` +
    (tiles === undefined || tiles === pixels4 ? "" : ` in ${tiles} tiles`);
}
