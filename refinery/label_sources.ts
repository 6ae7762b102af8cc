/**
 * Sources of the next stage's labels: a source provides probabilities for the training segments, and `relabel.ts` turns these into
 * labels.
 *
 *     in-sample      the stage's networks, which have learned these segments: the paper's reading
 *     snapshot       its first network after a quarter of its epochs, before it memorises its labels
 *     cross-fit      four networks, each applied to the quarter of the training utterances that it has not learned
 *     teacher-view   the stage's networks in-sample and, while the next stage learns, the first of them for the same augmented view
 *
 * The method `uniform` uses no probabilities: its labels combine the utterance's label and a uniform distribution.
 */
import type { Features } from "../corpora/features.ts";
import type { FoldData } from "./fold_data.ts";
import type { FoldMemory } from "./fold_hooks.ts";
import { CROSS_FIT, PARTS, SNAPSHOT } from "./fold_work.ts";
import type { NetworkFits } from "./network_fits.ts";
import { type NetworkWeights, ownWeights } from "./network_weights.ts";
import { meanEntropy, refineLabels, temper } from "./relabel.ts";
import type { FoldStage } from "./results.ts";
import type { SegmentDataset, Teacher } from "./segment_dataset.ts";
import type { Method } from "./choices.ts";

/** Computes labels with a fold's networks. */
export class LabelSources {
  readonly #data: FoldData;
  readonly #fits: NetworkFits;
  readonly #memory?: FoldMemory;

  /** @param fits the networks of the fold, and the means to fit further ones */
  constructor(data: FoldData, fits: NetworkFits, memory?: FoldMemory) {
    [this.#data, this.#fits, this.#memory] = [data, fits, memory];
  }

  /** Whether the labels come from the finished networks of a stage, not from others. */
  get asksNetworks(): boolean {
    const { labelsFrom } = this.#data.settings;
    return labelsFrom === "in-sample" || labelsFrom === "teacher-view";
  }

  /**
   * The labels of the stage after this one, [segments, emotions].
   *
   * @param labels the training labels of this stage
   * @param weights this stage's networks
   */
  async refine(
    stage: number,
    labels: Float32Array,
    weights: NetworkWeights,
    method: Method = this.#data.settings.method,
  ): Promise<Float32Array> {
    const { labelsFrom, temperature } = this.#data.settings;
    const { features: { segmentStart }, classes: K, training, sets } = this.#data;
    const all = new Float32Array(segmentStart.length * K);
    const put = (set: SegmentDataset, profiles: Float32Array) =>
      set.segments.forEach((s, row) => all.set(profiles.subarray(row * K, (row + 1) * K), s * K));
    if (labelsFrom === "cross-fit") await this.#crossFit(stage, labels, put);
    else {
      const teachers = labelsFrom === "snapshot" ? await this.#snapshot(stage, labels) : weights;
      put(sets.training, await this.#fits.profile(stage, teachers, "training"));
    }
    return refineLabels(method, temper(all, K, temperature), training, K);
  }

  /** Profiles each quarter of the training utterances with a network that learned the other three. */
  async #crossFit(
    stage: number,
    labels: Float32Array,
    put: (set: SegmentDataset, profiles: Float32Array) => void,
  ): Promise<void> {
    const { cv, fold, indices } = this.#data, memory = this.#memory;
    const parts = cv.parts(fold, PARTS);
    for (let part = 0; part < PARTS; part++) {
      const without = (all: readonly number[]) => all.filter((i) => parts.get(i) !== part);
      const learning = this.#data.dataset(without(indices.learning), true);
      const own = this.#data.dataset([...parts.keys()].filter((i) => parts.get(i) === part));
      try {
        const member = CROSS_FIT + part, known = await memory?.network(stage, member);
        const network = known ?? await this.#fits.fit({ stage, member, labels, learning });
        if (!known) await memory?.keepNetwork(stage, member, network);
        put(own, await this.#fits.profile(stage, network.weights, own));
      } finally {
        learning.release();
        own.release();
      }
    }
  }

  /** The first network of a stage after a quarter of its epochs: fitted again up to that point. */
  async #snapshot(stage: number, labels: Float32Array): Promise<NetworkWeights> {
    const stopAfter = Math.max(1, Math.round(SNAPSHOT * this.#data.settings.epochs));
    return (await this.#fits.fit({ stage, member: 0, labels, stopAfter })).weights;
  }

  /** Runs a function with a teacher that labels views: the first network of a stage. */
  async withTeacher<T>(weights: NetworkWeights, use: (teacher: Teacher) => Promise<T>): Promise<T> {
    const { method, temperature } = this.#data.settings, network = this.#data.network();
    try {
      network.parameters.write(ownWeights(weights, 0));
      return await use({ network, temperature, share: method === "pEPR" ? 1 / 2 : 1 });
    } finally {
      network.parameters.release();
    }
  }

  /** The entropy of soft labels, and their distance from the truth if that is known. */
  describe(stage: number, labels: Float32Array): Pick<FoldStage, "labelEntropy" | "labelError" | "labelErrorUniform"> {
    const { features, classes: K, training } = this.#data, { segments } = this.#data.sets.training;
    const { method } = this.#data.settings, keepsLabel = method === "pEPR" || method === "uniform";
    const uniform = keepsLabel
      ? refineLabels("uniform", labels, training, K)
      : new Float32Array(labels.length).fill(1 / K);
    return {
      labelEntropy: meanEntropy(labels, segments, K),
      labelError: truthDistance(labels, features, segments),
      ...(stage > 0 && { labelErrorUniform: truthDistance(uniform, features, segments) }),
    };
  }
}

/** Mean Brier score of the labels against the segments' true emotions, if the corpus knows these. */
function truthDistance(labels: Float32Array, features: Features, segments: Int32Array): number | undefined {
  const { segmentTruth, emotions: { length: K } } = features;
  if (!segmentTruth) return undefined;
  let sum = 0;
  for (const s of segments) {
    for (let k = 0; k < K; k++) sum += (labels[s * K + k] - (segmentTruth[s] === k ? 1 : 0)) ** 2;
  }
  return sum / segments.length;
}
