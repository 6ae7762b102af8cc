/** Synthetic speech as the network sees it, made in the page. */
import type { Features, FeatureUtterance } from "../../corpora/features.ts";
import { majority } from "../../corpora/majority.ts";
import { openSynthetic } from "../../corpora/synthetic.ts";
import { logMel } from "../../dsp/log_mel.ts";
import { segmentCount } from "../../dsp/segments.ts";
import { frontEnd } from "../../dsp/settings.ts";

/** Features of a synthetic corpus; `between` is waited for after each utterance, so that whoever asks to stop is heard. */
export async function syntheticFeatures(
  { seed, utterances: count, speakers, segmentHop }: {
    seed: number;
    utterances: number;
    speakers: number;
    segmentHop: number;
  },
  between: (done: number) => Promise<void>,
): Promise<Features> {
  const corpus = openSynthetic(seed, { utterances: count, speakers }), { emotions } = corpus;
  const parts: Float32Array[] = [], utterances: FeatureUtterance[] = [];
  const starts: number[] = [], owners: number[] = [], truth: number[] = [];
  let firstFrame = 0, seconds = 0;
  for (const utterance of corpus.utterances) {
    const spoken = await utterance.read(), frames = logMel(spoken.samples);
    const frameCount = frames.length / frontEnd.nMels, segments = segmentCount(frameCount, segmentHop);
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
      truth.push(majority(spoken.truth!.subarray(s * segmentHop, s * segmentHop + frontEnd.segmentFrames)));
    }
    parts.push(frames);
    firstFrame += frameCount;
    seconds += spoken.seconds;
    await between(utterances.length);
  }
  const frames = new Float32Array(firstFrame * frontEnd.nMels);
  parts.forEach((part, i) => frames.set(part, utterances[i].firstFrame * frontEnd.nMels));
  return {
    emotions,
    frames,
    utterances,
    segmentHop,
    segmentFrames: frontEnd.segmentFrames,
    padded: 0,
    segmentStart: Int32Array.from(starts),
    segmentUtterance: Int32Array.from(owners),
    segmentTruth: Uint8Array.from(truth),
    seconds,
    skipped: [],
  };
}
