/**
 * Derives the options of the front end and the network from the settings: how utterances are cut into segments, and the
 * VGG-E.
 */
import type { Level } from "../dsp/levelling.ts";
import type { VggEOptions } from "../nn/vgg_e.ts";
import type { Settings } from "./settings.ts";

/** The feature options for these settings, for `extractFeatures`. */
export function segmentation(
  { segmentHop, profileHop, segmentFrames, level }: Pick<
    Settings,
    "segmentHop" | "profileHop" | "segmentFrames" | "level"
  >,
): { segmentHop?: number; segmentFrames: number; level: Level } {
  return { segmentHop: profileHop || segmentHop, segmentFrames, level };
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
