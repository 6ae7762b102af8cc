/**
 * A trial of settings: the first network of a fold's chain, judged on the utterances that its early stopping looked at. The
 * utterances that the fold holds out are not touched, so that settings may be chosen by trials and still be judged by
 * cross-validation afterwards.
 */
import type { Features } from "../corpora/features.ts";
import type { Device } from "../kernels/device.ts";
import type { EpochRecord } from "../nn/fit.ts";
import type { VggE } from "../nn/vgg_e.ts";
import { Chain, type FittedStage } from "./chain.ts";
import type { CrossValidation } from "./cross_validation.ts";
import type { FoldHooks } from "./fold_hooks.ts";
import { judgeProfiles, type ProfileFigures } from "./profile_figures.ts";

/** How right profiles of the validation utterances are. */
export type TrialCounts = Pick<ProfileFigures, "right" | "segmentsRight">;

/** What a trial gave. */
export interface Trial extends TrialCounts {
  /** Whose training utterances were taken. */
  fold: number;
  /** Every epoch of the last stage that was run, and the validation utterances that were right after it, where that was asked for. */
  epochs: (EpochRecord & Partial<Pick<TrialCounts, "right">>)[];
  /** The epoch whose weights were judged. */
  bestEpoch: number;
  /** Validation utterances. */
  utterances: number;
  /** Validation segments. */
  segments: number;
  /** Of fitting, and of judging after each epoch. */
  seconds: number;
}

/**
 * Fits and judges.
 *
 * @param fold whose training utterances are taken
 * @param hooks byEpoch: whether the network is judged after each epoch, not at its end alone
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
