/** A model's result for a recording as JSON, for `deno task predict --json` and the page. */
import type { FrontEnd } from "../dsp/settings.ts";
import type { Prediction } from "../models/predictor.ts";

/** The parts of a model needed to interpret its numbers. */
type Meaning = { emotions: readonly string[]; frontEnd: Pick<FrontEnd, "hopLength" | "sampleRate"> };

/** The result without its profile. */
export function predictionJson(
  file: string,
  { emotion, probability, probabilities, profile, segmentHop, seconds, unsure, departures }: Prediction,
  { emotions }: Meaning,
): Record<string, unknown> {
  return {
    file,
    emotion,
    probability,
    probabilities: Object.fromEntries(emotions.map((own, e) => [own, probabilities[e]])),
    seconds: Math.round(1000 * seconds) / 1000,
    segments: profile.length / emotions.length,
    segmentHop,
    ...(unsure !== undefined && { unsure }),
    ...(departures && { departures }),
  };
}

/** Its profile; if segments are marked, also whether each has speech and was judged. */
export function profileJson(
  prediction: Pick<Prediction, "profile" | "segmentHop"> & { speech?: Uint8Array },
  meaning: Meaning,
): { start: number; probabilities: number[]; speech?: boolean }[] {
  const { speech } = prediction;
  return segmentRows(prediction, meaning).map(({ start, probabilities }, s) => ({
    start,
    probabilities: [...probabilities],
    ...(speech && { speech: speech[s] === 1 }),
  }));
}

/** The segments of a profile: each one's start in seconds, and its probabilities. */
export function segmentRows(
  { profile, segmentHop }: Pick<Prediction, "profile" | "segmentHop">,
  { emotions: { length: K }, frontEnd }: Meaning,
): { start: number; probabilities: Float32Array }[] {
  const seconds = segmentHop * frontEnd.hopLength / frontEnd.sampleRate;
  return Array.from({ length: profile.length / K }, (_, s) => ({
    start: Math.round(1e6 * s * seconds) / 1e6,
    probabilities: profile.subarray(s * K, (s + 1) * K),
  }));
}
