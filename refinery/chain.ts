/**
 * What the stages of a fold share, and each step of its chain: labels, a network fitted to them, profiles, the next labels.
 * `fold.ts` says in which order.
 */
import type { Features, FeatureUtterance } from "../corpora/features.ts";
import type { Device } from "../kernels/device.ts";
import {
  findNonFinite,
  fit,
  type FitOptions,
  type FitResult,
  learningRateAt,
  NonFiniteError,
  predictProbabilities,
  VggE,
} from "../nn/mod.ts";
import type { FoldHooks, FoldProgress, StageOutput } from "./fold.ts";
import { drawValidation } from "./folds.ts";
import { meanEntropy, pseudoLabels, refineLabels } from "./relabel.ts";
import type { FoldStage } from "./results.ts";
import { SegmentDataset, SegmentStore, type Standardisation, standardise } from "./segment_dataset.ts";
import { networkOptions, type Settings } from "./settings.ts";

/** Random streams of a fold, keyed by (seed, purpose, fold, stage). */
const WEIGHTS = 3, SHUFFLING = 4;

/** A fold's utterances, their segments on the device, and its settings. */
export class Chain {
  readonly #features: Features;
  readonly #settings: Settings;
  readonly #fold: number;
  readonly #hooks: FoldHooks;
  readonly #training: FeatureUtterance[];
  readonly #scaling: Standardisation;
  readonly #store: SegmentStore;
  /** Segments of the utterances that are learned from, looked at for early stopping, both, and neither. */
  readonly #sets: Record<"learning" | "validation" | "training" | "heldOut", SegmentDataset>;
  /** Of the stage to come. */
  #labels?: Float32Array;
  /** By the network that was fitted last. */
  #epochsRun = 0;

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

  /** What a stage learns from, [segments, emotions]: from the stage before, as it was kept, or made again of its network. */
  async labels(stage: number): Promise<Float32Array> {
    const { segmentStart, emotions } = this.#features, { memory } = this.#hooks;
    if (stage === 1) return pseudoLabels(this.#training, segmentStart.length, emotions.length);
    this.#labels ??= await memory?.labels(stage);
    if (!this.#labels) {
      const network = this.#network();
      try {
        network.parameters.write(await memory!.weights(stage - 1));
        await this.refine(stage - 1, network);
      } finally {
        network.parameters.release();
      }
    }
    const labels = this.#labels!;
    this.#labels = undefined;
    return labels;
  }

  /**
   * Fits a fresh network to the labels; the caller releases its parameters.
   *
   * @param look after each epoch, at what the network has become; it is waited for
   */
  async fit(
    stage: number,
    labels: Float32Array,
    look?: (network: VggE) => Promise<void>,
  ): Promise<{ network: VggE; fitted: FitResult }> {
    const { batch, epochs, monitor, patience, seed, learningRate, decay, initialisation } = this.#settings;
    const { signal, onEpoch, memory, saveEvery } = this.#hooks,
      fold = this.#fold,
      { learning, validation } = this.#sets;
    const state = await memory?.state(stage);
    this.#store.setLabels(labels);
    const network = this.#network();
    const options: FitOptions = {
      batch,
      epochs,
      monitor,
      patience,
      learningRate: (epoch) => learningRateAt(epoch, learningRate, decay),
      path: [seed, SHUFFLING, fold, stage],
      signal,
      onProgress: ({ epoch, step, steps, loss, earliest }) =>
        this.#tellFit(stage, epoch, step / steps, earliest + 1, loss),
      onEpoch: (epoch) => {
        onEpoch?.({ ...epoch, fold, stage });
        return look?.(network);
      },
      state,
      saveEvery,
      save: memory && ((state) => memory.keepState(stage, state)),
    };
    try {
      const fitted = await fit(network.draw(initialisation, seed, WEIGHTS, fold, stage), learning, validation, options);
      this.#epochsRun = fitted.epochs.length;
      return { network, fitted };
    } catch (error) {
      try {
        throw error instanceof NonFiniteError ? await this.#explain(stage, network, options, error) : error;
      } finally {
        network.parameters.release();
      }
    }
  }

  /** The network's probabilities for the segments of a set, [segments, emotions]. */
  profile(stage: number, network: VggE, set: "heldOut" | "training" | "validation"): Promise<Float32Array> {
    const data = this.#sets[set], { batch } = this.#settings;
    const before = set === "training" ? this.#sets.heldOut.length : 0;
    return predictProbabilities(network, data, {
      batch,
      signal: this.#hooks.signal,
      onProgress: (done) => this.#tellProfile(stage, done, data.length, before),
    });
  }

  /** Makes the next stage's labels, from this stage's probabilities for the training segments. */
  async refine(stage: number, network: VggE): Promise<void> {
    const profiles = await this.profile(stage, network, "training");
    const { segmentStart, emotions: { length: K } } = this.#features;
    const all = scatter(profiles, this.#sets.training.segments, segmentStart.length * K, K);
    this.#labels = refineLabels(this.#settings.method, all, this.#training, K);
    await this.#hooks.memory?.keepLabels(stage + 1, this.#labels);
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

  #network(): VggE {
    const { device, features } = this.#store;
    return new VggE(device, networkOptions(this.#settings, features.emotions.length));
  }

  /** An error that names fold, stage, and the layer that NaN or infinity comes from. */
  async #explain(stage: number, network: VggE, options: FitOptions, fault: NonFiniteError): Promise<Error> {
    const { signal, memory } = this.#hooks, fold = this.#fold;
    network.draw(this.#settings.initialisation, this.#settings.seed, WEIGHTS, fold, stage);
    const state = await memory?.state(stage);
    const place = await findNonFinite(network, this.#sets.learning, { ...options, signal }, state, fault);
    const why = place === undefined
      ? "the same steps made again are sound, so the device's memory or arithmetic failed"
      : `NaN or infinity is first in ${place}: try a lower learning rate`;
    return new Error(`Fold ${fold + 1}, stage ${stage}: ${fault.message}; ${why}`, { cause: fault });
  }

  /** Tells how far the fit is. @param earliest epochs after which it may stop */
  #tellFit(stage: number, epoch: number, part: number, earliest: number, loss: number): void {
    const { fitting, profiling } = this.#work(stage), { epochs } = this.#settings;
    const whole = fitting + profiling, done = (epoch + part) / epochs * fitting;
    const [least, most] = [earliest / epochs * fitting - done + profiling, whole - done];
    this.#tell({
      stage,
      phase: "fit",
      epoch,
      part,
      loss,
      done: done / whole,
      least: least / whole,
      most: most / whole,
    });
  }

  /** Tells how far the profiles are. @param before segments of the stage that were profiled before this set */
  #tellProfile(stage: number, done: number, length: number, before: number): void {
    const { fitting, profiling } = this.#work(stage), { epochs } = this.#settings;
    const whole = fitting + profiling, profiled = PROFILE_WORK * (before + done);
    const left = (profiling - profiled) / whole, spent = this.#epochsRun / epochs * fitting + profiled;
    const epoch = this.#epochsRun;
    this.#tell({ stage, phase: "profile", epoch, part: done / length, done: spent / whole, least: left, most: left });
  }

  /** Work of a stage, in segments learned from once: of every epoch, and of the profiles. */
  #work(stage: number): { fitting: number; profiling: number } {
    const { learning, heldOut, training } = this.#sets, { epochs, stages } = this.#settings;
    const profiled = heldOut.length + (stage < stages ? training.length : 0);
    return { fitting: epochs * learning.length, profiling: PROFILE_WORK * profiled };
  }

  #tell(progress: Omit<FoldProgress, "fold">): void {
    this.#hooks.onProgress?.({ fold: this.#fold, ...progress });
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
