/**
 * The variants of multiplication: four cores, each with a few sizes. The list is complete, and each variant has a separate test.
 *
 * - `tile` (gemm_tile.wgsl) copies tiles to workgroup memory: for hardware. Larger tiles read each value less often,
 *   smaller ones make more workgroups and waste less at edges.
 * - `lane` (gemm_lane.wgsl) uses no workgroup memory: each lane reads its own data. For software adapters, whose loads cost ten
 *   times as much as a multiply-add: the larger a lane's block, the fewer loads, until its sums fill the first-level cache.
 * - `uniform` (gemm_lane.wgsl too) has all lanes of a workgroup side by side, in the same rows. So they read the same values of A: a
 *   compiler sees that the address is uniform, and reads a value once for all lanes. For hardware, above all where caches are as
 *   fast as workgroup memory.
 * - `subgroup` (gemm_subgroup.wgsl) lets lanes exchange the values that they read: for software adapters with subgroups.
 *
 * @module
 */
import { sharingLanes, type Subgroups } from "./features.ts";

/** A tile in workgroup memory; see gemm_tile.wgsl. All sizes except TX and TY count groups of four. */
export interface TileSizes {
  /** Lanes per workgroup across. */
  TX: number;
  /** Lanes per workgroup down. */
  TY: number;
  /** Blocks per lane down: a tile has TY TM4 groups of rows. */
  TM4: number;
  /** Blocks per lane across: a tile has TX TN4 groups of columns. */
  TN4: number;
  /** Groups along k per tile. */
  BK4: number;
  /** Number of tiles in workgroup memory: with two, the next one can be written while one is multiplied. */
  STAGES: 1 | 2;
}

/** Independent lanes; see gemm_lane.wgsl. */
export interface LaneSizes {
  /** Lanes per workgroup down. */
  LANES_M: number;
  /** Lanes per workgroup across. */
  LANES_N: number;
  /** Groups of four rows per lane. */
  ROWS: number;
  /** Groups of four columns per lane. */
  COLS: number;
}

/** Lanes that share the values read from A, by uniform loads or by subgroups; see gemm_lane.wgsl and gemm_subgroup.wgsl. */
export interface SharingSizes {
  /** Lanes per workgroup, all across: whole subgroups. */
  LANES: number;
  /** Groups of four rows per lane. */
  ROWS: number;
  /** Groups of four columns per lane. */
  COLS: number;
}

/** A variant of multiplication. */
export type Variant =
  & { name: string }
  & (
    | { core: "tile"; sizes: TileSizes }
    | { core: "lane"; sizes: LaneSizes }
    | { core: "uniform"; sizes: SharingSizes }
    | { core: "subgroup"; sizes: SharingSizes }
  );

function tile(TX: number, TY: number, TM4: number, TN4: number, STAGES: 1 | 2 = 1, BK4 = 4): Variant {
  const name = `tile ${4 * TY * TM4}x${4 * TX * TN4}x${4 * BK4}${STAGES === 2 ? " double" : ""}`;
  return { name, core: "tile", sizes: { TX, TY, TM4, TN4, BK4, STAGES } };
}

function lane(LANES_M: number, LANES_N: number, ROWS: number, COLS: number): Variant {
  const sizes = { LANES_M, LANES_N, ROWS, COLS };
  return { name: `lane ${4 * ROWS}x${4 * COLS} of ${LANES_M}x${LANES_N}`, core: "lane", sizes };
}

function sharing(core: "uniform" | "subgroup", LANES: number, ROWS: number, COLS: number): Variant {
  return { name: `${core} ${4 * ROWS}x${4 * COLS} of ${LANES}`, core, sizes: { LANES, ROWS, COLS } };
}

/** All variants. Names give rows x columns (x depth) of a tile, and of a lane's block with the lanes of a workgroup. */
export const VARIANTS: readonly Variant[] = [
  tile(8, 8, 1, 1, 1, 8), // lanes of 4 x 4, for results too small to fill a GPU
  tile(8, 8, 2, 2), // from here on lanes of 8 x 8
  tile(8, 16, 2, 2),
  tile(16, 16, 2, 2),
  tile(16, 16, 2, 2, 2), // 32 KiB of workgroup memory
  lane(8, 4, 1, 2), // compiles fastest
  lane(8, 1, 4, 2), // for results of few columns
  lane(8, 1, 4, 4),
  sharing("uniform", 32, 4, 1), // a warp of NVIDIA's
  sharing("uniform", 64, 4, 1),
  sharing("subgroup", 8, 8, 2), // for subgroups in software, of 4 or 8 lanes
];

/** The variant with this name. Throws a RangeError with all names if there is none. */
export function variantNamed(name: string): Variant {
  const found = VARIANTS.find((variant) => variant.name === name);
  if (found) return found;
  const known = VARIANTS.map(({ name }) => `"${name}"`).join(", ");
  throw new RangeError(`The variant of a product: expected one of ${known}, found "${name}"`);
}

/** Groups along k whose products are summed in 16 bits, where operands have 16 bits; see gemm_tile.wgsl. */
export const RUN4 = 4;

/** The part of the result that a variant's workgroup computes, and its resources. */
export interface Footprint {
  /** Groups of four rows of the result. */
  tall: number;
  /** Groups of four columns of the result. */
  wide: number;
  /** Groups along k summed at once: parts are whole numbers of them. */
  depth: number;
  /** Lanes per workgroup. */
  lanes: number;
  /** Bytes of workgroup memory. */
  workgroupBytes: number;
  /** Blocks of 4 x 4 that a workgroup reads from memory for each group along k. */
  reads: number;
  /** Those of them that are of A. */
  readsOfA: number;
  /** Blocks that its lanes read from workgroup memory, or are handed, for each group along k. */
  rereads: number;
  /** Blocks of 4 x 4 x 4 that its source unrolls. */
  unrolled: number;
}

/**
 * Most groups along k that a subgroup loads at once. Parts are whole numbers of them, whatever the size of subgroups.
 */
const DEPTH = 4;
/** Depth of the cores that share A, and the size of their text per block of 4 x 4 x 4. */
const SHARED = { uniform: [1, 1], subgroup: [DEPTH, 2] } as const;
/** Lanes per subgroup for counting reads; adapters with smaller subgroups do not read more. */
const COUNTED_LANES = 32;

/** See {@link Footprint}. */
export function footprint({ core, sizes }: Variant): Footprint {
  if (core === "lane") {
    const { LANES_M, LANES_N, ROWS, COLS } = sizes, lanes = LANES_M * LANES_N;
    const [tall, wide] = [LANES_M * ROWS, LANES_N * COLS];
    const reads = lanes * (ROWS + COLS), readsOfA = lanes * ROWS;
    return { tall, wide, depth: 1, lanes, workgroupBytes: 0, reads, readsOfA, rereads: 0, unrolled: ROWS * COLS };
  }
  if (core === "uniform" || core === "subgroup") {
    const { LANES: lanes, ROWS: tall, COLS } = sizes, wide = lanes * COLS, [depth, text] = SHARED[core];
    const readsOfA = tall * Math.ceil(lanes / COUNTED_LANES), reads = readsOfA + wide;
    const rereads = lanes * tall; // handing a block to a lane is counted as rereading one
    return { tall, wide, depth, lanes, workgroupBytes: 0, reads, readsOfA, rereads, unrolled: text * tall * COLS };
  }
  const { TX, TY, TM4, TN4, BK4, STAGES } = sizes, lanes = TX * TY;
  const [tall, wide] = [TY * TM4, TX * TN4];
  const [reads, rereads] = [tall + wide, lanes * (TM4 + TN4)];
  const [workgroupBytes, unrolled] = [64 * BK4 * reads * STAGES, TM4 * TN4 * BK4 * STAGES];
  return { tall, wide, depth: BK4, lanes, workgroupBytes, reads, readsOfA: tall, rereads, unrolled };
}

/** The properties of a device that decide which variants it can run. */
export interface Capacity {
  /** Most lanes per workgroup. */
  lanes: number;
  /** Largest workgroup memory in bytes. */
  workgroupBytes: number;
  /** Its subgroups, if it has any. */
  subgroups?: Subgroups;
}

/** Why a device can't run a variant; undefined if it can. */
export function unfit(variant: Variant, capacity: Capacity): string | undefined {
  const { lanes, workgroupBytes } = footprint(variant), { subgroups } = capacity;
  if (lanes > capacity.lanes || workgroupBytes > capacity.workgroupBytes) {
    return "larger workgroups than this adapter allows";
  }
  if (variant.core !== "subgroup") return undefined;
  if (!subgroups) return "subgroups, which this adapter does not have";
  // no subgroup is incomplete at the end of a workgroup
  return lanes % subgroups.max === 0
    ? undefined
    : `subgroups of ${lanes} lanes at most (this adapter's: ${subgroups.max})`;
}

/**
 * The constants of a variant for its core's source.
 *
 * @throws RangeError if lanes can't divide the loads evenly, TypeError if subgroups are required and there are none
 */
export function coreConstants(variant: Variant, subgroups?: Subgroups): Record<string, number | boolean> {
  if (variant.core === "lane") return { ...variant.sizes };
  if (variant.core === "uniform") {
    const { LANES: LANES_N, ROWS, COLS } = variant.sizes;
    return { LANES_M: 1, LANES_N, ROWS, COLS };
  }
  if (variant.core === "subgroup") {
    if (!subgroups) throw new TypeError(`${variant.name} requires subgroups, which this device does not have`);
    const share = sharingLanes(subgroups), { ROWS } = variant.sizes, PER = Math.min(ROWS, share);
    return { ...variant.sizes, SHARE: share, PER, LOADS: ROWS / PER, DEPTH: Math.min(DEPTH, share / PER) };
  }
  const { tall: BM4, wide: BN4, lanes } = footprint(variant), { BK4, STAGES } = variant.sizes;
  // eight lanes load neighbours, for each group of k of the tile; all lanes together load this many slots at once
  const SLOTS = lanes / BK4, SPLIT = BM4 + BN4 === SLOTS;
  if (!(SLOTS % 8 === 0 && BM4 % 8 === 0 && BN4 % 8 === 0 && (SPLIT || BM4 % SLOTS === 0))) {
    throw new RangeError(`${lanes} lanes cannot share out ${variant.name}: they load eight rows or columns together`);
  }
  return {
    ...variant.sizes,
    BM4,
    BN4,
    SLOTS,
    SPLIT,
    LANES_A: BM4 * BK4,
    LOADS_A: SPLIT ? 0 : BM4 / SLOTS,
    LOADS_B: SPLIT ? 0 : Math.ceil(BN4 / SLOTS),
    SOME_B: BN4 % SLOTS !== 0, // in the last round some lanes have nothing to load
    DOUBLE: STAGES === 2,
    RUNS: BK4 / RUN4,
  };
}
