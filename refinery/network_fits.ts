/** The networks of a fold: drawn, fitted to their labels, read back, and used for profiles. */
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

/** A network to fit. */
export interface NetworkFit {
  /** Its stage in the chain. */
  stage: number;
  /** Its number in the stage. */
  member: number;
  /** [segments, emotions] */
  labels: Float32Array;
  /** Labels each view. */
  teacher?: Teacher;
  /** Its training segments; default: the fold's. */
  learning?: SegmentDataset;
  /** Epochs after which the fit ends. */
  stopAfter?: number;
}

/** Adam's learning rate as a function of the finished epochs. */
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
    // never zero, otherwise the first step would change nothing
    return epoch < warmUp ? rate * Math.max(epoch / warmUp, 0.01) : rate;
  };
}

/** Fits networks, computes profiles, and reports progress. */
export class NetworkFits {
  readonly #data: FoldData;
  readonly #hooks: FoldHooks;
  readonly #work: FoldWork;

  /** @param data the segments to learn and profile */
  constructor(data: FoldData, hooks: FoldHooks) {
    [this.#data, this.#hooks] = [data, hooks];
    this.#work = new FoldWork(data, hooks.onProgress);
  }

  /**
   * Fits a new network and reads its weights.
   *
   * @param look receives the network after each epoch; awaited
   * @throws Error if a loss is not finite, with fold, stage, epoch, step and layer
   */
  async fit(
    { stage, member, labels, teacher, learning = this.#data.sets.learning, stopAfter }: NetworkFit,
    look?: (network: VggE) => Promise<void>,
  ): Promise<KeptNetwork> {
    const { batch, epochs, monitor, patience, seed, initialisation, average, labelSmoothing } = this.#data.settings;
    const { signal, onEpoch, onPause, saveEvery } = this.#hooks, { fold } = this.#data;
    // a partial fit is not saved, since it is quickly repeated
    const memory = stopAfter === undefined ? this.#hooks.memory : undefined;
    const { monitored } = this.#data.sets, validation = monitored.length > 0 ? monitored : undefined;
    const state = await memory?.state(stage, member);
    this.#data.store.setLabels(smooth(labels, this.#data.classes, labelSmoothing));
    const network = this.#data.network();
    // the first network of a stage has the same key as when there was only one
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

  /** One network's profile. @param before segments profiled earlier, for progress */
  profileOf(stage: number, network: VggE, set: FoldSet | SegmentDataset, before = 0): Promise<Float32Array> {
    const data = set instanceof SegmentDataset ? set : this.#data.sets[set];
    return predictProbabilities(network, data, {
      batch: this.#data.settings.batch,
      signal: this.#hooks.signal,
      onProgress: (done) => this.#work.profile(stage, done, data.length, before),
    });
  }

  /** An error with fold, stage, and the layer in which NaN or infinity originates. */
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
