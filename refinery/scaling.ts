/**
 * Other ways to standardise frames than by one mean and one deviation of all their values: for trials, which tell whether they are
 * worth it.
 */
import type { Features } from "../corpora/features.ts";
import { frontEnd } from "../dsp/mod.ts";

/**
 * What each log-mel value is standardised by:
 *
 *     global       all values of a fold's training utterances, as in the paper's runs here
 *     bands        the values of its own mel band in these utterances
 *     utterances   the values of its own band in its own utterance: how loud, and through which microphone, is forgotten
 */
export const SCALINGS = ["global", "bands", "utterances"] as const;

/** See {@link SCALINGS}. */
export type Scaling = typeof SCALINGS[number];

/** Features whose frames are standardised. @param training indices of the utterances that "bands" goes by */
export function scaleFrames(features: Features, training: readonly number[], scaling: Scaling): Features {
  if (scaling === "global") return features; // a dataset does that as it cuts batches
  const frames = features.frames.slice();
  if (scaling === "bands") scaleBands(frames, spans(features, training), [[0, frames.length]]);
  else for (const span of spans(features, [...features.utterances.keys()])) scaleBands(frames, [span], [span]);
  return { ...features, frames };
}

/** Where utterances' values lie, [from, to). */
type Span = readonly [from: number, to: number];

function spans({ utterances }: Features, which: readonly number[]): Span[] {
  return which.map((i) => {
    const { firstFrame, frameCount } = utterances[i];
    return [firstFrame * frontEnd.nMels, (firstFrame + frameCount) * frontEnd.nMels];
  });
}

/** Standardises each band of some spans in place by its mean and deviation over others. */
function scaleBands(frames: Float32Array, by: readonly Span[], scaled: readonly Span[]): void {
  const { nMels } = frontEnd, count = by.reduce((sum, [from, to]) => sum + (to - from) / nMels, 0);
  for (let band = 0; band < nMels; band++) {
    let sum = 0, squares = 0;
    for (const [from, to] of by) {
      for (let i = from + band; i < to; i += nMels) {
        sum += frames[i];
        squares += frames[i] ** 2;
      }
    }
    const mean = sum / count, deviation = Math.sqrt(Math.max(squares / count - mean * mean, 1e-6));
    for (const [from, to] of scaled) {
      for (let i = from + band; i < to; i += nMels) frames[i] = (frames[i] - mean) / deviation;
    }
  }
}
