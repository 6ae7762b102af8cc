/**
 * The chain of a fold, step by step: labels, networks fitted to them, profiles, the next labels. `fold.ts` defines the order;
 * `fold_data.ts` has the data, `network_fits.ts` the networks, `label_sources.ts` the labels.
 *
 * A step takes the results of earlier stages from the fold's memory, or recomputes them if they are no longer there.
 */
import type { Features, FeatureUtterance } from "../corpora/features.ts";
import type { Device } from "../kernels/device.ts";
import type { FitResult } from "../nn/fit.ts";
import { predictProbabilities } from "../nn/predict.ts";
import { type VggE, vggEParameters } from "../nn/vgg_e.ts";
import type { CrossValidation } from "./cross_validation.ts";
import { FoldData, type FoldSet } from "./fold_data.ts";
import type { FoldHooks, FoldMemory, StageOutput } from "./fold_hooks.ts";
import { LabelSources } from "./label_sources.ts";
import { NetworkFits } from "./network_fits.ts";
import { memberName, type NetworkWeights } from "./network_weights.ts";
import { pseudoLabels } from "./relabel.ts";
import type { FoldStage } from "./results.ts";
import type { Method } from "./choices.ts";
import { networkOptions } from "./derived_settings.ts";

/** The networks of a stage. */
export interface FittedStage {
  /** Weights of all members. */
  weights: NetworkWeights;
  /** Their shapes. */
  shapes: Record<string, readonly number[]>;
  /** Record of the first member's fit. */
  fitted: FitResult;
}

/** A fold's utterances, their segments on the device, and its settings. */
export class Chain {
  readonly #memory?: FoldMemory;
  readonly #data: FoldData;
  readonly #fits: NetworkFits;
  readonly #sources: LabelSources;

  /**
   * Uploads the frames; nothing is fitted yet.
   *
   * @throws OptionError if settings contradict each other, or the features do not match them
   */
  constructor(cv: CrossValidation<Features>, fold: number, device: Device, hooks: FoldHooks) {
    this.#memory = hooks.memory;
    this.#data = new FoldData(cv, fold, device);
    this.#fits = new NetworkFits(this.#data, hooks);
    this.#sources = new LabelSources(this.#data, this.#fits, hooks.memory);
  }

  /**
   * The training labels of a stage, [segments, emotions], from the stage before: as saved, or recomputed from its
   * networks.
   */
  async labels(stage: number): Promise<Float32Array> {
    const { features: { segmentStart }, classes, training } = this.#data;
    if (stage === 0) return pseudoLabels(training, segmentStart.length, classes);
    const kept = await this.#memory?.labels(stage);
    if (kept) return kept;
    const before = await this.labels(stage - 1);
    return await this.refine(stage - 1, before, this.#sources.asksNetworks ? await this.weights(stage - 1) : {});
  }

  /** The networks of a finished stage: as saved, or fitted again if their weights are missing. */
  async weights(stage: number): Promise<NetworkWeights> {
    const kept = await this.#memory?.weights(stage);
    if (kept) return kept;
    const before = stage > 0 ? await this.weights(stage - 1) : undefined;
    return (await this.fitStage(stage, await this.labels(stage), before)).weights;
  }

  /**
   * Fits a stage's networks to its labels: `members` of them, each with different initial weights.
   *
   * @param labels [segments, emotions]
   * @param before weights of the stage before, which label each augmented view if the settings require it
   * @param look receives the first network after each epoch; awaited
   */
  async fitStage(
    stage: number,
    labels: Float32Array,
    before?: NetworkWeights,
    look?: (network: VggE) => Promise<void>,
  ): Promise<FittedStage> {
    if (this.#data.settings.labelsFrom !== "teacher-view" || !before) {
      return await this.#fitMembers(stage, { labels }, look);
    }
    const own = await this.labels(0);
    return await this.#sources.withTeacher(
      before,
      (teacher) => this.#fitMembers(stage, { labels: own, teacher }, look),
    );
  }

  async #fitMembers(
    stage: number,
    given: Pick<Parameters<NetworkFits["fit"]>[0], "labels" | "teacher">,
    look?: (network: VggE) => Promise<void>,
  ): Promise<FittedStage> {
    const { members } = this.#data.settings, memory = members > 1 ? this.#memory : undefined;
    const specs = vggEParameters(networkOptions(this.#data.settings, this.#data.classes));
    const weights: NetworkWeights = {}, shapes: FittedStage["shapes"] = {};
    let fitted: FitResult | undefined;
    for (let member = 0; member < members; member++) {
      const known = await memory?.network(stage, member);
      const network = known ?? await this.#fits.fit({ stage, member, ...given }, member === 0 ? look : undefined);
      if (!known) await memory?.keepNetwork(stage, member, network);
      for (const { name, shape } of specs) {
        weights[memberName(member, name)] = network.weights[name];
        shapes[memberName(member, name)] = shape;
      }
      fitted ??= network.fitted;
    }
    return { weights, shapes, fitted: fitted! };
  }

  /** The mean of the networks' probabilities for the segments of a set, [segments, emotions]. @param weights of all members */
  profile(stage: number, weights: NetworkWeights, set: FoldSet): Promise<Float32Array> {
    return this.#fits.profile(stage, weights, set);
  }

  /** One network's profile of an utterance while it is fitted: [its segments, emotions]. */
  async watch(network: VggE, utterance: FeatureUtterance): Promise<Float32Array> {
    const own = this.#data.dataset([this.#data.features.utterances.indexOf(utterance)]);
    try {
      return await predictProbabilities(network, own, { batch: this.#data.settings.batch });
    } finally {
      own.release();
    }
  }

  /** One network's profile of a set while it is fitted. */
  profileOf(stage: number, network: VggE, set: FoldSet): Promise<Float32Array> {
    return this.#fits.profileOf(stage, network, set);
  }

  /**
   * Computes the next stage's labels from probabilities for the training segments, and saves them.
   *
   * @param labels the training labels of this stage
   * @param weights this stage's networks
   * @param method default: the settings' method
   */
  async refine(stage: number, labels: Float32Array, weights: NetworkWeights, method?: Method): Promise<Float32Array> {
    const refined = await this.#sources.refine(stage, labels, weights, method);
    await this.#memory?.keepLabels(stage + 1, refined);
    return refined;
  }

  /** The entropy of soft labels, and their distance from the truth if that is known. */
  describe(stage: number, labels: Float32Array): Pick<FoldStage, "labelEntropy" | "labelError" | "labelErrorUniform"> {
    return this.#sources.describe(stage, labels);
  }

  /** A finished stage for saving. */
  output(result: FoldStage, { weights, shapes }: FittedStage): StageOutput {
    return { fold: this.#data.fold, result, weights, shapes, standardisation: this.#data.scaling };
  }

  /** Releases the device's memory. */
  release(): void {
    this.#data.release();
  }
}
