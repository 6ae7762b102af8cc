/**
 * Spearman's rank correlation: the correlation of ranks, with equal values sharing their mean rank. 1: one rises whenever the
 * other does; 0: they are unrelated.
 */
import { type Interval, mean } from "./intervals.ts";

/** A rank correlation. */
export interface RankCorrelation extends Interval {
  /** -1 to 1; NaN if either series is constant. */
  rho: number;
}

/**
 * Correlates two series by rank. The 95 % interval is Fisher's, tanh(atanh rho ± 1.96 sqrt((1 + rho²/2) / (n - 3)))
 * (Bonett & Wright 2000).
 *
 * @param a at least four values
 * @param b the same number of values
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * assertEquals(rankCorrelation([1, 2, 3, 4], [10, 20, 30, 50]).rho, 1);
 * assertEquals(rankCorrelation([1, 2, 3, 4], [2, 1, 4, 3]).rho.toFixed(4), "0.6000");
 * ```
 */
export function rankCorrelation(a: readonly number[], b: readonly number[]): RankCorrelation {
  const [x, y] = [ranks(a), ranks(b)];
  const [meanX, meanY] = [mean(x), mean(y)];
  const product = (p: number[], meanP: number, q: number[], meanQ: number) =>
    p.reduce((sum, value, i) => sum + (value - meanP) * (q[i] - meanQ), 0);
  const rho = product(x, meanX, y, meanY) /
    Math.sqrt(product(x, meanX, x, meanX) * product(y, meanY, y, meanY));
  const half = 1.959964 * Math.sqrt((1 + rho * rho / 2) / (a.length - 3));
  return { rho, low: Math.tanh(Math.atanh(rho) - half), high: Math.tanh(Math.atanh(rho) + half) };
}

/** Ranks from 1; equal values share their mean rank. */
function ranks(values: readonly number[]): number[] {
  const order = values.map((_, i) => i).sort((i, j) => values[i] - values[j]);
  const ranks = new Array<number>(values.length);
  for (let first = 0; first < order.length;) {
    let end = first;
    while (end < order.length && values[order[end]] === values[order[first]]) end++;
    for (let i = first; i < end; i++) ranks[order[i]] = (first + 1 + end) / 2;
    first = end;
  }
  return ranks;
}
