/**
 * The refinery's central idea: the profiles of one network become the labels of the next. Stage 1 gives every segment
 * its utterance's emotion, one-hot. In later stages, p is the last network's probabilities for a segment and e that
 * one-hot label:
 *
 *     sEPR          p             soft, and different for each segment (section 4.2 of the paper)
 *     hard-dynamic  onehot(argmax p)                                 (section 4.3)
 *     soft-static   mean of p over the utterance                     (section 4.3)
 *     pEPR          (p + e) / 2   the label keeps its influence              (section 4.4)
 *     uniform       (u + e) / 2   our control: u is 1 / emotions everywhere, so the networks have no influence
 */
import type { Method } from "./choices.ts";

/** The position of an utterance's segments, and its emotion. */
export interface UtteranceLabel {
  /** Index of its first segment. */
  firstSegment: number;
  /** Number of its segments. */
  segmentCount: number;
  /** Index of its emotion. */
  emotion: number;
  /** The listeners' votes, [emotions], which add up to 1; e is then this instead of the emotion's one-hot. */
  votes?: ArrayLike<number>;
}

/**
 * Labels of stage 1: each segment gets its utterance's emotion, or the listeners' votes if known. Result [segments, emotions], zero
 * for segments of other utterances.
 */
export function pseudoLabels(utterances: readonly UtteranceLabel[], segments: number, emotions: number): Float32Array {
  const labels = new Float32Array(segments * emotions);
  for (const { firstSegment, segmentCount, ...label } of utterances) {
    const own = target(label, emotions);
    for (let s = firstSegment; s < firstSegment + segmentCount; s++) labels.set(own, s * emotions);
  }
  return labels;
}

/**
 * Labels of a later stage.
 *
 * @param profiles the last stage's probabilities, [segments, emotions]
 * @param utterances utterances whose segments to label; other rows stay zero
 * @returns [segments, emotions], each row a distribution
 */
export function refineLabels(
  method: Method,
  profiles: Float32Array,
  utterances: readonly UtteranceLabel[],
  emotions: number,
): Float32Array {
  const labels = new Float32Array(profiles.length);
  for (const { firstSegment, segmentCount, ...labelled } of utterances) {
    const own = target(labelled, emotions);
    const mean = method === "soft-static" ? meanRow(profiles, firstSegment, segmentCount, emotions) : undefined;
    for (let s = firstSegment; s < firstSegment + segmentCount; s++) {
      const p = profiles.subarray(s * emotions, (s + 1) * emotions);
      const label = labels.subarray(s * emotions, (s + 1) * emotions);
      if (method === "sEPR") label.set(p);
      else if (method === "hard-dynamic") label[argmax(p)] = 1;
      else if (method === "soft-static") label.set(mean!);
      else if (method === "uniform") {
        label.fill(1 / emotions / 2);
        own.forEach((share, k) => label[k] += share / 2);
      } else label.set(p.map((value, k) => (value + own[k]) / 2));
    }
  }
  return labels;
}

/** An utterance's own label e, [emotions]. */
function target({ emotion, votes }: Pick<UtteranceLabel, "emotion" | "votes">, emotions: number): number[] {
  return votes === undefined ? Array.from({ length: emotions }, (_, k) => k === emotion ? 1 : 0) : Array.from(votes);
}

/**
 * Raises rows of probabilities to a power and rescales them to sum to 1, like a softmax with this temperature.
 *
 * @param profiles [rows, emotions]
 * @param temperature above 0; values above 1 flatten the rows
 */
export function temper(profiles: Float32Array, emotions: number, temperature: number): Float32Array {
  if (temperature === 1) return profiles;
  const tempered = profiles.map((p) => p ** (1 / temperature));
  for (let at = 0; at < tempered.length; at += emotions) {
    const row = tempered.subarray(at, at + emotions), sum = row.reduce((a, b) => a + b, 0);
    for (let k = 0; k < emotions; k++) row[k] /= sum;
  }
  return tempered;
}

/** Spreads a share of each label evenly over all emotions (label smoothing). @param labels [segments, emotions] */
export function smooth(labels: Float32Array, emotions: number, share: number): Float32Array {
  return share === 0 ? labels : labels.map((value) => (1 - share) * value + share / emotions);
}

/** Mean of rows first ... first + count - 1 of an array [rows, columns]. */
export function meanRow(values: Float32Array, first: number, count: number, columns: number): Float64Array {
  const mean = new Float64Array(columns);
  for (let i = first * columns; i < (first + count) * columns; i++) mean[i % columns] += values[i] / count;
  return mean;
}

/** Index of the largest value; in a tie, the first. */
export function argmax(values: ArrayLike<number>): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (values[i] > values[best]) best = i;
  return best;
}

/** Mean entropy of the given rows of [segments, emotions], in nats: 0 for one-hot labels, log(emotions) for flat ones. */
export function meanEntropy(labels: Float32Array, segments: ArrayLike<number>, emotions: number): number {
  let sum = 0;
  for (let i = 0; i < segments.length; i++) {
    for (let k = 0; k < emotions; k++) {
      const p = labels[segments[i] * emotions + k];
      if (p > 0) sum -= p * Math.log(p);
    }
  }
  return sum / segments.length;
}
