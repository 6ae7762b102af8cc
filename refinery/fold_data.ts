/**
 * The data of a fold: who is held out, who is learned from, who validates, what their frames are standardised by, and their
 * segments on the device.
 */
import { OptionError } from "../base/option_error.ts";
import type { Features, FeatureUtterance } from "../corpora/features.ts";
import type { Device } from "../kernels/device.ts";
import { VggE } from "../nn/vgg_e.ts";
import type { CrossValidation } from "./cross_validation.ts";
import { scaleFrames } from "./scaling.ts";
import { SegmentDataset, SegmentStore, type Standardisation, standardise } from "./segment_dataset.ts";
import { checkSettings } from "./check_settings.ts";
import { networkOptions } from "./derived_settings.ts";
import type { Settings } from "./settings.ts";

/** Segments that are learned from, and monitored; all of the utterances for validation, of both, and of neither. */
export type FoldSet = "learning" | "monitored" | "validation" | "training" | "heldOut";

/** Made once a fold, used by all its stages. */
export class FoldData {
  /** Who is held out when. */
  readonly cv: CrossValidation<Features>;
  /** Which fold it is. */
  readonly fold: number;
  /** Of all utterances, their frames scaled as the settings say. */
  readonly features: Features;
  /** Utterances that are learned from, that validate, and both. */
  readonly indices: Readonly<Record<"learning" | "validation" | "training", number[]>>;
  /** The utterances of `indices.training`. */
  readonly training: readonly FeatureUtterance[];
  /** What inputs are standardised by. */
  readonly scaling: Standardisation;
  /** Where frames and labels lie. */
  readonly store: SegmentStore;
  /** Segments, by what they are for. */
  readonly sets: Readonly<Record<FoldSet, SegmentDataset>>;

  /**
   * Draws and uploads.
   *
   * @throws OptionError if settings do not go together, or the features are cut otherwise than they say
   */
  constructor(cv: CrossValidation<Features>, fold: number, device: Device) {
    const { settings, corpus: given } = cv;
    checkSettings(settings);
    if (given.segmentFrames !== settings.segmentFrames) {
      throw new OptionError({
        option: "segmentFrames",
        required: `features of ${settings.segmentFrames} frames a segment`,
        found: given.segmentFrames,
        help: "extractFeatures(corpus, segmentation(settings)) makes these features",
      });
    }
    if ((given.level ?? "none") !== settings.level) {
      throw new RangeError(
        `level: expected features of level ${settings.level}, found ${given.level ?? "none"} ` +
          "(extractFeatures(corpus, segmentation(settings)) makes these features)",
      );
    }
    [this.cv, this.fold] = [cv, fold];
    const training = cv.training(fold), { learning, validation } = cv.divide(fold);
    const features = scaleFrames(given, training, settings.scaling);
    this.features = features;
    this.indices = { learning, validation, training };
    this.training = training.map((i) => features.utterances[i]);
    this.scaling = standardise(features, training);
    this.store = new SegmentStore(device, features);
    this.sets = {
      learning: this.dataset(learning, true),
      monitored: new SegmentDataset(this.store, validation, this.scaling, { stride: strideOf(settings, features) }),
      validation: this.dataset(validation),
      training: this.dataset(training),
      heldOut: this.dataset(cv.heldOut(fold)),
    };
  }

  /** By which its networks are fitted. */
  get settings(): Settings {
    return this.cv.settings;
  }

  /** Emotions. */
  get classes(): number {
    return this.features.emotions.length;
  }

  /** Segments of some utterances. @param learning whether a network learns from them: then they are fewer, and changed each time */
  dataset(utterances: readonly number[], learning = false): SegmentDataset {
    const options = learning ? { ...this.settings, stride: strideOf(this.settings, this.features) } : {};
    return new SegmentDataset(this.store, utterances, this.scaling, options);
  }

  /** A network for these segments, its weights not yet drawn. */
  network(): VggE {
    return new VggE(this.store.device, networkOptions(this.settings, this.classes));
  }

  /** Gives the device's memory back. */
  release(): void {
    for (const set of Object.values(this.sets)) set.release();
    this.store.release();
  }
}

/** Segments from one that is learned from to the next, where profiles are denser. */
export function strideOf(
  { profileHop, segmentHop }: Pick<Settings, "profileHop" | "segmentHop">,
  features: Pick<Features, "segmentHop">,
): number {
  return profileHop > 0 ? Math.max(1, Math.round((segmentHop ?? profileHop) / features.segmentHop)) : 1;
}
