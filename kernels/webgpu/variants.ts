/**
 * The ways to multiply: two cores, each with a few sizes. This is all that a product can be computed by, and every one of it is
 * tested by itself.
 *
 * - `tile` (gemm_tile.wgsl) brings tiles into workgroup memory: for hardware. Larger tiles read each value less often,
 *   smaller ones make more workgroups and waste less at edges.
 * - `lane` (gemm_lane.wgsl) has no workgroup memory: each lane reads for itself. For software adapters, whose loads cost ten
 *   times what a multiply-add does: the larger a lane's block, the fewer loads, until its sums fill the first-level cache.
 *
 * @module
 */

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

/** Every lane for itself; see gemm_lane.wgsl. */
export interface LaneSizes {
  /** Lanes of a workgroup down. */
  LANES_M: number;
  /** Lanes of a workgroup across. */
  LANES_N: number;
  /** Groups of four rows of a lane. */
  ROWS: number;
  /** Groups of four columns of a lane. */
  COLS: number;
}

/** A way to multiply. */
export type Variant = { name: string } & ({ core: "tile"; sizes: TileSizes } | { core: "lane"; sizes: LaneSizes });

function tile(TX: number, TY: number, TM4: number, TN4: number, BK4: number): Variant {
  return { name: `tile ${4 * TY * TM4}x${4 * TX * TN4}x${4 * BK4}`, core: "tile", sizes: { TX, TY, TM4, TN4, BK4 } };
}

function lane(LANES_M: number, LANES_N: number, ROWS: number, COLS: number): Variant {
  const sizes = { LANES_M, LANES_N, ROWS, COLS };
  return { name: `lane ${4 * ROWS}x${4 * COLS} of ${LANES_M}x${LANES_N}`, core: "lane", sizes };
}

/** The family. Names say rows x columns (x depth) of a tile, and of a lane's block with the lanes of a workgroup. */
export const VARIANTS: readonly Variant[] = [
  tile(8, 8, 1, 1, 4), // lanes of 4 x 4, for results too small to fill a GPU
  tile(8, 8, 2, 2, 4), // from here on lanes of 8 x 8
  tile(8, 16, 2, 2, 4),
  tile(16, 16, 2, 2, 4),
  lane(8, 4, 1, 2), // compiles fastest
  lane(8, 1, 4, 2), // for results of few columns
  lane(8, 1, 4, 4),
];

/** The variant of this name. Throws a RangeError that names those there are. */
export function variantNamed(name: string): Variant {
  const found = VARIANTS.find((variant) => variant.name === name);
  if (found) return found;
  const known = VARIANTS.map(({ name }) => `"${name}"`).join(", ");
  throw new RangeError(`Found the variant "${name}" of a product, wanted one of ${known}`);
}

/** What a workgroup of a variant covers, and what it takes. */
export interface Footprint {
  /** Groups of four rows of the result. */
  tall: number;
  /** Groups of four columns of the result. */
  wide: number;
  /** Lanes of a workgroup. */
  lanes: number;
  /** Bytes of workgroup memory. */
  workgroupBytes: number;
}

/** See {@link Footprint}. */
export function footprint({ core, sizes }: Variant): Footprint {
  if (core === "lane") {
    const { LANES_M, LANES_N, ROWS, COLS } = sizes;
    return { tall: LANES_M * ROWS, wide: LANES_N * COLS, lanes: LANES_M * LANES_N, workgroupBytes: 0 };
  }
  const { TX, TY, TM4, TN4, BK4 } = sizes;
  const [tall, wide] = [TY * TM4, TX * TN4];
  return { tall, wide, lanes: TX * TY, workgroupBytes: 64 * BK4 * (tall + wide) };
}

/** The constants that a variant puts into its core's text. Throws a RangeError where lanes cannot share out the loads. */
export function coreConstants(variant: Variant): Record<string, number | boolean> {
  if (variant.core === "lane") return { ...variant.sizes };
  const { tall: BM4, wide: BN4, lanes } = footprint(variant), { BK4 } = variant.sizes;
  if (lanes % BM4 !== 0 || lanes % BN4 !== 0) {
    throw new RangeError(`${lanes} lanes cannot share out ${variant.name}: whole rows of lanes load a column each`);
  }
  const [blocksA, blocksB] = [BM4 * BK4, BN4 * BK4];
  return {
    ...variant.sizes,
    BM4,
    BN4,
    LOADS_A: Math.ceil(blocksA / lanes),
    LOADS_B: Math.ceil(blocksB / lanes),
    SOME_A: blocksA % lanes !== 0, // in the last round some lanes have nothing to load
    SOME_B: blocksB % lanes !== 0,
  };
}
