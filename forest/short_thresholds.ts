/**
 * A forest in fewer digits. If the values of x are float32, a test `x <= t` gives the same answer for every t from the largest float32
 * that is not above it to just below the next one. The shortest decimal of that range takes half the digits of a midpoint.
 */
import type { ForestJSON } from "./json.ts";

/** The forest with every threshold as short as possible. It decides on any float32 values as before. */
export function shortThresholds({ trees, ...forest }: ForestJSON): ForestJSON {
  return { ...forest, trees: trees.map((tree) => ({ ...tree, threshold: tree.threshold.map(shortest) })) };
}

/** The shortest decimal with the same largest float32 that is not above it. */
function shortest(threshold: number): number {
  const exact = notAbove(threshold);
  for (let digits = 1; digits < 17; digits++) {
    const shorter = Number(threshold.toPrecision(digits));
    if (notAbove(shorter) === exact) return shorter;
  }
  return threshold;
}

/** The largest float32 that is not above a number. */
export function notAbove(value: number): number {
  const nearest = Math.fround(value);
  if (nearest <= value) return nearest;
  // the next lower float: decrement the bits of a positive float, increment those of a negative one; below 0 is the
  // smallest
  const bits = new Int32Array(Float32Array.of(nearest).buffer);
  if (nearest === 0) return -(2 ** -149);
  bits[0] += nearest > 0 ? -1 : 1;
  return new Float32Array(bits.buffer)[0];
}
