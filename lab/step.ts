/**
 * The whole training step of VGG-E: load a batch, forward, loss, backward, Adam. And where its time goes.
 *
 * The shares are found by replay: the calls of one step are written down, and then those of each kernel are run again, alone and
 * in their order, on the same buffers. What a step takes beyond the sum of these is overhead (and what its kernels lose
 * to each other's use of the caches; or gain, since replayed calls of few buffers may find them in a cache).
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

/** Steps before any is timed. */
const WARM_UP = 3;

/** Times the step of a VGG-E of this width, on a device that holds nothing else. */
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
    // WebAssembly starts in a slow tier, and a step is long: some steps before any counts
    for (let i = 0; i < WARM_UP; i++) training.step();
    for (let i = 0; i < WARM_UP; i++) training.forward();
    await watch.settle();
    calls.length = 0;
    training.step();
    const step = calls.splice(0);
    const memory = device.memory.createdBytes;

    const forward = await watch.time(() => training.forward(), signal);
    // steps are timed in between the kernels, so that both meet the machine in the same moods
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

/** What is trained: a network, and, with a preset's settings, its batch norm, views and averages. */
export interface TrainingOptions {
  /** Factor on every layer. */
  width: number;
  /** Segments a step. */
  batch: number;
  /** Emotions. */
  classes: number;
  /** Default: the plain network of the paper on segments that lie ready. */
  settings?: Settings;
  /** Where there are no settings: batch norm behind every layer but the last. */
  batchNorm?: boolean;
}

/** A network in training on noise, step by step as `fit()` takes them. */
export class Training {
  readonly #network: VggE;
  readonly #adam: Adam;
  readonly #average?: WeightAverage;
  readonly #data: ArrayDataset | SegmentDataset;
  readonly #store?: SegmentStore;
  readonly #pass: Pass;
  readonly #examples: Int32Array;

  /** Draws weights and makes a batch. */
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

  /** As `fit()` does it. */
  step(): void {
    const batch = { examples: this.#examples, count: this.#examples.length, step: 1, path: [1, 1] };
    this.#pass.step(this.#data, batch, () => {
      this.#adam.step(1e-6);
      this.#average?.update(this.#adam.steps);
    });
  }

  /** As `predictProbabilities()` does it. */
  forward(): void {
    forwardBatch(this.#network, this.#data, this.#examples, this.#examples.length);
  }

  /** Gives all its memory back. */
  release(): void {
    this.#pass.release();
    this.#data.release();
    this.#store?.release();
    this.#average?.release();
    this.#adam.release();
    this.#network.parameters.release();
  }
}

/** Utterances of noise, three seconds each, of one segment each. */
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
