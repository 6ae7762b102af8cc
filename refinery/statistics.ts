/**
 * From a profile, a time series of any length, to a fixed row of numbers that a forest can judge (Han, Yu & Tashev 2014,
 * section 3.3): for each emotion the maximum, minimum and mean over the segments, and the share of segments above 0.2.
 */

/** Numbers an emotion. */
export const STATISTICS = ["maximum", "minimum", "mean", "share above 0.2"] as const;

/** Probability above which a segment counts for the fourth statistic. */
const THRESHOLD = 0.2;

/**
 * Statistics of one utterance's profile.
 *
 * @param profile [segments, emotions], at least one segment
 * @returns [emotions, 4], in the order of {@link STATISTICS}
 */
export function profileStatistics(profile: Float32Array, emotions: number): Float32Array {
  const segments = profile.length / emotions;
  const row = new Float32Array(emotions * STATISTICS.length);
  for (let k = 0; k < emotions; k++) {
    let largest = -Infinity, smallest = Infinity, sum = 0, above = 0;
    for (let s = 0; s < segments; s++) {
      const p = profile[s * emotions + k];
      largest = Math.max(largest, p);
      smallest = Math.min(smallest, p);
      sum += p;
      if (p > THRESHOLD) above++;
    }
    row.set([largest, smallest, sum / segments, above / segments], k * STATISTICS.length);
  }
  return row;
}
