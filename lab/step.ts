/**
 * Times the whole training step of VGG-E: load a batch, forward, loss, backward, Adam. It also measures how the time is
 * distributed.
 *
 * The shares are measured by replay: the calls of one step are recorded, and then each kernel's calls run again, alone and in
 * order, on the same buffers. The step's time beyond their sum is overhead. It includes what kernels lose because they compete
 * for caches. It can also be a gain, since replayed calls on few buffers may find them in a cache.
 */
import type { Features } from "../corpora/features.ts";
import { frontEnd } from "../dsp/settings.ts";
import type { Device } from "../kernels/device.ts";
import { Adam } from "../nn/adam.ts";
import { WeightAverage } from "../nn/average.ts";
import { ArrayDataset, oneHot } from "../nn/dataset.ts";
import { forwardBatch, Pass } from "../nn/pass.ts";
import { summarise, trainingFlops, VggE } from "../nn/vgg_e.ts";
import { pseudoLabels } from "../refinery/relabel.ts";
import { SegmentDataset, SegmentStore } from "../refinery/segment_dataset.ts";
import { networkOptions } from "../refinery/derived_settings.ts";
import type { Settings } from "../refinery/settings.ts";
import { noise } from "./kernels.ts";
import { type Call, recorded, repeat } from "./recorded.ts";
import type { StepResult } from "./results.ts";
import { mapSpread, spread, type Stopwatch } from "./timing.ts";
import type { Tune } from "./tuning.ts";

/** Steps before the first timed one. */
const WARM_UP = 3;

/** Times the step of a VGG-E of this width, on a device without other allocations. */
export async function benchStep(
  device: Device,
  watch: Stopwatch,
  { width, batch, classes, settings }: TrainingOptions,
  tune: Tune,
  signal?: AbortSignal,
): Promise<StepResult> {
  const calls: Call[] = [];
  const training = new Training(recorded(device, calls), { width, batch, classes, settings });
  try {
    await tune(device, () => {
      training.step();
      training.forward();
    });
    // WebAssembly starts with slow code, and a step is long, so some warm-up steps run first
    for (let i = 0; i < WARM_UP; i++) training.step();
    for (let i = 0; i < WARM_UP; i++) training.forward();
    await watch.settle();
    calls.length = 0;
    training.step();
    const step = calls.splice(0);
    const memory = device.memory.createdBytes;

    const forward = await watch.time(() => training.forward(), signal);
    // steps are timed between the kernels, so that changes in the machine's speed affect both
    const sampler = await watch.sampler(() => training.step(), signal);
    const steps: number[] = [], times: { kernel: Call["kernel"]; calls: number; seconds: number }[] = [];
    for (const kernel of new Set(step.map(({ kernel }) => kernel))) {
      const own = step.filter((call) => call.kernel === kernel);
      const { median } = await watch.time(() => {
        for (const call of own) repeat(device, call);
      }, signal);
      times.push({ kernel, calls: own.length, seconds: median });
      steps.push(await sampler.sample());
      calls.length = 0;
    }
    const seconds = spread(steps);
    const shares = times.map((row) => ({ ...row, share: row.seconds / seconds.median }));
    shares.sort((a, b) => b.seconds - a.seconds);
    return {
      seconds,
      segmentsPerSecond: mapSpread(seconds, (s) => batch / s),
      forwardSegmentsPerSecond: mapSpread(forward, (s) => batch / s),
      flops: batch * trainingFlops(summarise({ width, classes, frames: settings?.segmentFrames })),
      memory,
      shares,
      overhead: 1 - shares.reduce((sum, { share }) => sum + share, 0),
    };
  } finally {
    training.release();
  }
}

/** The model to train: a network and, with a preset's settings, its batch norm, views and averages. */
export interface TrainingOptions {
  /** Factor on every layer. */
  width: number;
  /** Segments per step. */
  batch: number;
  /** Number of emotions. */
  classes: number;
  /** Default: the paper's plain network, on prepared segments. */
  settings?: Settings;
  /** Without settings: whether a batch norm follows every layer except the last. */
  batchNorm?: boolean;
}

/** A network trained on noise, with the same steps as in `fit()`. */
export class Training {
  readonly #network: VggE;
  readonly #adam: Adam;
  readonly #average?: WeightAverage;
  readonly #data: ArrayDataset | SegmentDataset;
  readonly #store?: SegmentStore;
  readonly #pass: Pass;
  readonly #examples: Int32Array;

  /** Draws weights and prepares a batch. */
  constructor(device: Device, { width, batch, classes, settings, batchNorm }: TrainingOptions) {
    const network = settings
      ? networkOptions({ ...settings, width }, classes)
      : { width, classes, batchNorm, batchNormDense: batchNorm };
    this.#network = new VggE(device, network).initialise(1);
    this.#adam = new Adam(this.#network.parameters);
    this.#average = settings?.average ? new WeightAverage(this.#network.parameters, settings.average) : undefined;
    if (settings) {
      const features = noiseFeatures(settings, batch, classes), everyone = features.utterances.map((_, i) => i);
      this.#store = new SegmentStore(device, features);
      this.#store.setLabels(pseudoLabels(features.utterances, features.segmentStart.length, classes));
      this.#data = new SegmentDataset(this.#store, everyone, { mean: 0, deviation: 1 }, { ...settings, stride: 1 });
    } else {
      const shape = this.#network.inputShape, labels = Int32Array.from({ length: batch }, (_, i) => i % classes);
      const x = noise(batch * shape.reduce((a, b) => a * b), 1);
      this.#data = new ArrayDataset(device, x, oneHot(labels, classes), shape);
    }
    this.#pass = new Pass(this.#network, batch);
    this.#examples = Int32Array.from({ length: batch }, (_, i) => i);
  }

  /** One step as in `fit()`. */
  step(): void {
    const batch = { examples: this.#examples, count: this.#examples.length, step: 1, path: [1, 1] };
    this.#pass.step(this.#data, batch, () => {
      this.#adam.step(1e-6);
      this.#average?.update(this.#adam.steps);
    });
  }

  /** A forward pass as in `predictProbabilities()`. */
  forward(): void {
    forwardBatch(this.#network, this.#data, this.#examples, this.#examples.length);
  }

  /** Releases all its memory. */
  release(): void {
    this.#pass.release();
    this.#data.release();
    this.#store?.release();
    this.#average?.release();
    this.#adam.release();
    this.#network.parameters.release();
  }
}

/** Utterances of noise, three seconds each, with one segment each. */
function noiseFeatures({ segmentFrames }: Settings, count: number, classes: number): Features {
  const frameCount = 300, { nMels } = frontEnd;
  const utterances = Array.from({ length: count }, (_, i) => ({
    ...{ id: String(i), emotion: i % classes, speaker: "", text: "", digest: "", seconds: 3 },
    ...{ firstFrame: i * frameCount, frameCount, firstSegment: i, segmentCount: 1 },
  }));
  return {
    emotions: Array.from({ length: classes }, (_, k) => `emotion ${k}`),
    frames: noise(count * frameCount * nMels, 1),
    utterances,
    segmentHop: frameCount,
    segmentFrames,
    padded: 0,
    segmentStart: Int32Array.from(utterances, ({ firstFrame }) => firstFrame),
    segmentUtterance: Int32Array.from(utterances, (_, i) => i),
    seconds: 3 * count,
    skipped: [],
  };
}
