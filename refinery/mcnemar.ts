/**
 * McNemar's test: is one stage better than another, or was it luck? Both judged the same utterances, so only those count on
 * which exactly one of them is right (McNemar 1947). If neither is better, each of these n is a fair coin toss:
 *
 *     p = P(|X - n/2| >= |b - n/2|),   X ~ Binomial(n, 1/2)
 *
 * The test is exact and two-sided. Over several seeds an utterance is judged several times, and these judgements are not
 * independent. So the test first sums over seeds, and each utterance counts for the stage that was right more often.
 */

/** Correct decisions of two stages, paired by utterance. */
export interface Comparison {
  /** Utterances on which only the first is right (over several seeds: right more often). */
  onlyFirst: number;
  /** Utterances on which only the second is right. */
  onlySecond: number;
  /** Probability of a difference at least as large if neither is better. */
  p: number;
}

/**
 * Compares two stages.
 *
 * @param first how often the first judged each utterance correctly: 0 or 1, or more over several seeds
 * @param second the same for the second, in the same order
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * // five utterances were won and none was lost: p = 2 / 2^5
 * assertEquals(compareStages([0, 0, 0, 0, 0, 1], [1, 1, 1, 1, 1, 1]), { onlyFirst: 0, onlySecond: 5, p: 0.0625 });
 * ```
 */
export function compareStages(first: ArrayLike<number>, second: ArrayLike<number>): Comparison {
  let [onlyFirst, onlySecond] = [0, 0];
  for (let u = 0; u < first.length; u++) {
    if (first[u] > second[u]) onlyFirst++;
    if (second[u] > first[u]) onlySecond++;
  }
  return { onlyFirst, onlySecond, p: signTest(Math.min(onlyFirst, onlySecond), onlyFirst + onlySecond) };
}

/** Probability that at most `fewer` of n fair coin tosses, or at least n - `fewer`, are heads. */
function signTest(fewer: number, n: number): number {
  // term k is C(n, k) / 2^n; in logarithms, as 2^n overflows
  let logTerm = -n * Math.LN2, tail = 0;
  for (let k = 0; k <= fewer; k++) {
    tail += Math.exp(logTerm);
    logTerm += Math.log((n - k) / (k + 1));
  }
  return Math.min(1, 2 * tail);
}
