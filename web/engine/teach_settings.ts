/** The settings and the duration of Teach: for some dozens of takes, a minute or two on two cores. */
import { segmentSeconds } from "../../dsp/segments.ts";
import { frontEnd } from "../../dsp/settings.ts";
import { fraction } from "../../base/fraction.ts";
import { PRESETS } from "../../refinery/presets.ts";
import type { Settings } from "../../refinery/settings.ts";

/** Approximate steps per network: with half as many it stays near its plateau. */
export const TEACH_STEPS = 200;
/** Least number of epochs, however many takes there are. */
const LEAST_EPOCHS = 4;

/**
 * `best` at half its width, in one stage, with smaller batches and larger steps, so that a few takes give enough steps, and with a faster
 * average of the weights. Recordings are brought to one level, so that the microphone's level does not matter. Segments begin anywhere. A
 * class with fewer takes than folds has one take per fold.
 *
 * With 36 takes of one synthetic speaker, and with 36 of Emo-DB, three classes each, these settings classified the most unlearned takes
 * correctly. A second stage doubled the work, and was no better in one run on Emo-DB. Varying the loudness and masking bands and frames
 * needed more steps.
 */
export const TEACH_SETTINGS: Settings = {
  ...PRESETS.best,
  ...{ width: 1 / 16, batch: 32, learningRate: 0.004, average: 0.95, stages: 1, folds: 3 },
  ...{ level: "percentile", profileHop: 5 },
};

/**
 * The settings for this many learned segments: the fewer there are, the more often each is learned. @param steps
 * approximate number
 */
export function settingsFor(segments: number, settings: Settings, steps: number): Settings {
  const ofEpoch = Math.max(1, Math.ceil(segments / settings.batch));
  return { ...settings, epochs: Math.max(LEAST_EPOCHS, Math.round(steps / ofEpoch)) };
}

/** The settings in words. */
export function describeTeaching(): string {
  const { width, segmentFrames, batch, learningRate, folds, trees } = TEACH_SETTINGS;
  const milliseconds = Math.round(1000 * segmentSeconds({ ...frontEnd, segmentFrames }));
  return [
    `How it learns: a VGG-E of width ${
      fraction(width)
    }, on segments of ${milliseconds} ms, ${batch} a step, for about ` +
    `${TEACH_STEPS} steps, by Adam at a rate of ${learningRate} that falls to zero.`,
    "Every recording is scaled to one level, so that a quiet microphone does not matter; segments start anywhere in a take.",
    `First it trains a network for each of ${folds} folds, which does not learn from the takes of its fold; then one on all takes.`,
    `A random forest of ${trees} trees, fitted to profiles of takes that the network did not learn from, decides.`,
  ].join(" ");
}
