/**
 * Counts the lines of a GPU's memory that a warp touches when it loads for a tile. A line is 128 bytes, and 32 lanes load a vec4f each,
 * so the count is between 4 and 32. Each line is a separate transaction, whatever part of it is needed.
 *
 * The addresses repeat those of `gemm_tile.wgsl` (which lane loads which slot and group along k) and of the shaders that it is appended
 * to (where that is in memory).
 */
import type { ConvShape } from "../kernels/table.ts";
import type { Variant } from "../kernels/webgpu/mod.ts";
import type { MatmulShape } from "../kernels/webgpu/product.ts";
import type { Case } from "./cases.ts";

/** Lanes of a warp, and groups of four float32 values in a line. */
const WARP = 32, LINE4 = 8;

/**
 * The position, in groups of four values, of the vec4 numbered `i` of a block of 4 x 4: for these four rows (or
 * columns), at these four k.
 */
type Place = (slot: number, k4: number, i: number) => number;

/**
 * The most lines that a load of A and one of B touch in the middle of a matrix; undefined if the case is not a tiled product.
 *
 * @param k4 the summed dimension, in groups of four; lanes beyond its end load nothing
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

/** Positions of A and of B. */
function placesOf(kernel: Case["kernel"], scalars: Case["scalars"]): [Place, Place] | undefined {
  if (kernel === "matmul") {
    const { m, n, k, transposeA, transposeB } = scalars as unknown as MatmulShape;
    return [transposeA ? alongRows(m) : alongK(k), transposeB ? alongK(k) : alongRows(n)];
  }
  const { width, channelsIn, channelsOut } = scalars as unknown as ConvShape;
  const conv = (cin: number, cout: number): [Place, Place] => {
    const cin4 = Math.ceil(cin / 4), pixel4 = cin === 1 ? 1 / 4 : 1;
    const neighbour: Place = (row4, k4, i) => {
      const tap = Math.floor(k4 / cin4), shift = (Math.floor(tap / 3) + 2) * width + tap % 3; // away from the first row
      return pixel4 * ((4 * row4 + i + shift) * cin4 + k4 % cin4);
    };
    return [neighbour, alongRows(cout)];
  };
  if (kernel === "conv2d") return conv(channelsIn, channelsOut);
  if (kernel === "conv2dInputGradient") return conv(channelsOut, channelsIn);
  if (kernel !== "conv2dWeightGradient") return undefined;
  const cin4 = Math.ceil(channelsIn / 4), pixel4 = channelsIn === 1 ? 1 / 4 : 1;
  const seen: Place = (row4, k4, i) => {
    const tap = Math.floor(row4 / cin4), shift = (Math.floor(tap / 3) + 2) * width + tap % 3;
    return pixel4 * ((4 * k4 + i + shift) * cin4 + row4 % cin4);
  };
  return [seen, alongRows(channelsOut)];
}

/** A matrix whose rows (or columns, for B) are contiguous along k: vec4 i belongs to row i. */
const alongK = (k: number): Place => (slot, k4, i) => (4 * slot + i) * Math.ceil(k / 4) + k4;
/** A matrix that is contiguous along its rows (or columns): vec4 i belongs to the i-th k. */
const alongRows = (rows: number): Place => (slot, k4, i) => (4 * k4 + i) * Math.ceil(rows / 4) + slot;
