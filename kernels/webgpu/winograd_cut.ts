/**
 * How a convolution is cut up for Winograd's algorithm (`winograd.ts`): into pieces of so many tiles that their transformed arrays fit the
 * memory that they may take, and a piece's 16 products into parts along k.
 *
 * The products of a piece, one for each point, are one product that is split along k and whose parts nobody adds: row by row,
 * [tiles, 16 channels in] by [16 channels in, channels out] for outputs, [channels in, 16 tiles] by [16 tiles, channels out] for the
 * gradient to the weights. So they are planned, counted and multiplied as any product is.
 *
 * @module
 */
import { four, type Plan, type Product } from "./product.ts";
import { footprint } from "./variants.ts";

/** Points of a tile: 4 x 4. */
export const POINTS = 16;

/** Bytes of a transformed array, at most: what is written is soon read again, and a large GPU's cache holds about as much. */
const PIECE_BYTES = 2 ** 26;

/** See the head of this file. */
export interface WinogradCut {
  /** Pieces, one after the other. */
  pieces: number;
  /** Tiles of a piece, a multiple of four: in the last, some are past the end. */
  tiles: number;
  /** Parts along k of each of a piece's 16 products. */
  parts: number;
  /** What a piece multiplies. */
  product: Product;
  /** By what, and in how many parts: those of all 16 points. */
  plan: Plan;
}

/** Channels in and out of a convolution, as its kernel sees them, in groups of four. */
export function channels4({ kernel, rows4, cols4, k4 }: Product): { in4: number; out4: number } {
  return { in4: (kernel === "conv2dWeightGradient" ? rows4 : k4) / 9, out4: cols4 };
}

/** Bytes of a transformed array that a tile takes, for each group of four channels. */
const TILE_BYTES = POINTS * 16;

/** Whether the transformed arrays can be bound: the weights' whole, the others' in pieces of a few tiles at least. */
export function fitsWinograd(product: Product, bindingBytes: number): boolean {
  const { in4, out4 } = channels4(product);
  return Math.max(4 * in4 * out4, 64 * Math.max(in4, out4)) * TILE_BYTES <= bindingBytes;
}

/**
 * Cuts a product, into as many parts as the plan says or a few less, or more.
 *
 * @param bindingBytes bytes of a binding, at most
 * @throws RangeError where the product cannot be computed by Winograd's algorithm
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
    // a part is a whole number of tiles along k, so that a piece may come out longer than it may be
    if (parts * long4 <= most4) return of(pieces, 4 * parts * long4, parts, { rows4: in4, k4: POINTS * parts * long4 });
  }
}

/** The largest divisor of n that is at most so much. */
function divisor(n: number, most: number): number {
  let found = Math.max(1, Math.min(n, most));
  while (n % found !== 0) found--;
  return found;
}
