/**
 * How many lines of a GPU's memory a warp touches when it loads for a tile: of 128 bytes, by 32 lanes with a vec4f each, so that 4 is
 * the least and 32 the most there can be. Each line is a transaction of its own, whatever part of it is wanted.
 *
 * The places are those of `gemm_tile.wgsl` (which lane loads which slot and group along k) and of the texts that it is appended to (where
 * that lies in memory), written once more.
 */
import type { ConvShape } from "../kernels/table.ts";
import type { Variant } from "../kernels/webgpu/mod.ts";
import type { MatmulShape } from "../kernels/webgpu/product.ts";
import type { Case } from "./cases.ts";

/** Lanes of a warp, and groups of four float32 values in a line. */
const WARP = 32, LINE4 = 8;

/** Where the vec4 numbered `i` of a block of 4 x 4 lies, in groups of four values: of these four rows (or columns), at these four k. */
type Place = (slot: number, k4: number, i: number) => number;

/**
 * Lines that a load of A and one of B touches, at most, in the middle of a matrix; undefined for what is no product by a tile.
 *
 * @param k4 what is summed over, in groups of four: lanes past its end load nothing
 */
export function linesTouched(
  { kernel, scalars }: Pick<Case, "kernel" | "scalars">,
  variant: Variant,
  k4: number,
): { a: number; b: number } | undefined {
  const places = placesOf(kernel, scalars);
  if (!places || variant.core !== "tile") return undefined;
  const [a, b] = places.map((place) => Math.max(...[0, 1, 2, 3].map((i) => linesOf(place, variant.sizes.BK4, k4, i))));
  return { a, b };
}

function linesOf(place: Place, BK4: number, k4: number, i: number): number {
  const lines = new Set<number>();
  for (let lane = 0; lane < WARP; lane++) {
    const kk = Math.floor(lane / 8) % BK4, slot = lane % 8 + 8 * Math.floor(lane / (8 * BK4));
    if (kk < k4) lines.add(Math.floor(place(slot, kk, i) / LINE4));
  }
  return lines.size;
}

/** Places of A and of B. */
function placesOf(kernel: Case["kernel"], scalars: Case["scalars"]): [Place, Place] | undefined {
  if (kernel === "matmul") {
    const { m, n, k, transposeA, transposeB } = scalars as unknown as MatmulShape;
    return [transposeA ? alongRows(m) : alongK(k), transposeB ? alongK(k) : alongRows(n)];
  }
  const { width, channelsIn, channelsOut } = scalars as unknown as ConvShape;
  const conv = (cin: number, cout: number): [Place, Place] => {
    const cin4 = Math.ceil(cin / 4);
    const neighbour: Place = (row4, k4, i) => {
      const tap = Math.floor(k4 / cin4), shift = (Math.floor(tap / 3) + 2) * width + tap % 3; // away from the first row
      return (4 * row4 + i + shift) * cin4 + k4 % cin4;
    };
    return [neighbour, alongRows(cout)];
  };
  if (kernel === "conv2d") return conv(channelsIn, channelsOut);
  if (kernel === "conv2dInputGradient") return conv(channelsOut, channelsIn);
  if (kernel !== "conv2dWeightGradient") return undefined;
  const cin4 = Math.ceil(channelsIn / 4);
  const seen: Place = (row4, k4, i) => {
    const tap = Math.floor(row4 / cin4), shift = (Math.floor(tap / 3) + 2) * width + tap % 3;
    return (4 * k4 + i + shift) * cin4 + row4 % cin4;
  };
  return [seen, alongRows(channelsOut)];
}

/** A matrix whose rows (or columns, for B) are contiguous along k: vec4 i is row i's. */
const alongK = (k: number): Place => (slot, k4, i) => (4 * slot + i) * Math.ceil(k / 4) + k4;
/** One that is contiguous along its rows (or columns): vec4 i is at the i-th k. */
const alongRows = (rows: number): Place => (slot, k4, i) => (4 * k4 + i) * Math.ceil(rows / 4) + slot;
