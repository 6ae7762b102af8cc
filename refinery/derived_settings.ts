/** What follows from the settings for the front end and the network: how utterances are cut into segments, and which VGG-E sees them. */
import type { Level } from "../dsp/levelling.ts";
import type { VggEOptions } from "../nn/vgg_e.ts";
import type { Settings } from "./settings.ts";

/** How features are to be made for these settings, and cut into segments: what `extractFeatures` is given. */
export function segmentation(
  { segmentHop, profileHop, segmentFrames, level }: Pick<
    Settings,
    "segmentHop" | "profileHop" | "segmentFrames" | "level"
  >,
): { segmentHop?: number; segmentFrames: number; level: Level } {
  return { segmentHop: profileHop || segmentHop, segmentFrames, level };
}

/** The network that an experiment's settings ask for. @param classes emotions told apart */
export function networkOptions(
  { width, segmentFrames, batchNorm, batchNormDense, dropout }: Pick<
    Settings,
    "width" | "segmentFrames" | "batchNorm" | "batchNormDense" | "dropout"
  >,
  classes: number,
): VggEOptions {
  return { width, frames: segmentFrames, classes, batchNorm, batchNormDense, dropout };
}
