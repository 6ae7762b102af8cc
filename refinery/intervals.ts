/** 95 % intervals: of a share of n trials, and of the mean of a few runs. */

/** An interval. */
export interface Interval {
  /** Its lower end. */
  low: number;
  /** Its upper end. */
  high: number;
}

/** The normal distribution's quantile at 97.5 %. */
const Z = 1.959964;

/**
 * Student's t at 97.5 % for 1, 2, ... degrees of freedom; beyond this list, the normal distribution's value is used.
 */
const T = [12.7062, 4.3027, 3.1824, 2.7764, 2.5706, 2.4469, 2.3646, 2.3060, 2.2622, 2.2281, 2.2010, 2.1788, 2.1604]
  .concat([2.1448, 2.1314, 2.1199, 2.1098, 2.1009, 2.0930, 2.0860, 2.0796, 2.0739, 2.0687, 2.0639, 2.0595, 2.0555])
  .concat([2.0518, 2.0484, 2.0452, 2.0423]);

/**
 * Wilson's score interval of a share (Wilson 1927), which stays within [0, 1]: with z = 1.96,
 *
 *     (p + z²/2n ± z sqrt(p (1 - p) / n + z²/4n²)) / (1 + z²/n)
 *
 * It covers the variation between utterances of the same kind, not between seeds.
 *
 * @param observed share, 0 to 1
 * @param n number of trials
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * const { low, high } = wilsonInterval(0.5, 100);
 * assertEquals([low.toFixed(3), high.toFixed(3)], ["0.404", "0.596"]);
 * ```
 */
export function wilsonInterval(share: number, n: number): Interval {
  const z2 = Z * Z / n, middle = share + z2 / 2;
  const half = Z * Math.sqrt(share * (1 - share) / n + z2 / (4 * n));
  return { low: (middle - half) / (1 + z2), high: (middle + half) / (1 + z2) };
}

/** The arithmetic mean. */
export function mean(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0) / values.length;
}

/**
 * Half the width of the mean's t interval over independent runs: t sqrt(variance / n).
 *
 * @param values one per run, at least two
 * @throws RangeError for fewer
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * assertEquals(meanHalfWidth([1, 2, 3]).toFixed(3), "2.484"); // 4.303 x 1 / sqrt(3)
 * ```
 */
export function meanHalfWidth(values: readonly number[]): number {
  const n = values.length;
  if (n < 2) throw new RangeError(`An interval of the mean: expected at least two values, found ${n}`);
  const middle = mean(values);
  const variance = values.reduce((sum, value) => sum + (value - middle) ** 2, 0) / (n - 1);
  return (T[n - 2] ?? Z) * Math.sqrt(variance / n);
}
