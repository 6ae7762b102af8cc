/**
 * Stretches of a recording: runs of segments with the same likeliest emotion, or without speech.
 *
 *     segment s speaks for the time nearest to its middle:  [middle_s - hop/2, middle_s + hop/2)
 *
 * The first stretch begins at 0 and the last ends with the recording, so that stretches touch and cover it.
 */
import { segmentSeconds } from "../dsp/segments.ts";
import type { FrontEnd } from "../dsp/settings.ts";
import type { Prediction } from "../models/predictor.ts";
import { argmax } from "../refinery/relabel.ts";

/** A run of segments. */
export interface Stretch {
  /** In seconds. */
  start: number;
  /** In seconds. */
  end: number;
  /** The likeliest emotion of each of its segments; not set: no speech. */
  emotion?: string;
  /** Mean probability of that emotion over its segments; not set: no speech. */
  probability?: number;
  /** Its first segment. */
  firstSegment: number;
  /** How many it has. */
  segmentCount: number;
}

/** What a stretch without speech is called. */
export const NO_SPEECH = "no speech";

/** The text of a stretch's label: an emotion, or {@link NO_SPEECH}. */
export function labelOf({ emotion }: Stretch): string {
  return emotion ?? NO_SPEECH;
}

/**
 * The stretches of a recording, in order.
 *
 * @param prediction its profile [segments, emotions], at least one segment, and which of its segments are speech (not set: all)
 * @param seconds length of the recording
 */
export function stretchesOf(
  { profile, segmentHop, speech }: Pick<Prediction, "profile" | "segmentHop"> & { speech?: Uint8Array },
  seconds: number,
  { emotions, frontEnd }: { emotions: readonly string[]; frontEnd: FrontEnd },
): Stretch[] {
  const K = emotions.length, segments = profile.length / K;
  const { sampleRate, hopLength } = frontEnd;
  // in samples, so that times are as exact as they can be
  const hop = segmentHop * hopLength, long = segmentSeconds(frontEnd) * sampleRate;
  const stretches: Stretch[] = [];
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
