/**
 * Stretches of a recording: runs of segments with the same most likely emotion, or without speech.
 *
 *     segment s represents the time nearest to its middle:  [middle_s - hop/2, middle_s + hop/2)
 *
 * The first stretch begins at 0 and the last ends with the recording, so stretches adjoin and cover it.
 */
import { segmentSeconds } from "../dsp/segments.ts";
import type { FrontEnd } from "../dsp/settings.ts";
import type { Prediction } from "../models/predictor.ts";
import { argmax } from "../refinery/relabel.ts";

/** A run of segments. */
export interface EmotionStretch {
  /** In seconds. */
  start: number;
  /** In seconds. */
  end: number;
  /** The most likely emotion of each of its segments; undefined: no speech. */
  emotion?: string;
  /** Mean probability of that emotion over its segments; undefined: no speech. */
  probability?: number;
  /** Its first segment. */
  firstSegment: number;
  /** Number of its segments. */
  segmentCount: number;
}

/** The label of a stretch without speech. */
export const NO_SPEECH = "no speech";

/** The text of a stretch's label: an emotion, or {@link NO_SPEECH}. */
export function labelOf({ emotion }: EmotionStretch): string {
  return emotion ?? NO_SPEECH;
}

/**
 * The stretches of a recording, in order.
 *
 * @param prediction its profile [segments, emotions], at least one segment, and which of its segments have speech (default: all)
 * @param seconds duration of the recording
 */
export function stretchesOf(
  { profile, segmentHop, speech }: Pick<Prediction, "profile" | "segmentHop"> & { speech?: Uint8Array },
  seconds: number,
  { emotions, frontEnd }: { emotions: readonly string[]; frontEnd: FrontEnd },
): EmotionStretch[] {
  const K = emotions.length, segments = profile.length / K;
  const { sampleRate, hopLength } = frontEnd;
  // in samples, for exact times
  const hop = segmentHop * hopLength, long = segmentSeconds(frontEnd) * sampleRate;
  const stretches: EmotionStretch[] = [];
  for (let s = 0; s < segments; s++) {
    const row = profile.subarray(s * K, (s + 1) * K), likeliest = argmax(row);
    const [emotion, probability] = speech?.[s] === 0 ? [] : [emotions[likeliest], row[likeliest]];
    const last = stretches.at(-1);
    if (last && last.emotion === emotion) {
      last.segmentCount++;
      if (probability !== undefined) last.probability! += (probability - last.probability!) / last.segmentCount;
      continue;
    }
    const start = s === 0 ? 0 : (s * hop + Math.round(long - hop) / 2) / sampleRate;
    if (last) last.end = start;
    stretches.push({
      start,
      end: seconds,
      ...(emotion !== undefined && { emotion, probability }),
      firstSegment: s,
      segmentCount: 1,
    });
  }
  return stretches;
}
