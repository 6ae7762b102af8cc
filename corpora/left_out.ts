/**
 * Why readable recordings are left out of training: too short for a segment, silent, or copies of others.
 *
 * @module
 */
import { segmentCount } from "../dsp/segments.ts";
import { frontEnd } from "../dsp/settings.ts";
import type { Corpus } from "./corpus.ts";
import { settleDuplicates } from "./duplicates.ts";
import type { ReadOutcome } from "./feature_frames.ts";
import type { RecordingSound } from "./recording_frames.ts";

/** Which utterances are left out and why, and which copies are kept; by index in the corpus. */
export function whyLeftOut(
  { utterances, duplicates }: Corpus,
  outcomes: readonly ReadOutcome[],
  recordings: boolean,
  segmentHop: number,
): { reasons: Map<number, string>; copyOf: Map<number, number> } {
  const reasons = new Map<number, string>(), whole: number[] = [];
  for (const [i, outcome] of outcomes.entries()) {
    if (!("frames" in outcome)) reasons.set(i, outcome.reason);
    else if (segmentCount(outcome.frames.length / frontEnd.nMels, segmentHop) < 1) {
      reasons.set(i, tooShort(outcome.seconds));
    } else if (outcome.sound && isSilent(outcome.sound)) {
      reasons.set(i, "silent: no sample reaches -80 dB of full scale");
    } else whole.push(i);
  }
  const copyOf = new Map<number, number>();
  if (!recordings) return { reasons, copyOf }; // synthetic utterances may repeat on purpose
  const settled = settleDuplicates(
    whole.map((i) => ({
      name: utterances[i].span === undefined ? utterances[i].path ?? utterances[i].id : utterances[i].id,
      emotion: utterances[i].emotion,
      frames: (outcomes[i] as ReadOutcome & { frames: Float32Array }).frames,
    })),
    duplicates,
  );
  for (const [place, reason] of settled.dropped) reasons.set(whole[place], reason);
  for (const [place, first] of settled.copyOf) copyOf.set(whole[place], whole[first]);
  return { reasons, copyOf };
}

/** The largest sample of a silent recording, 80 dB under full scale; and the level of a nearly constant recording. */
const SILENCE = 1e-4, CONSTANT = -86;

/** Whether a recording is silent or nearly constant. */
function isSilent({ peak, level }: RecordingSound): boolean {
  return peak < SILENCE || level < CONSTANT;
}

function tooShort(seconds: number): string {
  const { segmentFrames, hopLength, windowLength, sampleRate } = frontEnd;
  const least = Math.ceil(1000 * ((segmentFrames - 1) * hopLength + windowLength) / sampleRate);
  return `expected at least ${least} ms of sound, one segment, found ${Math.round(1000 * seconds)} ms`;
}
