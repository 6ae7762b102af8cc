/** The networks of a fold: each freshly drawn, fitted to its labels, read, and asked for profiles. */
import { ordinal } from "../base/numbering.ts";
import { STREAMS } from "../base/streams.ts";
import { cosineRate, learningRateAt } from "../nn/adam.ts";
import { findNonFinite } from "../nn/diagnose.ts";
import { fit, type FitOptions } from "../nn/fit.ts";
import { NonFiniteError } from "../nn/pass.ts";
import { predictProbabilities } from "../nn/predict.ts";
import type { VggE } from "../nn/vgg_e.ts";
import type { FoldData, FoldSet } from "./fold_data.ts";
import type { FoldHooks, KeptNetwork } from "./fold_hooks.ts";
import { FoldWork } from "./fold_work.ts";
import { countMembers, type NetworkWeights, ownWeights } from "./network_weights.ts";
import { smooth } from "./relabel.ts";
import { SegmentDataset, type Teacher } from "./segment_dataset.ts";
import type { Settings } from "./settings.ts";

/** One network to be fitted. */
export interface NetworkFit {
  /** Its number in the chain. */
  stage: number;
  /** Its number in the stage. */
  member: number;
  /** [segments, emotions] */
  labels: Float32Array;
  /** Labels each view. */
  teacher?: Teacher;
  /** What it learns from; default: the fold's. */
  learning?: SegmentDataset;
  /** Epochs after which it ends. */
  stopAfter?: number;
}

/** Adam's rate by the epochs that are done. */
export function rateOf(
  { schedule, learningRate, decay, epochs, warmUp }: Pick<
    Settings,
    "schedule" | "learningRate" | "decay" | "epochs" | "warmUp"
  >,
): (epoch: number) => number {
  return (epoch) => {
    const rate = schedule === "cosine"
      ? cosineRate(epoch, epochs, learningRate)
      : learningRateAt(epoch, learningRate, decay);
    // never zero, or the first step would move nothing
    return epoch < warmUp ? rate * Math.max(epoch / warmUp, 0.01) : rate;
  };
}

/** Fits and profiles, and says how far that is. */
export class NetworkFits {
  readonly #data: FoldData;
  readonly #hooks: FoldHooks;
  readonly #work: FoldWork;

  /** @param data what they learn from and profile */
  constructor(data: FoldData, hooks: FoldHooks) {
    [this.#data, this.#hooks] = [data, hooks];
    this.#work = new FoldWork(data, hooks.onProgress);
  }

  /**
   * Fits a fresh network, and reads it.
   *
   * @param look after each epoch, at what the network has become; it is waited for
   * @throws Error if a loss is not finite, naming fold, stage, epoch, step and layer
   */
  async fit(
    { stage, member, labels, teacher, learning = this.#data.sets.learning, stopAfter }: NetworkFit,
    look?: (network: VggE) => Promise<void>,
  ): Promise<KeptNetwork> {
    const { batch, epochs, monitor, patience, seed, initialisation, average, labelSmoothing } = this.#data.settings;
    const { signal, onEpoch, onPause, saveEvery } = this.#hooks, { fold } = this.#data;
    // a part of a fit that is kept elsewhere is soon made again
    const memory = stopAfter === undefined ? this.#hooks.memory : undefined;
    const { monitored } = this.#data.sets, validation = monitored.length > 0 ? monitored : undefined;
    const state = await memory?.state(stage, member);
    this.#data.store.setLabels(smooth(labels, this.#data.classes, labelSmoothing));
    const network = this.#data.network();
    // the first network of a stage is drawn as it was when there was one only
    const path = [fold, ordinal(stage), ...member > 0 ? [member] : []];
    const options: FitOptions = {
      ...{ batch, epochs, monitor, patience, average, stopAfter, signal, state, saveEvery },
      learningRate: rateOf(this.#data.settings),
      path: [seed, member > 0 ? STREAMS.shufflingOfMembers : STREAMS.shuffling, ...path],
      onProgress: (progress) => this.#work.fit(stage, member, progress),
      onPause: onPause && (() => onPause(network, stage)),
      onEpoch: (epoch) => {
        if (stopAfter === undefined) onEpoch?.({ ...epoch, fold, stage, ...(member > 0 && { member }) });
        return look?.(network);
      },
      save: memory && ((state) => memory.keepState(stage, state, member)),
    };
    const purpose = member > 0 ? STREAMS.weightsOfMembers : STREAMS.weights;
    const draw = () => network.draw(initialisation, seed, purpose, ...path);
    learning.teacher = teacher;
    try {
      const fitted = await fit(draw(), learning, validation, options).catch(async (error) => {
        throw error instanceof NonFiniteError ? await this.#explain(stage, draw(), learning, options, error) : error;
      });
      this.#work.epochsRun = fitted.epochs.length;
      return { weights: await network.parameters.read(), fitted };
    } finally {
      learning.teacher = undefined;
      network.parameters.release();
    }
  }

  /** The mean of the networks' probabilities for the segments of a set, [segments, emotions]. @param weights of all members */
  async profile(stage: number, weights: NetworkWeights, set: FoldSet | SegmentDataset): Promise<Float32Array> {
    const { sets, classes } = this.#data, data = set instanceof SegmentDataset ? set : sets[set];
    const members = countMembers(weights), before = set === "training" ? sets.heldOut.length : 0;
    const sum = new Float32Array(data.length * classes);
    for (let member = 0; member < members; member++) {
      const network = this.#data.network();
      try {
        network.parameters.write(ownWeights(weights, member));
        const own = await this.profileOf(stage, network, data, before);
        own.forEach((p, i) => sum[i] += p / members);
      } finally {
        network.parameters.release();
      }
    }
    return sum;
  }

  /** One network's. @param before segments that were profiled before, for progress */
  profileOf(stage: number, network: VggE, set: FoldSet | SegmentDataset, before = 0): Promise<Float32Array> {
    const data = set instanceof SegmentDataset ? set : this.#data.sets[set];
    return predictProbabilities(network, data, {
      batch: this.#data.settings.batch,
      signal: this.#hooks.signal,
      onProgress: (done) => this.#work.profile(stage, done, data.length, before),
    });
  }

  /** An error that names fold, stage, and the layer that NaN or infinity comes from. */
  async #explain(
    stage: number,
    network: VggE,
    learning: SegmentDataset,
    options: FitOptions,
    fault: NonFiniteError,
  ): Promise<Error> {
    const { signal, memory } = this.#hooks, { fold } = this.#data;
    const state = await memory?.state(stage);
    const place = await findNonFinite(network, learning, { ...options, signal }, state, fault);
    const why = place === undefined
      ? "the same steps, repeated, give finite numbers, so the device's memory or arithmetic failed"
      : `NaN or infinity appears first in ${place}: try a lower learning rate`;
    return new Error(`Fold ${ordinal(fold)}, stage ${ordinal(stage)}: ${fault.message}; ${why}`, { cause: fault });
  }
}
