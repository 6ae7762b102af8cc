/**
 * How a matrix product is cut up: which core multiplies it, in tiles of what size, split into how many parts along k.
 * Convolution and its gradients are such products too.
 *
 * The choice here goes by the kind of adapter and the sizes alone, without measuring. A {@link Planner} is one function:
 * whoever measures replaces it.
 *
 * @module
 */

/** A product, as seen by who plans it: [rows, k] by [k, columns]. */
export interface Product {
  /** What it is for. */
  kernel: "matmul" | "conv2d" | "conv2dInputGradient" | "conv2dWeightGradient";
  /** Rows of the result, in groups of four. */
  rows4: number;
  /** Columns of the result, in groups of four. */
  cols4: number;
  /** Length of the dot products, in groups of four. */
  k4: number;
}

/** Tile through workgroup memory; see gemm_tile.wgsl. All sizes but TX and TY count groups of four. */
export interface TileSizes {
  /** Lanes of a workgroup across. */
  TX: number;
  /** Lanes of a workgroup down. */
  TY: number;
  /** Blocks of a lane down: a tile has TY TM4 groups of rows. */
  TM4: number;
  /** Blocks of a lane across: a tile has TX TN4 groups of columns. */
  TN4: number;
  /** Groups along k in workgroup memory at once. */
  BK4: number;
}

/** One lane, one block of rows, no workgroup memory; see gemm_lane.wgsl. */
export interface LaneSizes {
  /** Lanes of a workgroup down. */
  LANES_M: number;
  /** Lanes of a workgroup across. */
  LANES_N: number;
  /** Groups of four columns of a lane. */
  COLS: number;
}

/** How to compute a product. */
export type Plan = ({ core: "tile"; sizes: TileSizes } | { core: "lane"; sizes: LaneSizes }) & {
  /** Parts along k, each summed apart. */
  splits: number;
};

/** Chooses a plan. */
export type Planner = (product: Product) => Plan;

/** 64 x 64 by 64 lanes of 8 x 8: most reuse. */
export const LARGE_TILE: TileSizes = { TX: 8, TY: 8, TM4: 2, TN4: 2, BK4: 4 };
/** 32 x 32 by 64 lanes of 4 x 4: four times the workgroups, for results too small to fill a GPU. */
export const SMALL_TILE: TileSizes = { TX: 8, TY: 8, TM4: 1, TN4: 1, BK4: 8 };
/** 4 x 8 a lane: on llvmpipe, whose loads are what costs, 1.45 times as fast as 4 x 4, and 4 x 12 gains no more. */
export const LANES: LaneSizes = { LANES_M: 8, LANES_N: 4, COLS: 2 };

/** Workgroups that keep a large GPU busy. */
const BUSY = 512;
/** A part is no shorter than this many groups along k: under it, adding the parts costs more than it gains. */
const SHORTEST4 = 64;
/** A sum is no longer than this many groups along k: 65,536 float32 additions lose two digits at most. */
const LONGEST4 = 4096;

/** Plans for hardware: tiles, small ones and parts where the result is small. */
export const planTile: Planner = ({ rows4, cols4, k4 }) => {
  const workgroups = (side: number) => Math.ceil(rows4 / side) * Math.ceil(cols4 / side);
  const large = workgroups(16) >= BUSY / 2 || workgroups(16) * (k4 / SHORTEST4) >= BUSY && Math.min(rows4, cols4) > 8;
  const tiles = workgroups(large ? 16 : 8);
  return { core: "tile", sizes: large ? LARGE_TILE : SMALL_TILE, splits: parts(BUSY / tiles, k4, 128) };
};

/** Plans for software adapters: no workgroup memory, parts only to occupy a few threads. */
export const planLane: Planner = ({ rows4, cols4, k4 }) => {
  const { LANES_M, LANES_N, COLS } = LANES;
  const tiles = Math.ceil(rows4 / LANES_M) * Math.ceil(cols4 / (LANES_N * COLS));
  return { core: "lane", sizes: LANES, splits: parts(16 / tiles, k4, 16) };
};

function parts(wanted: number, k4: number, most: number): number {
  return Math.max(1, Math.ceil(k4 / LONGEST4), Math.min(Math.floor(wanted), Math.floor(k4 / SHORTEST4), most));
}

/** The constants that a plan puts into its core's text. */
export function coreConstants(plan: Plan): Record<string, number> {
  if (plan.core === "lane") return { ...plan.sizes };
  const { TX, TY, TM4, TN4, BK4 } = plan.sizes;
  const [BM4, BN4, lanes] = [TY * TM4, TX * TN4, TX * TY];
  const [LOADS_A, LOADS_B] = [BM4 * BK4 / lanes, BN4 * BK4 / lanes];
  if (![LOADS_A, LOADS_B, lanes / BM4, lanes / BN4].every((n) => Number.isInteger(n) && n > 0)) {
    throw new RangeError(`${lanes} lanes cannot share out tiles of ${BM4}, ${BN4} by ${BK4} groups of four evenly`);
  }
  return { ...plan.sizes, BM4, BN4, LOADS_A, LOADS_B };
}

/** Workgroups of a plan, all parts together. */
export function planWorkgroups(plan: Plan, rows4: number, cols4: number): number {
  const [tall, wide] = plan.core === "lane"
    ? [plan.sizes.LANES_M, plan.sizes.LANES_N * plan.sizes.COLS]
    : [plan.sizes.TY * plan.sizes.TM4, plan.sizes.TX * plan.sizes.TN4];
  return Math.ceil(rows4 / tall) * Math.ceil(cols4 / wide) * plan.splits;
}
