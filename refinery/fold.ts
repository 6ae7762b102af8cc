/**
 * One fold: its own chain of networks, on its own training utterances alone.
 *
 *     labels of stage 1 = one-hot of the utterance
 *     repeat: fit a fresh VGG-E -> profile its training segments -> refine the labels
 *
 * The held-out utterances are only ever profiled: no network that profiles them, and none that made that network's labels,
 * nor the standardisation of its inputs, has seen them.
 */
import type { Features } from "../corpora/features.ts";
import type { Device } from "../kernels/device.ts";
import { type EpochRecord, fit, learningRateAt, predictProbabilities, VggE } from "../nn/mod.ts";
import { drawValidation } from "./folds.ts";
import { meanEntropy, pseudoLabels, refineLabels } from "./relabel.ts";
import type { FoldResult, FoldStage } from "./results.ts";
import { SegmentDataset, segmentsOf, SegmentStore, standardise } from "./segment_dataset.ts";
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

/** Work of a profile relative to training on the same segments: the forward pass is a third. */
const PROFILE_WORK = 1 / 3;

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
  const { utterances, emotions } = features;
  const everyone = utterances.map((_, i) => i);
  const heldOut = everyone.filter((i) => folds[i] === fold);
  const training = everyone.filter((i) => folds[i] !== fold);
  const { learning, validation } = drawValidation(utterances, training, settings, fold);
  const scaling = standardise(features, training);
  const trainingUtterances = training.map((i) => utterances[i]);

  const store = new SegmentStore(device, features);
  const sets = {
    learning: new SegmentDataset(store, learning, scaling),
    validation: new SegmentDataset(store, validation, scaling),
    training: new SegmentDataset(store, training, scaling),
    heldOut: new SegmentDataset(store, heldOut, scaling),
  };
  const result: FoldResult = { fold, stages: [] };
  try {
    let labels = pseudoLabels(trainingUtterances, features.segmentStart.length, emotions.length);
    for (let stage = 1; stage <= settings.stages; stage++) {
      store.setLabels(labels);
      const options = { classes: emotions.length, width: settings.width };
      const network = new VggE(device, options).initialise(settings.seed, WEIGHTS, fold, stage);
      try {
        const last = stage === settings.stages;
        const progress = progressOf(fold, stage, settings, sets, last, hooks);
        const fitted = await inContext(
          `Fold ${fold + 1}, stage ${stage}`,
          () =>
            fit(network, sets.learning, sets.validation, {
              batch: settings.batch,
              epochs: settings.epochs,
              patience: settings.patience,
              learningRate: (epoch) => learningRateAt(epoch, settings.learningRate),
              path: [settings.seed, SHUFFLING, fold, stage],
              signal: hooks.signal,
              onProgress: ({ epoch, step, steps, loss }) => progress.fit(epoch, step / steps, loss),
              onEpoch: (epoch) => hooks.onEpoch?.({ ...epoch, fold, stage }),
            }),
        );
        const profile = (data: SegmentDataset, offset: number) =>
          predictProbabilities(network, data, {
            batch: settings.batch,
            signal: hooks.signal,
            onProgress: (done) => progress.profile(offset + done),
          });
        const own: FoldStage = {
          stage,
          profiles: await profile(sets.heldOut, 0),
          epochs: fitted.epochs,
          bestEpoch: fitted.bestEpoch,
          labelEntropy: meanEntropy(labels, sets.training.segments, emotions.length),
          labelError: truthDistance(labels, features, training),
        };
        result.stages.push(own);
        await hooks.onStage?.({
          fold,
          result: own,
          weights: await network.parameters.read(),
          shapes: Object.fromEntries(network.parameters.specs.map(({ name, shape }) => [name, shape])),
          standardisation: scaling,
        });
        if (last) break;
        const trained = await profile(sets.training, sets.heldOut.length);
        labels = refineLabels(
          settings.method,
          scatter(trained, sets.training.segments, labels.length, emotions.length),
          trainingUtterances,
          emotions.length,
        );
      } finally {
        network.parameters.release();
      }
    }
    return result;
  } finally {
    for (const set of Object.values(sets)) set.release();
    store.release();
  }
}

/** Puts rows [rows, columns] where they belong in an array of all segments. */
function scatter(values: Float32Array, segments: Int32Array, length: number, columns: number): Float32Array {
  const all = new Float32Array(length);
  segments.forEach((s, row) => all.set(values.subarray(row * columns, (row + 1) * columns), s * columns));
  return all;
}

/** Mean Brier score of the labels against the segments' true emotions, if the corpus knows those. */
function truthDistance(labels: Float32Array, features: Features, utterances: readonly number[]): number | undefined {
  const { segmentTruth, emotions: { length: K } } = features;
  if (!segmentTruth) return undefined;
  const segments = segmentsOf(features, utterances);
  let sum = 0;
  for (const s of segments) {
    for (let k = 0; k < K; k++) sum += (labels[s * K + k] - (segmentTruth[s] === k ? 1 : 0)) ** 2;
  }
  return sum / segments.length;
}

/** Turns steps and segments into the share of a stage's work. */
function progressOf(
  fold: number,
  stage: number,
  settings: Settings,
  sets: Record<"learning" | "heldOut" | "training", SegmentDataset>,
  last: boolean,
  hooks: FoldHooks,
): { fit: (epoch: number, share: number, loss: number) => void; profile: (segments: number) => void } {
  const fitting = settings.epochs * sets.learning.length;
  const profiling = PROFILE_WORK * (sets.heldOut.length + (last ? 0 : sets.training.length));
  const all = fitting + profiling;
  return {
    fit: (epoch, share, loss) =>
      hooks.onProgress?.({
        fold,
        stage,
        phase: "fit",
        epoch,
        fraction: (epoch + share) * sets.learning.length / all,
        loss,
      }),
    profile: (segments) =>
      hooks.onProgress?.({
        fold,
        stage,
        phase: "profile",
        epoch: settings.epochs,
        fraction: (fitting + PROFILE_WORK * segments) / all,
      }),
  };
}

/** Names fold and stage in front of an error from below. */
async function inContext<T>(context: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Error && error.message.startsWith("The loss of")) {
      throw new Error(`${context}: ${error.message}`, { cause: error });
    }
    throw error;
  }
}
