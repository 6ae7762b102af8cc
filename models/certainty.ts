/**
 * When a model is unsure: where its probability is under a threshold, chosen so that of the predictions that are left no more than a
 * stated share was wrong on utterances that its networks had not heard (selective prediction: El-Yaniv & Wiener 2010).
 */
import { argmax } from "../refinery/relabel.ts";

/** A threshold, and what it did on the predictions that it was chosen by: fractions of 1. */
export interface Threshold {
  /** Smallest probability of a prediction that is sure. */
  probability: number;
  /** Share of all predictions that is sure. */
  answered: number;
  /** Share of those that was wrong. */
  wrong: number;
}

/** What a model says of its own certainty: a threshold for each way to decide, where one keeps the stated error. */
export interface Certainty {
  /** Share of sure predictions that was to be wrong at most. */
  error: number;
  /** Of the forest's probability. */
  forest?: Threshold;
  /** Of the mean profile's. */
  mean?: Threshold;
}

/** Share of predictions that have to be sure at least: fewer say nothing. */
const LEAST_ANSWERED = 0.05;

/**
 * The threshold that leaves most predictions sure and keeps the error; undefined where none does with at least 5 % of them.
 *
 * @param probabilities [predictions, classes]
 * @param truth [predictions]
 * @param error share that may be wrong, 0 to 1
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * // right at 0.9 and 0.8, wrong at 0.6
 * const sure = chooseThreshold(Float64Array.of(0.9, 0.1, 0.2, 0.8, 0.6, 0.4), [0, 1, 1], 2, 0);
 * assertEquals(sure, { probability: 0.8, answered: 2 / 3, wrong: 0 });
 * ```
 */
export function chooseThreshold(
  probabilities: Float32Array | Float64Array,
  truth: ArrayLike<number>,
  classes: number,
  error: number,
): Threshold | undefined {
  const predictions = Array.from({ length: truth.length }, (_, i) => {
    const row = probabilities.subarray(i * classes, (i + 1) * classes), likeliest = argmax(row);
    return { probability: row[likeliest], wrong: likeliest === truth[i] ? 0 : 1 };
  }).sort((a, b) => b.probability - a.probability);
  let wrong = 0, best: Threshold | undefined;
  predictions.forEach(({ probability, wrong: own }, i) => {
    wrong += own;
    const count = i + 1, tied = predictions[count]?.probability === probability; // a threshold does not part equals
    if (tied || wrong > error * count || count < LEAST_ANSWERED * truth.length) return;
    best = { probability, answered: count / truth.length, wrong: wrong / count };
  });
  return best;
}
