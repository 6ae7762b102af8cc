/**
 * From a profile, a time series of any length, to a fixed number of values for a forest (Han, Yu & Tashev 2014, section
 * 3.3): for each emotion the maximum, minimum and mean over the segments, and the share of segments above 0.2.
 */

/** The statistics of each emotion. */
export const STATISTICS = ["maximum", "minimum", "mean", "share above 0.2"] as const;

/** Probability above which a segment counts for the fourth statistic. */
export const THRESHOLD = 0.2;

/**
 * Computes the statistics of one utterance's profile.
 *
 * @param profile [segments, emotions], at least one segment
 * @returns [emotions, 4], in the order of {@link STATISTICS}
 */
export function profileStatistics(profile: Float32Array, emotions: number): Float32Array {
  const statistics = new ProfileStatistics(emotions);
  statistics.push(profile);
  return statistics.values;
}

/** Statistics of a growing profile: over all segments so far, at the cost of the latest ones only. */
export class ProfileStatistics {
  readonly #emotions: number;
  readonly #threshold: number;
  /** For each emotion: largest, smallest, sum, number above the threshold. */
  readonly #running: Float64Array;
  #segments = 0;

  /**
   * Starts without segments.
   *
   * @param emotions number of emotions
   * @param threshold threshold of the fourth statistic
   */
  constructor(emotions: number, threshold: number = THRESHOLD) {
    [this.#emotions, this.#threshold] = [emotions, threshold];
    this.#running = Float64Array.from({ length: 4 * emotions }, (_, i) => [-Infinity, Infinity, 0, 0][i % 4]);
  }

  /** Number of segments so far. */
  get segments(): number {
    return this.#segments;
  }

  /** Takes the next segments, [segments, emotions]. */
  push(profile: Float32Array): void {
    const K = this.#emotions, running = this.#running;
    for (let at = 0; at < profile.length; at += K, this.#segments++) {
      for (let k = 0; k < K; k++) {
        const p = profile[at + k], of = 4 * k;
        running[of] = Math.max(running[of], p);
        running[of + 1] = Math.min(running[of + 1], p);
        running[of + 2] += p;
        if (p > this.#threshold) running[of + 3]++;
      }
    }
  }

  /** [emotions, 4], in the order of {@link STATISTICS}; requires at least one segment. */
  get values(): Float32Array {
    return Float32Array.from(this.#running, (value, i) => i % 4 < 2 ? value : value / this.#segments);
  }
}
