/**
 * The data of a fold: who is held out, who is learned from, who validates, what their frames are standardised by, and their
 * segments on the device.
 */
import { OptionError } from "../base/option_error.ts";
import type { Features, FeatureUtterance } from "../corpora/features.ts";
import type { Device } from "../kernels/device.ts";
import { VggE } from "../nn/vgg_e.ts";
import { drawValidation } from "./folds.ts";
import { scaleFrames } from "./scaling.ts";
import { SegmentDataset, SegmentStore, type Standardisation, standardise } from "./segment_dataset.ts";
import { checkSettings, networkOptions, type Settings } from "./settings.ts";

/** Segments that are learned from, and monitored; all of the utterances for validation, of both, and of neither. */
export type FoldSet = "learning" | "monitored" | "validation" | "training" | "heldOut";

/** Made once a fold, used by all its stages. */
export class FoldData {
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
  readonly #settings: Settings;

  /**
   * Draws and uploads.
   *
   * @param folds the fold of each utterance
   * @param fold which is held out
   * @throws OptionError where settings do not go together, or the features are cut otherwise than they say
   */
  constructor(features: Features, device: Device, settings: Settings, folds: Int32Array, fold: number) {
    checkSettings(settings);
    if (features.segmentFrames !== settings.segmentFrames) {
      throw new OptionError({
        option: "segmentFrames",
        required: `features of ${settings.segmentFrames} frames a segment`,
        found: features.segmentFrames,
        help: "extractFeatures(corpus, segmentation(settings)) makes these features",
      });
    }
    if ((features.level ?? "none") !== settings.level) {
      throw new RangeError(
        `level: expected features of level ${settings.level}, found ${features.level ?? "none"} ` +
          "(extractFeatures(corpus, segmentation(settings)) makes these features)",
      );
    }
    this.#settings = settings;
    const everyone = features.utterances.map((_, i) => i);
    const heldOut = everyone.filter((i) => folds[i] === fold);
    const training = everyone.filter((i) => folds[i] !== fold);
    const { learning, validation } = drawValidation(features.utterances, training, settings, fold);
    features = scaleFrames(features, training, settings.scaling);
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
      heldOut: this.dataset(heldOut),
    };
  }

  /** Emotions. */
  get classes(): number {
    return this.features.emotions.length;
  }

  /** Segments of some utterances. @param learning whether a network learns from them: then they are fewer, and changed each time */
  dataset(utterances: readonly number[], learning = false): SegmentDataset {
    const options = learning ? { ...this.#settings, stride: strideOf(this.#settings, this.features) } : {};
    return new SegmentDataset(this.store, utterances, this.scaling, options);
  }

  /** A network for these segments, its weights not yet drawn. */
  network(): VggE {
    return new VggE(this.store.device, networkOptions(this.#settings, this.classes));
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
