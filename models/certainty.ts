/**
 * When a model is unsure: if its probability is below a threshold. The threshold is chosen so that at most a stated share of the
 * remaining predictions was wrong, on utterances that the networks were not trained on (selective prediction: El-Yaniv & Wiener
 * 2010).
 */
import { argmax } from "../refinery/relabel.ts";

/** A threshold, and its effect on the predictions from which it was chosen: fractions of 1. */
export interface Threshold {
  /** Smallest probability of a sure prediction. */
  probability: number;
  /** Share of sure predictions. */
  answered: number;
  /** Share of wrong predictions among them. */
  wrong: number;
}

/** A model's certainty: for each way to decide, the threshold that keeps the stated error, if one exists. */
export interface Certainty {
  /** Largest accepted share of wrong predictions among the sure ones. */
  error: number;
  /** For the forest's probability. */
  forest?: Threshold;
  /** For the mean profile's probability. */
  mean?: Threshold;
}

/** Least share of sure predictions: with fewer, the threshold is meaningless. */
const LEAST_ANSWERED = 0.05;

/**
 * The threshold that keeps the error with the most sure predictions; undefined if none keeps it with at least 5 % of them.
 *
 * @param probabilities [predictions, classes]
 * @param truth [predictions]
 * @param error accepted share of wrong predictions, 0 to 1
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
    const count = i + 1, tied = predictions[count]?.probability === probability; // a threshold can't separate equal probabilities
    if (tied || wrong > error * count || count < LEAST_ANSWERED * truth.length) return;
    best = { probability, answered: count / truth.length, wrong: wrong / count };
  });
  return best;
}
