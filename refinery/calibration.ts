/**
 * Calibration: whether probabilities match frequencies. Of all predictions with a confidence near 0.7, about 70 % should be
 * right.
 *
 * Predictions are sorted into ten bins of equal width by the probability of their most likely emotion. The expected
 * calibration error is the mean, over predictions, of the difference between mean confidence and accuracy in the prediction's
 * bin (Guo, Pleiss, Sun & Weinberger 2017).
 */
import { argmax } from "./relabel.ts";

/** Predictions with similar confidence. */
export interface ReliabilityBin {
  /** Number of predictions. */
  count: number;
  /** Mean probability of their most likely emotion. */
  confidence: number;
  /** Share of correct predictions. */
  accuracy: number;
}

/** The difference between confidence and accuracy. */
export interface Calibration {
  /** The non-empty bins, by rising confidence. */
  bins: ReliabilityBin[];
  /** Expected calibration error, 0 to 1. */
  error: number;
}

const BINS = 10;

/**
 * Compares confidence with accuracy.
 *
 * @param probabilities [predictions, classes]
 * @param truth [predictions]
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * // twice sure of class 0, once rightly
 * const { error } = calibrate(Float32Array.of(1, 0, 1, 0), [0, 1], 2);
 * assertEquals(error, 0.5);
 * ```
 */
export function calibrate(probabilities: Float32Array, truth: ArrayLike<number>, classes: number): Calibration {
  const sums = Array.from({ length: BINS }, () => ({ count: 0, confidence: 0, right: 0 }));
  for (let i = 0; i < truth.length; i++) {
    const row = probabilities.subarray(i * classes, (i + 1) * classes), likeliest = argmax(row);
    const bin = sums[Math.min(BINS - 1, Math.floor(row[likeliest] * BINS))];
    bin.count++;
    bin.confidence += row[likeliest];
    if (likeliest === truth[i]) bin.right++;
  }
  const bins = sums.filter(({ count }) => count > 0).map(({ count, confidence, right }) => ({
    count,
    confidence: confidence / count,
    accuracy: right / count,
  }));
  const distance = (bin: ReliabilityBin) => bin.count * Math.abs(bin.confidence - bin.accuracy);
  return { bins, error: bins.reduce((sum, bin) => sum + distance(bin), 0) / truth.length };
}
