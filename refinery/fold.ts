/**
 * One fold: its own chain of networks, on its own training utterances alone.
 *
 *     labels of stage 1 = one-hot of the utterance
 *     repeat: fit a fresh VGG-E -> profile its training segments -> refine the labels
 *
 * The held-out utterances are only ever profiled: no network that profiles them, and none that made that network's labels,
 * nor the standardisation of its inputs, has seen them.
 */
import type { Features, FeatureUtterance } from "../corpora/features.ts";
import type { Device } from "../kernels/device.ts";
import { type EpochRecord, fit, type FitResult, learningRateAt, predictProbabilities, VggE } from "../nn/mod.ts";
import { drawValidation } from "./folds.ts";
import { meanEntropy, pseudoLabels, refineLabels } from "./relabel.ts";
import type { FoldResult, FoldStage } from "./results.ts";
import { SegmentDataset, SegmentStore, type Standardisation, standardise } from "./segment_dataset.ts";
import type { Settings } from "./settings.ts";

/** What a fold tells of itself while it runs. */
export interface FoldHooks {
  /** Stops it: the promise then rejects with the signal's reason. */
  signal?: AbortSignal;
  /** Now and then. */
  onProgress?: (progress: FoldProgress) => void;
  /** After each epoch. */
  onEpoch?: (epoch: EpochRecord & { fold: number; stage: number }) => void;
  /** After each stage; it is waited for, so that what is saved is saved. */
  onStage?: (stage: StageOutput) => Promise<void> | void;
}

/** How far a fold is. */
export interface FoldProgress {
  /** From 0. */
  fold: number;
  /** From 1. */
  stage: number;
  /** Whether the network learns, or makes profiles. */
  phase: "fit" | "profile";
  /** From 0. */
  epoch: number;
  /** Share of the stage's work that is done, 0 to 1, if every epoch is run. */
  fraction: number;
  /** Mean loss of this epoch so far, in nats. */
  loss?: number;
}

/** A finished stage of a fold. */
export interface StageOutput {
  /** From 0. */
  fold: number;
  /** Its profiles and figures. */
  result: FoldStage;
  /** The network's weights by name. */
  weights: Record<string, Float32Array>;
  /** Their shapes. */
  shapes: Record<string, readonly number[]>;
  /** What inputs are standardised by: (x - mean) / deviation. */
  standardisation: { mean: number; deviation: number };
}

/** Random streams of a fold, keyed by (seed, purpose, fold, stage). */
const WEIGHTS = 3, SHUFFLING = 4;

/**
 * Runs the chain of one fold.
 *
 * @param folds the fold of each utterance
 * @throws Error where a loss is not finite, naming fold, stage, epoch and step
 */
export async function runFold(
  features: Features,
  device: Device,
  settings: Settings,
  folds: Int32Array,
  fold: number,
  hooks: FoldHooks = {},
): Promise<FoldResult> {
  const chain = new Chain(features, device, settings, folds, fold, hooks);
  const result: FoldResult = { fold, stages: [] };
  try {
    let labels = chain.pseudoLabels();
    for (let stage = 1; stage <= settings.stages; stage++) {
      const { network, fitted } = await chain.fit(stage, labels);
      try {
        const { epochs, bestEpoch } = fitted;
        const profiles = await chain.profile(stage, network, "heldOut");
        const own = { stage, profiles, epochs, bestEpoch, ...chain.describe(labels) };
        result.stages.push(own);
        await hooks.onStage?.(await chain.output(own, network));
        if (stage < settings.stages) labels = chain.refine(await chain.profile(stage, network, "training"));
      } finally {
        network.parameters.release();
      }
    }
    return result;
  } finally {
    chain.release();
  }
}

/** What the stages of a fold share: its utterances, their segments on the device, its settings. */
class Chain {
  readonly #features: Features;
  readonly #settings: Settings;
  readonly #fold: number;
  readonly #hooks: FoldHooks;
  readonly #training: FeatureUtterance[];
  readonly #scaling: Standardisation;
  readonly #store: SegmentStore;
  /** Segments of the utterances that are learned from, looked at for early stopping, both, and neither. */
  readonly #sets: Record<"learning" | "validation" | "training" | "heldOut", SegmentDataset>;

  constructor(
    features: Features,
    device: Device,
    settings: Settings,
    folds: Int32Array,
    fold: number,
    hooks: FoldHooks,
  ) {
    [this.#features, this.#settings, this.#fold, this.#hooks] = [features, settings, fold, hooks];
    const everyone = features.utterances.map((_, i) => i);
    const heldOut = everyone.filter((i) => folds[i] === fold);
    const training = everyone.filter((i) => folds[i] !== fold);
    const { learning, validation } = drawValidation(features.utterances, training, settings, fold);
    this.#training = training.map((i) => features.utterances[i]);
    this.#scaling = standardise(features, training);
    this.#store = new SegmentStore(device, features);
    const dataset = (utterances: number[]) => new SegmentDataset(this.#store, utterances, this.#scaling);
    this.#sets = {
      learning: dataset(learning),
      validation: dataset(validation),
      training: dataset(training),
      heldOut: dataset(heldOut),
    };
  }

  /** Labels of stage 1. */
  pseudoLabels(): Float32Array {
    return pseudoLabels(this.#training, this.#features.segmentStart.length, this.#features.emotions.length);
  }

  /** Fits a fresh network to the labels; the caller releases its parameters. */
  async fit(stage: number, labels: Float32Array): Promise<{ network: VggE; fitted: FitResult }> {
    const { batch, epochs, patience, width, seed, learningRate } = this.#settings;
    const { signal, onEpoch } = this.#hooks, fold = this.#fold, { learning, validation } = this.#sets;
    this.#store.setLabels(labels);
    const network = new VggE(this.#store.device, { classes: this.#features.emotions.length, width });
    try {
      const fitted = await fit(network.initialise(seed, WEIGHTS, fold, stage), learning, validation, {
        batch,
        epochs,
        patience,
        learningRate: (epoch) => learningRateAt(epoch, learningRate),
        path: [seed, SHUFFLING, fold, stage],
        signal,
        onProgress: ({ epoch, step, steps, loss }) =>
          this.#tell(stage, "fit", epoch, (epoch + step / steps) / epochs, loss),
        onEpoch: (epoch) => onEpoch?.({ ...epoch, fold, stage }),
      });
      return { network, fitted };
    } catch (error) {
      network.parameters.release();
      throw inContext(`Fold ${fold + 1}, stage ${stage}`, error);
    }
  }

  /** The network's probabilities for the segments of a set, [segments, emotions]. */
  profile(stage: number, network: VggE, set: "heldOut" | "training"): Promise<Float32Array> {
    const data = this.#sets[set], { batch, epochs } = this.#settings;
    const before = set === "training" ? this.#sets.heldOut.length : 0;
    return predictProbabilities(network, data, {
      batch,
      signal: this.#hooks.signal,
      onProgress: (done) => this.#tell(stage, "profile", epochs, before + done),
    });
  }

  /** The next stage's labels, from this stage's probabilities for the training segments. */
  refine(profiles: Float32Array): Float32Array {
    const { segmentStart, emotions: { length: K } } = this.#features;
    const all = scatter(profiles, this.#sets.training.segments, segmentStart.length * K, K);
    return refineLabels(this.#settings.method, all, this.#training, K);
  }

  /** How soft labels are, and how far from the truth where it is known. */
  describe(labels: Float32Array): Pick<FoldStage, "labelEntropy" | "labelError"> {
    const { segments } = this.#sets.training;
    return {
      labelEntropy: meanEntropy(labels, segments, this.#features.emotions.length),
      labelError: truthDistance(labels, this.#features, segments),
    };
  }

  /** A finished stage, to be saved. */
  async output(result: FoldStage, { parameters }: VggE): Promise<StageOutput> {
    const shapes = Object.fromEntries(parameters.specs.map(({ name, shape }) => [name, shape]));
    return { fold: this.#fold, result, weights: await parameters.read(), shapes, standardisation: this.#scaling };
  }

  /** Gives the device's memory back. */
  release(): void {
    for (const set of Object.values(this.#sets)) set.release();
    this.#store.release();
  }

  /**
   * Tells how far the stage is.
   *
   * @param done share of the fit, or segments profiled
   */
  #tell(stage: number, phase: "fit" | "profile", epoch: number, done: number, loss?: number): void {
    const { learning, heldOut, training } = this.#sets, { epochs, stages } = this.#settings;
    const fitting = epochs * learning.length;
    const profiling = PROFILE_WORK * (heldOut.length + (stage < stages ? training.length : 0));
    const work = phase === "fit" ? done * fitting : fitting + PROFILE_WORK * done;
    this.#hooks.onProgress?.({ fold: this.#fold, stage, phase, epoch, fraction: work / (fitting + profiling), loss });
  }
}

/** Work of a profile relative to training on the same segments: the forward pass is a third. */
const PROFILE_WORK = 1 / 3;

/** Puts rows [rows, columns] where they belong in an array of all segments. */
function scatter(values: Float32Array, segments: Int32Array, length: number, columns: number): Float32Array {
  const all = new Float32Array(length);
  segments.forEach((s, row) => all.set(values.subarray(row * columns, (row + 1) * columns), s * columns));
  return all;
}

/** Mean Brier score of the labels against the segments' true emotions, if the corpus knows those. */
function truthDistance(labels: Float32Array, features: Features, segments: Int32Array): number | undefined {
  const { segmentTruth, emotions: { length: K } } = features;
  if (!segmentTruth) return undefined;
  let sum = 0;
  for (const s of segments) {
    for (let k = 0; k < K; k++) sum += (labels[s * K + k] - (segmentTruth[s] === k ? 1 : 0)) ** 2;
  }
  return sum / segments.length;
}

/** An error from below with fold and stage named in front of it, where it is about the loss. */
function inContext(context: string, error: unknown): unknown {
  return error instanceof Error && error.message.startsWith("The loss of")
    ? new Error(`${context}: ${error.message}`, { cause: error })
    : error;
}
