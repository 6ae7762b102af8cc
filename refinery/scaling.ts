/** Alternatives to standardising frames by one mean and one deviation of all values: see {@link Scaling}. */
import type { Features } from "../corpora/features.ts";
import { frontEnd } from "../dsp/settings.ts";
import type { Scaling } from "./choices.ts";

/** Features with standardised frames. @param training indices of the utterances that determine "bands" */
export function scaleFrames(features: Features, training: readonly number[], scaling: Scaling): Features {
  if (scaling === "global") return features; // a dataset standardises globally when it cuts batches
  const frames = features.frames.slice();
  if (scaling === "bands") scaleBands(frames, spans(features, training), [[0, frames.length]]);
  else {
    const everyone = [...features.utterances.keys()], { utterances } = features;
    const groups = scaling === "utterances"
      ? everyone.map((i) => [i])
      : [...new Set(utterances.map(({ speaker }) => speaker))].map((own) =>
        everyone.filter((i) => utterances[i].speaker === own)
      );
    for (const group of groups) scaleBands(frames, spans(features, group), spans(features, group));
  }
  return { ...features, frames };
}

/** The range of an utterance's values, [from, to). */
type Span = readonly [from: number, to: number];

function spans({ utterances }: Features, which: readonly number[]): Span[] {
  return which.map((i) => {
    const { firstFrame, frameCount } = utterances[i];
    return [firstFrame * frontEnd.nMels, (firstFrame + frameCount) * frontEnd.nMels];
  });
}

/** Standardises each band of some spans in place, with the mean and deviation of other spans. */
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
