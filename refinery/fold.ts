/**
 * One fold: a separate chain of networks, trained on the fold's training utterances alone.
 *
 *     labels of stage 1 = one-hot of the utterance
 *     repeat: fit a new VGG-E (or several) -> profile the training segments -> refine the labels
 *
 * The held-out utterances are only profiled. No network that profiles them was trained on them. Neither were the networks
 * that produced its labels, and the standardisation of its inputs does not use them.
 */
import type { Features } from "../corpora/features.ts";
import type { Device } from "../kernels/device.ts";
import { Chain, type FittedStage } from "./chain.ts";
import type { CrossValidation } from "./cross_validation.ts";
import type { FoldHooks } from "./fold_hooks.ts";
import type { FoldResult } from "./results.ts";

/**
 * Runs the chain of one fold, or the remaining part of it.
 *
 * @throws Error if a loss is not finite, with fold, stage, epoch, step and layer
 */
export async function runFold(
  cv: CrossValidation<Features>,
  fold: number,
  device: Device,
  hooks: FoldHooks = {},
): Promise<FoldResult> {
  const { settings } = cv, chain = new Chain(cv, fold, device, hooks);
  const result: FoldResult = { fold, stages: [...hooks.memory?.finished ?? []] };
  try {
    let labels: Float32Array | undefined, last: FittedStage | undefined;
    for (let stage = result.stages.length; stage < settings.stages; stage++) {
      labels ??= await chain.labels(stage);
      const byView = settings.labelsFrom === "teacher-view" && stage > 0;
      const before = byView ? last?.weights ?? await chain.weights(stage - 1) : undefined;
      last = await chain.fitStage(stage, labels, before);
      const { epochs, bestEpoch } = last.fitted;
      const profiles = await chain.profile(stage, last.weights, "heldOut");
      const own = { stage, profiles, epochs, bestEpoch, ...chain.describe(stage, labels) };
      result.stages.push(own);
      await hooks.onStage?.(chain.output(own, last));
      labels = stage + 1 < settings.stages ? await chain.refine(stage, labels, last.weights) : undefined;
    }
    return result;
  } finally {
    chain.release();
  }
}
