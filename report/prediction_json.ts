/** What a model hears in a recording as JSON: of `deno task predict --json`, and of the page. */
import type { FrontEnd } from "../dsp/settings.ts";
import type { Prediction } from "../models/predictor.ts";

/** What of a model is needed to say what its numbers mean. */
type Meaning = { emotions: readonly string[]; frontEnd: Pick<FrontEnd, "hopLength" | "sampleRate"> };

/** A recording, without its profile. */
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

/** Its profile; where segments are marked, whether each is speech and was judged. */
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

/** The segments of a profile: when each begins, in seconds, and its probabilities. */
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
