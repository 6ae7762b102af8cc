/**
 * Counts the work of a plan: operations, bytes, workgroups, and how evenly they fill a GPU.
 *
 * @module
 */
import type { Plan, Product } from "./product.ts";
import { footprint } from "./variants.ts";
import { channels4, cutWinograd } from "./winograd_cut.ts";

/** The work of a plan. */
export interface Traffic {
  /** Useful operations: 2 per multiply-add. With Winograd's algorithm they are 4/9 of the definition's. */
  flops: number;
  /** Executed operations, including those beyond the edges of the last tiles. */
  flopsDone: number;
  /**
   * Bytes between memory and workgroups without caches: every tile reads its rows and columns, parts are written and
   * read.
   */
  bytes: number;
  /** Bytes that lanes read from workgroup memory, or exchange. */
  workgroupBytes: number;
  /** Number of workgroups in all parts together. */
  workgroups: number;
}

/**
 * Vec4s that the transforms of Winograd's algorithm read and write for each tile, or block of 3x3 weights, and four
 * channels.
 */
const TRANSFORMS = { input: 16 + 16, gradient: 4 + 16, weights: 9 + 16 };

/**
 * The actual number of parts: parts are whole numbers of tiles deep, so only the last may be shorter and none is empty.
 */
export function partsOf({ k4 }: Product, { variant, splits }: Plan): { parts: number; splitK4: number } {
  const { depth } = footprint(variant), splitK4 = depth * Math.ceil(k4 / splits / depth);
  return { parts: Math.ceil(k4 / splitK4), splitK4 };
}

/**
 * The share of a GPU's units that has work, from 0 to 1, during a plan: workgroups are assigned to the units in waves, and a wave takes as
 * long as its longest part.
 */
export function balance(product: Product, plan: Plan, units: number): number {
  if (plan.winograd) {
    const piece = cutWinograd(product, plan);
    return balance(piece.product, piece.plan, units);
  }
  const { tall, wide } = footprint(plan.variant), { parts, splitK4 } = partsOf(product, plan);
  const tiles = Math.ceil(product.rows4 / tall) * Math.ceil(product.cols4 / wide);
  return tiles * product.k4 / (units * Math.ceil(tiles * parts / units) * Math.min(splitK4, product.k4));
}

/** Counts the work of a plan. With `mask`, one more matrix of the result's size is read. */
export function traffic(product: Product, plan: Plan, mask = false): Traffic {
  if (plan.winograd) return winogradTraffic(product, plan, mask);
  const { rows4, cols4, k4, half, one } = product, { parts } = partsOf(product, plan);
  const { tall, wide, reads, readsOfA, rereads } = footprint(plan.variant);
  const tiles = Math.ceil(rows4 / tall) * Math.ceil(cols4 / wide);
  const result = 64 * rows4 * cols4, block = half ? 32 : 64;
  return {
    flops: 2 * 64 * rows4 * cols4 * k4,
    flopsDone: 2 * 64 * tiles * tall * wide * k4,
    bytes: tiles * k4 * block * (reads - (one ? 3 / 4 * readsOfA : 0)) + (parts > 1 ? 2 * parts + 1 : 1) * result +
      (mask ? result : 0),
    workgroupBytes: tiles * k4 * block * rereads,
    workgroups: tiles * parts,
  };
}

/** The same for Winograd's algorithm: the products of all pieces, and the transforms' reads and writes. */
function winogradTraffic(product: Product, plan: Plan, mask: boolean): Traffic {
  const { pieces, tiles, product: own, plan: ownPlan } = cutWinograd(product, plan);
  const { rows4, cols4, k4 } = product, { in4, out4 } = channels4(product);
  const piece = traffic(own, ownPlan), all = pieces * tiles, result = 64 * rows4 * cols4;
  const transforms = product.kernel === "conv2dWeightGradient"
    ? all * (TRANSFORMS.input * in4 + TRANSFORMS.gradient * out4)
    : all * TRANSFORMS.input * in4 + 4 * TRANSFORMS.weights * in4 * out4;
  return {
    flops: 4 / 9 * 2 * 64 * rows4 * cols4 * k4,
    flopsDone: pieces * piece.flopsDone,
    // the parts of a piece are written and read, but no result of their own size is written
    bytes: pieces * (piece.bytes - 64 * own.rows4 * own.cols4) + 16 * transforms + (mask ? 2 : 1) * result,
    workgroupBytes: pieces * piece.workgroupBytes,
    workgroups: pieces * piece.workgroups,
  };
}

/** Number of workgroups of a plan in all parts together. */
export function planWorkgroups({ variant, splits }: Plan, rows4: number, cols4: number): number {
  const { tall, wide } = footprint(variant);
  return Math.ceil(rows4 / tall) * Math.ceil(cols4 / wide) * splits;
}
