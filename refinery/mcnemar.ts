/**
 * Is one stage better than another, or was it luck? Both judged the same utterances, so only those count on which exactly one
 * of them is right (McNemar 1947). If neither is better, each of these n falls to either side like a coin:
 *
 *     p = P(|X - n/2| >= |b - n/2|),   X ~ Binomial(n, 1/2)
 *
 * exact and two-sided. Over several seeds an utterance is judged several times, and those judgements are not independent: its
 * seeds are added up first, and it counts for the stage that was right more often.
 */

/** What two stages got right, paired by utterance. */
export interface Comparison {
  /** Utterances that only the first is right on (over several seeds: more often). */
  onlyFirst: number;
  /** Utterances that only the second is right on. */
  onlySecond: number;
  /** Chance of a difference as large, or larger, if neither is better. */
  p: number;
}

/**
 * Compares two stages.
 *
 * @param first how often each utterance was judged rightly by the first: 0 or 1, or more over several seeds
 * @param second the same by the second, in the same order
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

/** Chance that a fair coin thrown n times falls `fewer` times or less to one of its sides. */
function signTest(fewer: number, n: number): number {
  // term k is C(n, k) / 2^n; in logarithms, as 2^n overflows
  let logTerm = -n * Math.LN2, tail = 0;
  for (let k = 0; k <= fewer; k++) {
    tail += Math.exp(logTerm);
    logTerm += Math.log((n - k) / (k + 1));
  }
  return Math.min(1, 2 * tail);
}
