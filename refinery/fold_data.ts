/**
 * The data of a fold: its held-out, learning and validation utterances, the standardisation of their frames, and their
 * segments on the device.
 */
import { OptionError } from "../base/option_error.ts";
import { copyCount } from "../corpora/conditions.ts";
import type { Features, FeatureUtterance } from "../corpora/features.ts";
import type { Device } from "../kernels/device.ts";
import { VggE } from "../nn/vgg_e.ts";
import type { CrossValidation } from "./cross_validation.ts";
import { scaleFrames } from "./scaling.ts";
import { SegmentDataset, SegmentStore, type Standardisation, standardise } from "./segment_dataset.ts";
import { checkSettings } from "./check_settings.ts";
import { networkOptions } from "./derived_settings.ts";
import type { Settings } from "./settings.ts";

/**
 * Sets of segments: those for learning, the monitored ones, and those of the validation, training (both) and held-out
 * utterances.
 */
export type FoldSet = "learning" | "monitored" | "validation" | "training" | "heldOut";

/** Created once per fold and used by all its stages. */
export class FoldData {
  /** The assignment of utterances to folds. */
  readonly cv: CrossValidation<Features>;
  /** The fold's index. */
  readonly fold: number;
  /** All utterances, with frames scaled according to the settings. */
  readonly features: Features;
  /** Utterances for learning, for validation, and both together. */
  readonly indices: Readonly<Record<"learning" | "validation" | "training", number[]>>;
  /** The utterances of `indices.training`. */
  readonly training: readonly FeatureUtterance[];
  /** Standardisation of the inputs. */
  readonly scaling: Standardisation;
  /** Frames and labels on the device. */
  readonly store: SegmentStore;
  /** Segments by purpose. */
  readonly sets: Readonly<Record<FoldSet, SegmentDataset>>;

  /**
   * Draws the sets and uploads the frames.
   *
   * @throws OptionError if settings contradict each other, or the features do not match them
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
    if ((given.copies ?? []).length !== copyCount(settings.conditions)) {
      throw new OptionError({
        option: "conditions",
        required: `features with ${copyCount(settings.conditions)} copies of each recording`,
        found: given.copies?.length ?? 0,
        help: "extractFeatures(corpus, segmentation(settings)) makes these features",
      });
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

  /** The experiment's settings. */
  get settings(): Settings {
    return this.cv.settings;
  }

  /** Number of emotions. */
  get classes(): number {
    return this.features.emotions.length;
  }

  /**
   * Segments of some utterances. @param learning whether a network learns from them: then they are fewer, and augmented
   * each time
   */
  dataset(utterances: readonly number[], learning = false): SegmentDataset {
    const options = learning ? { ...this.settings, stride: strideOf(this.settings, this.features) } : {};
    return new SegmentDataset(this.store, utterances, this.scaling, options);
  }

  /** A network for these segments, with weights not yet drawn. */
  network(): VggE {
    return new VggE(this.store.device, networkOptions(this.settings, this.classes));
  }

  /** Releases the device's memory. */
  release(): void {
    for (const set of Object.values(this.sets)) set.release();
    this.store.release();
  }
}

/** The step between learned segments, if profiles use denser ones. */
export function strideOf(
  { profileHop, segmentHop }: Pick<Settings, "profileHop" | "segmentHop">,
  features: Pick<Features, "segmentHop">,
): number {
  return profileHop > 0 ? Math.max(1, Math.round((segmentHop ?? profileHop) / features.segmentHop)) : 1;
}
