/**
 * Derives the options of the front end and the network from the settings: how utterances are cut into segments, and the
 * VGG-E.
 */
import type { Conditions } from "../corpora/conditions.ts";
import type { Level } from "../dsp/levelling.ts";
import type { VggEOptions } from "../nn/vgg_e.ts";
import type { Settings } from "./settings.ts";

/** The feature options for these settings, for `extractFeatures`. */
export function segmentation(
  { segmentHop, profileHop, segmentFrames, level, conditions }: Pick<
    Settings,
    "segmentHop" | "profileHop" | "segmentFrames" | "level" | "conditions"
  >,
): { segmentHop?: number; segmentFrames: number; level: Level; conditions: Conditions } {
  return { segmentHop: profileHop || segmentHop, segmentFrames, level, conditions };
}

/** The network options for these settings. @param classes number of emotions */
export function networkOptions(
  { width, segmentFrames, batchNorm, batchNormDense, dropout }: Pick<
    Settings,
    "width" | "segmentFrames" | "batchNorm" | "batchNormDense" | "dropout"
  >,
  classes: number,
): VggEOptions {
  return { width, frames: segmentFrames, classes, batchNorm, batchNormDense, dropout };
}
