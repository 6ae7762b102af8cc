/**
 * One fold: its own chain of networks, on its own training utterances alone.
 *
 *     labels of stage 1 = one-hot of the utterance
 *     repeat: fit a fresh VGG-E (or some) -> profile the training segments -> refine the labels
 *
 * The held-out utterances are only ever profiled: no network that profiles them, and none that made that network's labels,
 * nor the standardisation of its inputs, has seen them.
 */
import type { Features } from "../corpora/features.ts";
import type { Device } from "../kernels/device.ts";
import { Chain, type FittedStage } from "./chain.ts";
import type { CrossValidation } from "./cross_validation.ts";
import type { FoldHooks } from "./fold_hooks.ts";
import type { FoldResult } from "./results.ts";

/**
 * Runs the chain of one fold, or what is left of it.
 *
 * @throws Error if a loss is not finite, naming fold, stage, epoch, step and layer
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
