/** Features of utterances whose sound is in memory: the same as from `extractFeatures`, computed in the page. */
import type { Utterance } from "../../corpora/corpus.ts";
import type { Features, FeatureUtterance } from "../../corpora/features.ts";
import { majority } from "../../corpora/majority.ts";
import { openSynthetic } from "../../corpora/synthetic.ts";
import { type Level, withLevel } from "../../dsp/levelling.ts";
import { logMel } from "../../dsp/log_mel.ts";
import { padFrames, segmentCount } from "../../dsp/segments.ts";
import { frontEnd } from "../../dsp/settings.ts";

/** How frames are computed and cut. */
export interface Segmentation {
  segmentHop: number;
  /** Default: the paper's 32. */
  segmentFrames?: number;
  /** Default: none. */
  level?: Level;
}

/** Features of a synthetic corpus. Awaits `between` after each utterance, so that a request to stop is processed. */
export function syntheticFeatures(
  { seed, utterances, speakers, segmentHop }: Segmentation & { seed: number; utterances: number; speakers: number },
  between: (done: number) => Promise<void>,
): Promise<Features> {
  return featuresOf(openSynthetic(seed, { utterances, speakers }), { segmentHop }, between);
}

/**
 * Features of utterances, each with at least the frames of the paper's segment.
 *
 * @param between awaited after each utterance
 */
export async function featuresOf(
  { utterances: given, emotions }: {
    emotions: string[];
    utterances: readonly Pick<Utterance, "id" | "emotion" | "speaker" | "text" | "read">[];
  },
  { segmentHop, segmentFrames = frontEnd.segmentFrames, level = "none" }: Segmentation,
  between: (done: number) => Promise<void>,
): Promise<Features> {
  const front = withLevel({ ...frontEnd, segmentFrames }, level);
  const parts: Float32Array[] = [], utterances: FeatureUtterance[] = [];
  const starts: number[] = [], owners: number[] = [], truth: number[] = [];
  let firstFrame = 0, seconds = 0, padded = 0;
  for (const utterance of given) {
    const spoken = await utterance.read(), own = logMel(spoken.samples, front), frames = padFrames(own, segmentFrames);
    const frameCount = frames.length / front.nMels, segments = segmentCount(frameCount, segmentHop, front);
    if (frames.length > own.length) padded++;
    utterances.push({
      id: utterance.id,
      emotion: emotions.indexOf(utterance.emotion),
      speaker: utterance.speaker,
      text: utterance.text,
      digest: "",
      seconds: spoken.seconds,
      firstFrame,
      frameCount,
      firstSegment: starts.length,
      segmentCount: segments,
    });
    for (let s = 0; s < segments; s++) {
      starts.push(firstFrame + s * segmentHop);
      owners.push(utterances.length - 1);
      if (spoken.truth) truth.push(majority(spoken.truth.subarray(s * segmentHop, s * segmentHop + segmentFrames)));
    }
    parts.push(frames);
    firstFrame += frameCount;
    seconds += spoken.seconds;
    await between(utterances.length);
  }
  const frames = new Float32Array(firstFrame * front.nMels);
  parts.forEach((part, i) => frames.set(part, utterances[i].firstFrame * front.nMels));
  return {
    emotions,
    frames,
    utterances,
    segmentHop,
    segmentFrames,
    ...(level !== "none" && { level }),
    padded,
    segmentStart: Int32Array.from(starts),
    segmentUtterance: Int32Array.from(owners),
    ...(truth.length > 0 && { segmentTruth: Uint8Array.from(truth) }),
    seconds,
    skipped: [],
  };
}
