/**
 * Cuts a convolution for Winograd's algorithm (`winograd.ts`): into pieces of tiles whose transformed arrays fit their memory limit, and a
 * piece's 16 products into parts along k.
 *
 * The products of a piece, one for each point, form one product that is split along k and whose parts are not added: row by row, [tiles,
 * 16 channels in] by [16 channels in, channels out] for outputs, [channels in, 16 tiles] by [16 tiles, channels out] for the gradient of
 * the weights. So they are planned, counted and multiplied like any product.
 *
 * @module
 */
import { four, type Plan, type Product } from "./product.ts";
import { footprint } from "./variants.ts";

/** Points of a tile: 4 x 4. */
export const POINTS = 16;

/**
 * Largest transformed array in bytes: the data are soon read again, and the cache of a large GPU has about this size.
 */
const PIECE_BYTES = 2 ** 26;

/** See the head of this file. */
export interface WinogradCut {
  /** Number of pieces, processed one after the other. */
  pieces: number;
  /** Tiles per piece, a multiple of four; the last piece may have tiles beyond the end. */
  tiles: number;
  /** Number of parts along k of each of a piece's 16 products. */
  parts: number;
  /** The product of a piece. */
  product: Product;
  /** Its variant, and the number of parts of all 16 points together. */
  plan: Plan;
}

/** Input and output channels of a convolution, as its kernel sees them, in groups of four. */
export function channels4({ kernel, rows4, cols4, k4 }: Product): { in4: number; out4: number } {
  return { in4: (kernel === "conv2dWeightGradient" ? rows4 : k4) / 9, out4: cols4 };
}

/** Bytes of a tile in a transformed array, for each group of four channels. */
const TILE_BYTES = POINTS * 16;

/**
 * Whether the transformed arrays can be bound: those of the weights as a whole, the others in pieces of at least a few
 * tiles.
 */
export function fitsWinograd(product: Product, bindingBytes: number): boolean {
  const { in4, out4 } = channels4(product);
  return Math.max(4 * in4 * out4, 64 * Math.max(in4, out4)) * TILE_BYTES <= bindingBytes;
}

/**
 * Cuts a product into about as many parts as the plan requires.
 *
 * @param bindingBytes largest binding in bytes
 * @throws RangeError if Winograd's algorithm can't compute the product
 */
export function cutWinograd(product: Product, plan: Plan, bindingBytes = Infinity): WinogradCut {
  const { kernel, tiles } = product, { variant, splits } = plan, { depth } = footprint(variant);
  if (tiles === undefined) throw new RangeError(`${kernel}: Winograd's algorithm is no way to compute this product`);
  const { in4, out4 } = channels4(product), bytes = Math.min(PIECE_BYTES, bindingBytes);
  const of = (pieces: number, tiles: number, parts: number, sizes: { rows4: number; k4: number }): WinogradCut => ({
    pieces,
    tiles,
    parts,
    product: { kernel: "matmul", transposed: kernel === "conv2dWeightGradient" ? "a" : "", cols4: out4, ...sizes },
    plan: { variant, splits: POINTS * parts },
  });
  if (kernel !== "conv2dWeightGradient") {
    const parts = divisor(in4 / depth, splits);
    const most4 = Math.max(1, Math.floor(bytes / (4 * TILE_BYTES * Math.max(in4, parts * out4))));
    const pieces = Math.ceil(tiles / (4 * most4)), rows4 = four(tiles / pieces);
    return of(pieces, 4 * rows4, parts, { rows4, k4: POINTS * in4 });
  }
  const tiles4 = four(tiles), most4 = Math.floor(bytes / (4 * TILE_BYTES * Math.max(in4, out4)));
  const bound = Math.floor(bindingBytes / (4 * TILE_BYTES * in4 * out4));
  const wanted = Math.max(1, Math.min(splits, bound, Math.ceil(tiles4 / depth)));
  for (let pieces = Math.ceil(tiles4 / most4);; pieces++) {
    const parts = Math.ceil(wanted / pieces), long4 = depth * Math.ceil(tiles4 / (pieces * parts) / depth);
    // a part is a whole number of tiles along k, so a piece may become too long
    if (parts * long4 <= most4) return of(pieces, 4 * parts * long4, parts, { rows4: in4, k4: POINTS * parts * long4 });
  }
}

/** The largest divisor of n up to a limit. */
function divisor(n: number, most: number): number {
  let found = Math.max(1, Math.min(n, most));
  while (n % found !== 0) found--;
  return found;
}
