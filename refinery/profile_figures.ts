/** Accuracy of profiles before any forest: of segments, and of each utterance's mean profile. */
import { argmax, meanRow } from "./relabel.ts";

/** Counts over the judged segments and utterances. */
export interface ProfileFigures {
  /** [utterances]: the most likely emotion of each mean profile. */
  votes: Int32Array;
  /** Utterances whose vote is correct. */
  right: number;
  /** Number of segments. */
  segments: number;
  /** Segments whose most likely emotion is their utterance's. */
  segmentsRight: number;
  /** Segments whose most likely emotion is their true one, if that is known. */
  segmentsTrulyRight?: number;
}

/**
 * Judges profiles.
 *
 * @param utterances in the order of the profiles
 * @param profiles [segments, emotions], utterance after utterance
 * @param truth [segments]: the true emotion of each, if the corpus knows it
 */
export function judgeProfiles(
  utterances: readonly { emotion: number; segmentCount: number }[],
  profiles: Float32Array,
  emotions: number,
  truth?: ArrayLike<number>,
): ProfileFigures {
  const votes = new Int32Array(utterances.length);
  let right = 0, segments = 0, segmentsRight = 0, segmentsTrulyRight = 0;
  for (const [u, { emotion, segmentCount }] of utterances.entries()) {
    votes[u] = argmax(meanRow(profiles, segments, segmentCount, emotions));
    if (votes[u] === emotion) right++;
    for (const end = segments + segmentCount; segments < end; segments++) {
      const likeliest = argmax(profiles.subarray(segments * emotions, (segments + 1) * emotions));
      if (likeliest === emotion) segmentsRight++;
      if (likeliest === truth?.[segments]) segmentsTrulyRight++;
    }
  }
  return { votes, right, segments, segmentsRight, ...(truth && { segmentsTrulyRight }) };
}
