/**
 * A corpus's segments as a dataset. Frames and labels lie on the device once; a batch is cut out of them there, so a step
 * uploads 128 numbers of segments and no more.
 */
import type { Features, FeatureUtterance } from "../corpora/features.ts";
import { frontEnd } from "../dsp/mod.ts";
import type { Device, DeviceBuffer } from "../kernels/device.ts";
import { BatchNumbers, type Dataset, isDistribution } from "../nn/mod.ts";

/** Mean and standard deviation of the values of some utterances' frames: what a fold's inputs are standardised by. */
export interface Standardisation {
  /** Mean log-mel value. */
  mean: number;
  /** Standard deviation. */
  deviation: number;
}

/** Over the frames of the given utterances alone (a fold's training utterances). */
export function standardise(features: Features, utterances: readonly number[]): Standardisation {
  let sum = 0, squares = 0, count = 0;
  for (const i of utterances) {
    const { firstFrame, frameCount } = features.utterances[i];
    const end = (firstFrame + frameCount) * frontEnd.nMels;
    for (let f = firstFrame * frontEnd.nMels; f < end; f++) {
      sum += features.frames[f];
      squares += features.frames[f] ** 2;
    }
    count += frameCount * frontEnd.nMels;
  }
  const mean = sum / count;
  return { mean, deviation: Math.sqrt(Math.max(squares / count - mean * mean, 1e-12)) };
}

/** Frames and labels of all segments on a device, shared by the datasets of a fold. */
export class SegmentStore {
  /** Where they lie. */
  readonly device: Device;
  /** What they are of. */
  readonly features: Features;
  /** Frames, [totalFrames, nMels]. */
  readonly frames: DeviceBuffer;
  /** Labels, [segments, emotions]; rewritten each stage. */
  readonly labels: DeviceBuffer;
  #labelled: Uint8Array;

  /** Uploads the frames; the labels are undefined until {@link SegmentStore.setLabels}. */
  constructor(device: Device, features: Features) {
    this.device = device;
    this.features = features;
    this.frames = device.allocate(features.frames.length, "the corpus's frames");
    this.#labelled = new Uint8Array(features.segmentStart.length);
    this.labels = device.allocate(features.segmentStart.length * features.emotions.length, "the segments' labels");
    device.write(this.frames, features.frames);
  }

  /**
   * Enqueues the upload of a stage's labels.
   *
   * @param labels [segments, emotions]; rows that no batch asks for, as those of held-out segments, may be anything
   */
  setLabels(labels: Float32Array): void {
    const K = this.features.emotions.length;
    this.#labelled = this.#labelled.map((_, s) => isDistribution(labels.subarray(s * K, (s + 1) * K)) ? 1 : 0);
    this.device.write(this.labels, labels);
  }

  /**
   * Looks whether segments have labels to learn from.
   *
   * @throws RangeError naming the first whose label is no distribution
   */
  checkLabels(segments: Int32Array): void {
    const bad = segments.find((s) => this.#labelled[s] === 0);
    if (bad === undefined) return;
    throw new RangeError(`Segment ${bad}: expected a label of probabilities that sum to 1, found none such`);
  }

  /** Gives the buffers back. */
  release(): void {
    for (const buffer of [this.frames, this.labels]) this.device.release(buffer);
  }
}

/** The segments of some utterances, in the corpus's order. */
export class SegmentDataset implements Dataset {
  readonly length: number;
  /** Which segments of the corpus these are. */
  readonly segments: Int32Array;
  readonly #store: SegmentStore;
  readonly #scaling: Standardisation;
  readonly #starts: BatchNumbers;
  readonly #rows: BatchNumbers;

  /**
   * Allocates nothing until the first batch.
   *
   * @param utterances indices into the features' utterances
   */
  constructor(store: SegmentStore, utterances: readonly number[], scaling: Standardisation) {
    this.#store = store;
    this.#scaling = scaling;
    [this.#starts, this.#rows] = [new BatchNumbers(store.device), new BatchNumbers(store.device)];
    this.segments = segmentsOf(store.features, utterances);
    this.length = this.segments.length;
  }

  load(examples: Int32Array, x: DeviceBuffer, targets?: DeviceBuffer): void {
    const { device, features, frames, labels } = this.#store;
    const batch = examples.length, { mean, deviation } = this.#scaling;
    const segments = examples.map((i) => this.segments[i]);
    const starts = this.#starts.upload(segments.map((s) => features.segmentStart[s]));
    device.gatherWindows({
      series: frames,
      starts,
      out: x,
      batch,
      height: frontEnd.nMels,
      width: frontEnd.segmentFrames,
      mean,
      scale: 1 / deviation,
    });
    if (!targets) return;
    this.#store.checkLabels(segments);
    const rows = this.#rows.upload(segments);
    device.gatherRows({ table: labels, rows, out: targets, batch, columns: features.emotions.length });
  }

  /** Gives back what the dataset itself allocated (not the store). */
  release(): void {
    this.#starts.release();
    this.#rows.release();
  }
}

/** The segments of the given utterances, in their order. */
export function segmentsOf(
  features: { utterances: readonly Pick<FeatureUtterance, "firstSegment" | "segmentCount">[] },
  utterances: readonly number[],
): Int32Array {
  return Int32Array.from(utterances.flatMap((i) => {
    const { firstSegment, segmentCount } = features.utterances[i];
    return Array.from({ length: segmentCount }, (_, s) => firstSegment + s);
  }));
}
