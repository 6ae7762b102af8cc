/**
 * What the stages of a fold share, and each step of its chain: labels, a network fitted to them, profiles, the next labels.
 * `fold.ts` says in which order.
 */
import type { Features, FeatureUtterance } from "../corpora/features.ts";
import type { Device } from "../kernels/device.ts";
import {
  cosineRate,
  findNonFinite,
  fit,
  type FitOptions,
  type FitResult,
  learningRateAt,
  NonFiniteError,
  predictProbabilities,
  VggE,
  vggEParameters,
} from "../nn/mod.ts";
import type { FoldHooks, FoldProgress, KeptNetwork, StageOutput } from "./fold.ts";
import { assignParts, drawValidation } from "./folds.ts";
import { meanEntropy, pseudoLabels, refineLabels, smooth, temper } from "./relabel.ts";
import type { FoldStage } from "./results.ts";
import { scaleFrames } from "./scaling.ts";
import { SegmentDataset, SegmentStore, type Standardisation, standardise } from "./segment_dataset.ts";
import { checkSettings, networkOptions, type Settings } from "./settings.ts";

/** Random streams of a fold, keyed by (seed, purpose, fold, stage); those of further networks of a stage by their number, too. */
const WEIGHTS = 3, SHUFFLING = 4, WEIGHTS_OF_MEMBERS = 8, SHUFFLING_MEMBERS = 9;

/** Parts of the training utterances in cross-fitting, and the number of the first of its networks in a stage. */
const PARTS = 4, CROSS_FIT = 100;

/** Share of the epochs after which a snapshot is taken. */
const SNAPSHOT = 1 / 4;

/** Which member a weight is of, from its name: none for the first. */
const MEMBER = /^member-(\d+)\./;

/** A network's weights by name; those of further members as `member-2.conv1.w`. */
export type NetworkWeights = Record<string, Float32Array>;

/** A weight's name among those of all members. @param member from 0 */
const memberName = (member: number, name: string) => member === 0 ? name : `member-${member + 1}.${name}`;

/** The weights of one member, by their own names. @param member from 0 */
function ownWeights(weights: NetworkWeights, member: number): NetworkWeights {
  const own = Object.entries(weights).filter(([name]) => Number(MEMBER.exec(name)?.[1] ?? 1) === member + 1);
  return Object.fromEntries(own.map(([name, values]) => [name.replace(MEMBER, ""), values]));
}

/** The networks of a stage. */
export interface FittedStage {
  /** Of all members. */
  weights: NetworkWeights;
  /** Their shapes. */
  shapes: Record<string, readonly number[]>;
  /** How the first was fitted. */
  fitted: FitResult;
}

/** One network to be fitted. */
export interface NetworkFit {
  /** From 1. */
  stage: number;
  /** Its number in the stage, from 0. */
  member: number;
  /** [segments, emotions] */
  labels: Float32Array;
  /** Weights of the network that labels each view. */
  teacher?: NetworkWeights;
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

/** A fold's utterances, their segments on the device, and its settings. */
export class Chain {
  readonly #features: Features;
  readonly #settings: Settings;
  readonly #fold: number;
  readonly #hooks: FoldHooks;
  readonly #indices: Record<"learning" | "validation" | "training", number[]>;
  readonly #training: FeatureUtterance[];
  readonly #scaling: Standardisation;
  readonly #store: SegmentStore;
  /** Segments that are learned from, and monitored; all of the utterances for validation, of both, and of neither. */
  readonly #sets: Record<"learning" | "monitored" | "validation" | "training" | "heldOut", SegmentDataset>;
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
    checkSettings(settings);
    if (features.segmentFrames !== settings.segmentFrames) {
      throw new RangeError(
        `segmentFrames: expected features of ${settings.segmentFrames} frames a segment, found ${features.segmentFrames} ` +
          "(extractFeatures(corpus, segmentation(settings)))",
      );
    }
    if ((features.level ?? "none") !== settings.level) {
      throw new RangeError(
        `level: expected features of level ${settings.level}, found ${features.level ?? "none"} ` +
          "(extractFeatures(corpus, segmentation(settings)))",
      );
    }
    [this.#settings, this.#fold, this.#hooks] = [settings, fold, hooks];
    const everyone = features.utterances.map((_, i) => i);
    const heldOut = everyone.filter((i) => folds[i] === fold);
    const training = everyone.filter((i) => folds[i] !== fold);
    const { learning, validation } = drawValidation(features.utterances, training, settings, fold);
    features = scaleFrames(features, training, settings.scaling);
    this.#features = features;
    this.#indices = { learning, validation, training };
    this.#training = training.map((i) => features.utterances[i]);
    this.#scaling = standardise(features, training);
    this.#store = new SegmentStore(device, features);
    this.#sets = {
      learning: this.#dataset(learning, true),
      monitored: new SegmentDataset(this.#store, validation, this.#scaling, { stride: strideOf(settings, features) }),
      validation: this.#dataset(validation),
      training: this.#dataset(training),
      heldOut: this.#dataset(heldOut),
    };
  }

  /** @param learning whether a network learns from it: then its segments are fewer, and changed each time */
  #dataset(utterances: number[], learning = false): SegmentDataset {
    const options = learning ? { ...this.#settings, stride: strideOf(this.#settings, this.#features) } : {};
    return new SegmentDataset(this.#store, utterances, this.#scaling, options);
  }

  /** What a stage learns from, [segments, emotions]: from the stage before, as it was kept, or made again of its networks. */
  async labels(stage: number): Promise<Float32Array> {
    const { segmentStart, emotions } = this.#features, { memory } = this.#hooks;
    if (stage === 1) return pseudoLabels(this.#training, segmentStart.length, emotions.length);
    const kept = await memory?.labels(stage);
    if (kept) return kept;
    const { labelsFrom } = this.#settings, before = await this.labels(stage - 1);
    const needed = labelsFrom === "in-sample" || labelsFrom === "teacher-view";
    return await this.refine(stage - 1, before, needed ? await this.weights(stage - 1) : {});
  }

  /** The networks of a finished stage: as they were kept, or fitted again where their weights are not there. */
  async weights(stage: number): Promise<NetworkWeights> {
    const kept = await this.#hooks.memory?.weights(stage);
    if (kept) return kept;
    const before = stage > 1 ? await this.weights(stage - 1) : undefined;
    return (await this.fitStage(stage, await this.labels(stage), before)).weights;
  }

  /**
   * The networks of a stage, fitted to its labels: `members` of them, each with a start of its own.
   *
   * @param labels [segments, emotions]
   * @param before weights of the stage before, which label the very view that a network learns from where the settings say so
   * @param look after each epoch, at what the first network has become; it is waited for
   */
  async fitStage(
    stage: number,
    labels: Float32Array,
    before?: NetworkWeights,
    look?: (network: VggE) => Promise<void>,
  ): Promise<FittedStage> {
    const { members, labelsFrom } = this.#settings, { memory } = this.#hooks;
    const teacher = labelsFrom === "teacher-view" ? before : undefined;
    if (teacher) labels = await this.labels(1);
    const specs = vggEParameters(networkOptions(this.#settings, this.#features.emotions.length));
    const weights: NetworkWeights = {}, shapes: FittedStage["shapes"] = {};
    let fitted: FitResult | undefined;
    for (let member = 0; member < members; member++) {
      const known = members > 1 ? await memory?.network(stage, member) : undefined;
      const network = known ?? await this.fit({ stage, member, labels, teacher }, member === 0 ? look : undefined);
      if (members > 1 && !known) await memory?.keepNetwork(stage, member, network);
      for (const { name, shape } of specs) {
        weights[memberName(member, name)] = network.weights[name];
        shapes[memberName(member, name)] = shape;
      }
      fitted ??= network.fitted;
    }
    return { weights, shapes, fitted: fitted! };
  }

  /**
   * Fits a fresh network, and reads it.
   *
   * @param look after each epoch, at what the network has become; it is waited for
   */
  async fit(
    { stage, member, labels, teacher, learning = this.#sets.learning, stopAfter }: NetworkFit,
    look?: (network: VggE) => Promise<void>,
  ): Promise<KeptNetwork> {
    const { batch, epochs, monitor, patience, seed, initialisation, average, labelSmoothing } = this.#settings;
    const { signal, onEpoch, saveEvery } = this.#hooks, fold = this.#fold;
    // a part of a fit that is kept elsewhere is soon made again
    const memory = stopAfter === undefined ? this.#hooks.memory : undefined;
    const { monitored } = this.#sets, validation = monitored.length > 0 ? monitored : undefined;
    const state = await memory?.state(stage, member);
    this.#store.setLabels(smooth(labels, this.#features.emotions.length, labelSmoothing));
    const network = this.#network();
    // the first network of a stage is drawn as it was when there was one only
    const path = [fold, stage, ...member > 0 ? [member] : []];
    const options: FitOptions = {
      ...{ batch, epochs, monitor, patience, average, stopAfter, signal, state, saveEvery },
      learningRate: rateOf(this.#settings),
      path: [seed, member > 0 ? SHUFFLING_MEMBERS : SHUFFLING, ...path],
      onProgress: ({ epoch, step, steps, loss, earliest }) =>
        this.#tellFit(stage, member, epoch, step / steps, earliest + 1, loss),
      onEpoch: (epoch) => {
        if (stopAfter === undefined) onEpoch?.({ ...epoch, fold, stage, ...(member > 0 && { member }) });
        return look?.(network);
      },
      save: memory && ((state) => memory.keepState(stage, state, member)),
    };
    const draw = () => network.draw(initialisation, seed, member > 0 ? WEIGHTS_OF_MEMBERS : WEIGHTS, ...path);
    const teaching = teacher && this.#teach(learning, teacher);
    try {
      const fitted = await fit(draw(), learning, validation, options).catch(async (error) => {
        throw error instanceof NonFiniteError ? await this.#explain(stage, draw(), learning, options, error) : error;
      });
      this.#epochsRun = fitted.epochs.length;
      return { weights: await network.parameters.read(), fitted };
    } finally {
      teaching?.release();
      network.parameters.release();
    }
  }

  /** The mean of the networks' probabilities for the segments of a set, [segments, emotions]. @param weights of all members */
  async profile(
    stage: number,
    weights: NetworkWeights,
    set: "heldOut" | "training" | "validation" | SegmentDataset,
  ): Promise<Float32Array> {
    const data = set instanceof SegmentDataset ? set : this.#sets[set];
    const members = 1 + Math.max(0, ...Object.keys(weights).map((name) => Number(MEMBER.exec(name)?.[1] ?? 1) - 1));
    const before = set === "training" ? this.#sets.heldOut.length : 0;
    const sum = new Float32Array(data.length * this.#features.emotions.length);
    for (let member = 0; member < members; member++) {
      const own = await this.#with(weights, member, (network) => this.profileOf(stage, network, data, before));
      own.forEach((p, i) => sum[i] += p / members);
    }
    return sum;
  }

  /** One network's. @param before segments that were profiled before, for progress */
  profileOf(
    stage: number,
    network: VggE,
    set: "validation" | SegmentDataset,
    before = 0,
  ): Promise<Float32Array> {
    const data = set instanceof SegmentDataset ? set : this.#sets[set];
    return predictProbabilities(network, data, {
      batch: this.#settings.batch,
      signal: this.#hooks.signal,
      onProgress: (done) => this.#tellProfile(stage, done, data.length, before),
    });
  }

  /**
   * Makes the next stage's labels, from probabilities for the training segments, and keeps them.
   *
   * @param labels those that this stage learned from
   * @param weights this stage's networks
   */
  async refine(stage: number, labels: Float32Array, weights: NetworkWeights): Promise<Float32Array> {
    const { labelsFrom, method, temperature } = this.#settings;
    const { segmentStart, emotions: { length: K } } = this.#features, { training } = this.#sets;
    const all = new Float32Array(segmentStart.length * K);
    const put = (set: SegmentDataset, profiles: Float32Array) =>
      set.segments.forEach((s, row) => all.set(profiles.subarray(row * K, (row + 1) * K), s * K));
    if (labelsFrom === "cross-fit") await this.#crossFit(stage, labels, put);
    else {
      const teachers = labelsFrom === "snapshot" ? await this.#snapshot(stage, labels) : weights;
      put(training, await this.profile(stage, teachers, "training"));
    }
    const refined = refineLabels(method, temper(all, K, temperature), this.#training, K);
    await this.#hooks.memory?.keepLabels(stage + 1, refined);
    return refined;
  }

  /** Each quarter of the training utterances is profiled by a network that learned the other three. */
  async #crossFit(
    stage: number,
    labels: Float32Array,
    put: (set: SegmentDataset, profiles: Float32Array) => void,
  ): Promise<void> {
    const { memory } = this.#hooks, { seed, split } = this.#settings;
    const parts = assignParts(this.#features, this.#indices.training, { parts: PARTS, split, seed }, this.#fold);
    for (let part = 0; part < PARTS; part++) {
      const without = (all: readonly number[]) => all.filter((i) => parts.get(i) !== part);
      const learning = this.#dataset(without(this.#indices.learning), true);
      const own = this.#dataset([...parts.keys()].filter((i) => parts.get(i) === part));
      try {
        const member = CROSS_FIT + part, known = await memory?.network(stage, member);
        const network = known ?? await this.fit({ stage, member, labels, learning });
        if (!known) await memory?.keepNetwork(stage, member, network);
        put(own, await this.profile(stage, network.weights, own));
      } finally {
        learning.release();
        own.release();
      }
    }
  }

  /** The first network of a stage as it was after a quarter of its epochs: fitted again up to there. */
  async #snapshot(stage: number, labels: Float32Array): Promise<NetworkWeights> {
    const stopAfter = Math.max(1, Math.round(SNAPSHOT * this.#settings.epochs));
    return (await this.fit({ stage, member: 0, labels, stopAfter })).weights;
  }

  /** Lets a dataset ask a network for labels. */
  #teach(learning: SegmentDataset, weights: NetworkWeights): { release(): void } {
    const { method, temperature } = this.#settings, network = this.#network();
    network.parameters.write(ownWeights(weights, 0));
    learning.teacher = { network, temperature, share: method === "pEPR" ? 1 / 2 : 1 };
    return {
      release() {
        learning.teacher = undefined;
        network.parameters.release();
      },
    };
  }

  /** Runs what is given with a network that has the weights of one member. */
  async #with<T>(weights: NetworkWeights, member: number, use: (network: VggE) => Promise<T>): Promise<T> {
    const network = this.#network();
    try {
      network.parameters.write(ownWeights(weights, member));
      return await use(network);
    } finally {
      network.parameters.release();
    }
  }

  /** How soft labels are, and how far from the truth where it is known. */
  describe(stage: number, labels: Float32Array): Pick<FoldStage, "labelEntropy" | "labelError" | "labelErrorUniform"> {
    const { segments } = this.#sets.training, { length: K } = this.#features.emotions, { method } = this.#settings;
    const keepsLabel = method === "pEPR" || method === "uniform";
    const uniform = keepsLabel
      ? refineLabels("uniform", labels, this.#training, K)
      : new Float32Array(labels.length).fill(1 / K);
    return {
      labelEntropy: meanEntropy(labels, segments, K),
      labelError: truthDistance(labels, this.#features, segments),
      ...(stage > 1 && { labelErrorUniform: truthDistance(uniform, this.#features, segments) }),
    };
  }

  /** A finished stage, to be saved. */
  output(result: FoldStage, { weights, shapes }: FittedStage): StageOutput {
    return { fold: this.#fold, result, weights, shapes, standardisation: this.#scaling };
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
  async #explain(
    stage: number,
    network: VggE,
    learning: SegmentDataset,
    options: FitOptions,
    fault: NonFiniteError,
  ): Promise<Error> {
    const { signal, memory } = this.#hooks, fold = this.#fold;
    const state = await memory?.state(stage);
    const place = await findNonFinite(network, learning, { ...options, signal }, state, fault);
    const why = place === undefined
      ? "the same steps made again are sound, so the device's memory or arithmetic failed"
      : `NaN or infinity is first in ${place}: try a lower learning rate`;
    return new Error(`Fold ${fold + 1}, stage ${stage}: ${fault.message}; ${why}`, { cause: fault });
  }

  /** Tells how far the fit is. @param earliest epochs after which it may stop */
  #tellFit(stage: number, member: number, epoch: number, part: number, earliest: number, loss: number): void {
    const { fitting, profiling } = this.#work(stage), { epochs, members } = this.#settings;
    const before = member < CROSS_FIT ? member : members + (member - CROSS_FIT) * (1 - 1 / PARTS);
    const each = fitting / this.#networks(stage);
    const whole = fitting + profiling, done = (before + (epoch + part) / epochs) * each;
    const [least, most] = [(before + earliest / epochs) * each - done + profiling, whole - done];
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
    return { fitting: this.#networks(stage) * epochs * learning.length, profiling: PROFILE_WORK * profiled };
  }

  /** Networks that a stage fits, those for its labels among them. */
  #networks(stage: number): number {
    return countFits(this.#settings, stage);
  }

  #tell(progress: Omit<FoldProgress, "fold">): void {
    this.#hooks.onProgress?.({ fold: this.#fold, ...progress });
  }
}

/** Work of a profile relative to training on the same segments: the forward pass is a third. */
const PROFILE_WORK = 1 / 3;

/**
 * Networks that a stage of a fold fits, as parts of one on all its training utterances: its members, and those that only make the
 * labels of the next stage.
 *
 * @param stage from 1
 */
export function countFits(
  { members, stages, labelsFrom }: Pick<Settings, "members" | "stages" | "labelsFrom">,
  stage: number,
): number {
  const labelling = labelsFrom === "cross-fit" ? PARTS - 1 : labelsFrom === "snapshot" ? SNAPSHOT : 0;
  return members + (stage < stages ? labelling : 0);
}

/** Segments from one that is learned from to the next, where profiles are denser. */
export function strideOf(
  { profileHop, segmentHop }: Pick<Settings, "profileHop" | "segmentHop">,
  features: Pick<Features, "segmentHop">,
): number {
  return profileHop > 0 ? Math.max(1, Math.round((segmentHop ?? profileHop) / features.segmentHop)) : 1;
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
