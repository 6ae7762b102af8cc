/**
 * A trial of settings: the first network of a fold's chain, judged on the utterances that its early stopping looked at. The
 * utterances that the fold holds out are not touched, so that settings may be chosen by trials and still be judged by
 * cross-validation afterwards.
 */
import type { Features } from "../corpora/features.ts";
import type { Device } from "../kernels/device.ts";
import type { EpochRecord } from "../nn/mod.ts";
import { Chain } from "./chain.ts";
import type { FoldHooks } from "./fold.ts";
import { drawValidation } from "./folds.ts";
import { argmax, meanRow } from "./relabel.ts";
import { scaleFrames, type Scaling } from "./scaling.ts";
import type { Settings } from "./settings.ts";

/** What a trial gave. */
export interface Trial {
  /** From 0. */
  fold: number;
  /** Every epoch that was run. */
  epochs: EpochRecord[];
  /** The epoch whose weights were judged, from 0. */
  bestEpoch: number;
  /** Validation utterances. */
  utterances: number;
  /** Of them, those whose mean profile has its largest value at their emotion. */
  right: number;
  /** Validation segments. */
  segments: number;
  /** Of them, those whose likeliest emotion is their utterance's. */
  segmentsRight: number;
  /** Of fitting. */
  seconds: number;
}

/** A run's settings, and what only trials know. */
export interface TrialSettings extends Settings {
  /** What frames are standardised by; default global. */
  scaling?: Scaling;
}

/**
 * Fits and judges.
 *
 * @param folds the fold of each utterance
 * @param fold whose training utterances are taken, from 0
 */
export async function tryFold(
  features: Features,
  device: Device,
  { scaling = "global", ...settings }: TrialSettings,
  folds: Int32Array,
  fold: number,
  hooks: Pick<FoldHooks, "signal" | "onProgress" | "onEpoch"> = {},
): Promise<Trial> {
  const { utterances, emotions: { length: K } } = features;
  const training = utterances.map((_, i) => i).filter((i) => folds[i] !== fold);
  const { validation } = drawValidation(utterances, training, settings, fold);
  const scaled = scaleFrames(features, training, scaling);
  const chain = new Chain(scaled, device, { ...settings, stages: 1 }, folds, fold, hooks), began = performance.now();
  try {
    const { network, fitted: { epochs, bestEpoch } } = await chain.fit(1, await chain.labels(1));
    const seconds = (performance.now() - began) / 1000;
    const profiles = await chain.profile(1, network, "validation");
    network.parameters.release();
    const trial = { fold, epochs, bestEpoch, utterances: validation.length, right: 0, segments: 0, segmentsRight: 0 };
    for (const i of validation) {
      const { emotion, segmentCount } = utterances[i];
      const profile = profiles.subarray(trial.segments * K, (trial.segments += segmentCount) * K);
      if (argmax(meanRow(profile, 0, segmentCount, K)) === emotion) trial.right++;
      for (let s = 0; s < segmentCount; s++) {
        if (argmax(profile.subarray(s * K, (s + 1) * K)) === emotion) trial.segmentsRight++;
      }
    }
    return { ...trial, seconds };
  } finally {
    chain.release();
  }
}
