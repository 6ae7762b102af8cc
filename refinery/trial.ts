/**
 * A trial of settings: fits the first network of a fold's chain and judges it on the validation utterances of its early
 * stopping. The held-out utterances are not used, so settings can be chosen by trials and then be judged by
 * cross-validation.
 */
import type { Features } from "../corpora/features.ts";
import type { Device } from "../kernels/device.ts";
import type { EpochRecord } from "../nn/fit.ts";
import type { VggE } from "../nn/vgg_e.ts";
import { Chain, type FittedStage } from "./chain.ts";
import type { CrossValidation } from "./cross_validation.ts";
import type { FoldHooks } from "./fold_hooks.ts";
import { judgeProfiles, type ProfileFigures } from "./profile_figures.ts";

/** Correct profiles of the validation utterances. */
export type TrialCounts = Pick<ProfileFigures, "right" | "segmentsRight">;

/** Result of a trial. */
export interface Trial extends TrialCounts {
  /** The fold whose training utterances were used. */
  fold: number;
  /** All epochs of the last stage and, if requested, the number of correct validation utterances after each. */
  epochs: (EpochRecord & Partial<Pick<TrialCounts, "right">>)[];
  /** The epoch of the judged weights. */
  bestEpoch: number;
  /** Number of validation utterances. */
  utterances: number;
  /** Number of validation segments. */
  segments: number;
  /** Duration of fitting and of judging after each epoch. */
  seconds: number;
}

/**
 * Fits a network and judges it.
 *
 * @param fold the fold whose training utterances are used
 * @param hooks byEpoch: whether to judge the network after each epoch, not only at the end
 */
export async function tryFold(
  cv: CrossValidation<Features>,
  fold: number,
  device: Device,
  { byEpoch = false, ...hooks }: Pick<FoldHooks, "signal" | "onProgress" | "onEpoch"> & { byEpoch?: boolean } = {},
): Promise<Trial> {
  const { corpus: { utterances, emotions: { length: K } }, settings } = cv;
  const validation = cv.divide(fold).validation.map((i) => utterances[i]);
  const chain = new Chain(cv, fold, device, hooks), began = performance.now();
  try {
    const last = settings.stages - 1, judged: TrialCounts[] = [];
    const look = async (network: VggE) => {
      judged.push(judgeProfiles(validation, await chain.profileOf(last, network, "validation"), K));
    };
    let labels = await chain.labels(0), fitted: FittedStage | undefined, profiles: Float32Array | undefined;
    for (let stage = 0; stage <= last; stage++) {
      fitted = await chain.fitStage(stage, labels, fitted?.weights, byEpoch && stage === last ? look : undefined);
      if (stage < last) labels = await chain.refine(stage, labels, fitted.weights);
      else profiles = await chain.profile(stage, fitted.weights, "validation");
    }
    const { epochs, bestEpoch } = fitted!.fitted;
    const { right, segments, segmentsRight } = judgeProfiles(validation, profiles!, K);
    return {
      fold,
      epochs: epochs.map((epoch, i) => ({ ...epoch, ...(byEpoch && { right: judged[i].right }) })),
      bestEpoch,
      utterances: validation.length,
      segments,
      right,
      segmentsRight,
      seconds: (performance.now() - began) / 1000,
    };
  } finally {
    chain.release();
  }
}
