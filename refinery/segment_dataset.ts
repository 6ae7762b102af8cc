/**
 * A corpus's segments as a dataset. Frames and labels are stored on the device once, and batches are cut from them there. So a step
 * uploads only 128 segment indices, plus ten numbers each if there are views.
 *
 * For learning, segments are augmented (`views.ts`), pairs of them may be blended (mixup), and a teacher may label the resulting view,
 * which is the one that its student sees.
 */
import { FIT_STREAMS } from "../base/streams.ts";
import type { Features, FeatureUtterance } from "../corpora/features.ts";
import { concatenate } from "../dsp/mixdown.ts";
import { withLevel } from "../dsp/levelling.ts";
import { frontEnd } from "../dsp/settings.ts";
import type { Device, DeviceBuffer } from "../kernels/device.ts";
import { Random, randomKey } from "../kernels/random.ts";
import { VIEW } from "../kernels/table.ts";
import { BatchNumbers, type Dataset, isDistribution } from "../nn/dataset.ts";
import { inOrder } from "../nn/pass.ts";
import { Tape } from "../nn/tape.ts";
import type { Network } from "../nn/vgg_e.ts";
import type { Settings } from "./settings.ts";
import { changesSegments, drawBeta, drawView, type View, type ViewSettings } from "./views.ts";

/** Mean and standard deviation of the frame values of some utterances, which standardise a fold's inputs. */
export interface Standardisation {
  /** Mean log-mel value. */
  mean: number;
  /** Standard deviation. */
  deviation: number;
}

/** Computes the standardisation over the frames of the given utterances alone (a fold's training utterances). */
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
  /** The device that stores them. */
  readonly device: Device;
  /** Their features. */
  readonly features: Features;
  /** Frames, then those of each copy, [(1 + copies) * totalFrames, nMels]. */
  readonly frames: DeviceBuffer;
  /** Labels, [segments, emotions]; rewritten each stage. */
  readonly labels: DeviceBuffer;
  #labelled: Uint8Array;

  /** Uploads the frames; the labels are undefined until {@link SegmentStore.setLabels}. */
  constructor(device: Device, features: Features) {
    this.device = device;
    this.features = features;
    const { frames, copies = [] } = features;
    this.frames = device.allocate((1 + copies.length) * frames.length, "the corpus's frames");
    this.#labelled = new Uint8Array(features.segmentStart.length);
    this.labels = device.allocate(features.segmentStart.length * features.emotions.length, "the segments' labels");
    device.write(this.frames, copies.length === 0 ? frames : concatenate([frames, ...copies]));
  }

  /**
   * Enqueues the upload of a stage's labels.
   *
   * @param labels [segments, emotions]; rows that no batch uses, such as those of held-out segments, may have any values
   */
  setLabels(labels: Float32Array): void {
    const K = this.features.emotions.length;
    this.#labelled = this.#labelled.map((_, s) => isDistribution(labels.subarray(s * K, (s + 1) * K)) ? 1 : 0);
    this.device.write(this.labels, labels);
  }

  /**
   * Checks that segments have valid labels.
   *
   * @throws RangeError with the first segment whose label is not a distribution
   */
  checkLabels(segments: Int32Array): void {
    const bad = segments.find((s) => this.#labelled[s] === 0);
    if (bad === undefined) return;
    throw new RangeError(`Segment ${bad}: expected a label of probabilities that sum to 1, found another`);
  }

  /** Releases the buffers. */
  release(): void {
    for (const buffer of [this.frames, this.labels]) this.device.release(buffer);
  }
}

/** A network that labels another network's training examples. */
export interface Teacher {
  /** The network, used for inference. */
  network: Network;
  /** Its probabilities are raised to the power 1 / temperature. */
  temperature: number;
  /** Share of its probabilities in a label; the rest is the store's label. */
  share: number;
}

/** How a dataset selects and changes segments for learning. */
export interface LearningOptions extends ViewSettings, Pick<Settings, "mixup" | "balance"> {
  /** Step between segments for learning. */
  stride: number;
}

const PLAIN: LearningOptions = {
  stride: 1,
  randomStart: false,
  stretch: 0,
  warp: 0,
  maskBands: 0,
  maskFrames: 0,
  gain: 0,
  noise: 0,
  conditions: "clean",
  mixup: 0,
  balance: false,
};

/** The segments of some utterances, in the corpus's order. */
export class SegmentDataset implements Dataset {
  readonly length: number;
  /** The corpus's indices of these segments. */
  readonly segments: Int32Array;
  readonly #store: SegmentStore;
  readonly #scaling: Standardisation;
  readonly #options: LearningOptions;
  readonly #starts: BatchNumbers;
  readonly #views: BatchNumbers;
  readonly #rows: BatchNumbers;
  /** A further source of labels, besides the store. */
  teacher?: Teacher;

  /**
   * Allocates nothing until the first batch.
   *
   * @param utterances indices into the features' utterances
   * @param options how segments are selected, and augmented for learning; default: all segments, unchanged
   */
  constructor(
    store: SegmentStore,
    utterances: readonly number[],
    scaling: Standardisation,
    options: Partial<LearningOptions> = {},
  ) {
    this.#store = store;
    this.#scaling = scaling;
    this.#options = { ...PLAIN, ...options };
    [this.#starts, this.#views, this.#rows] = [1, 2, 3].map(() => new BatchNumbers(store.device));
    this.segments = segmentsOf(store.features, utterances, this.#options.stride);
    this.length = this.segments.length;
  }

  load(examples: Int32Array, x: DeviceBuffer, targets?: DeviceBuffer, path?: readonly number[]): void {
    const { mixup } = this.#options;
    if (!path || mixup === 0) this.#loadOne(examples, x, targets, path);
    else {
      // blends each example with the next one in the batch
      const share = 1 - drawBeta(mixup, new Random(...path, FIT_STREAMS.mixup, examples[0]));
      const other = examples.map((_, i) => examples[(i + 1) % examples.length]);
      const tape = new Tape(this.#store.device, { recording: false });
      const x2 = tape.input([x.length]), targets2 = targets && tape.input([targets.length]);
      this.#loadOne(examples, x, targets, path);
      this.#loadOne(other, x2.buffer, targets2?.buffer, path);
      this.#store.device.blend({ x: x2.buffer, y: x, length: x.length, share });
      if (targets) this.#store.device.blend({ x: targets2!.buffer, y: targets, length: targets.length, share });
      tape.release();
    }
    if (path && targets && this.teacher) this.#teach(this.teacher, x, targets);
  }

  /** With `balance`, equally many examples of each emotion; otherwise each example once. */
  order(path: readonly number[], epoch: number): Int32Array {
    if (!this.#options.balance) return new Random(...path, epoch).shuffle(inOrder(this.length));
    const { segmentUtterance, utterances, emotions } = this.#store.features;
    const own: number[][] = emotions.map(() => []);
    this.segments.forEach((s, i) => own[utterances[segmentUtterance[s]].emotion].push(i));
    const there = own.filter((examples) => examples.length > 0), order: number[] = [];
    there.forEach((examples, k) => {
      const share = Math.floor(this.length / there.length) + Number(k < this.length % there.length);
      const random = new Random(...path, epoch, FIT_STREAMS.balance, k);
      for (let taken = 0; taken < share; taken += examples.length) {
        order.push(...random.shuffle([...examples]).slice(0, share - taken));
      }
    });
    return new Random(...path, epoch).shuffle(Int32Array.from(order));
  }

  /** Cuts a batch, augmented if `path` is given, and gathers its labels. */
  #loadOne(examples: Int32Array, x: DeviceBuffer, targets?: DeviceBuffer, path?: readonly number[]): void {
    const { device, features, frames, labels } = this.#store;
    const batch = examples.length, { mean, deviation } = this.#scaling;
    const [height, width] = [frontEnd.nMels, features.segmentFrames];
    const shape = { series: frames, out: x, batch, height, width, mean, scale: 1 / deviation };
    const segments = examples.map((i) => this.segments[i]);
    let labelled = segments;
    if (path && changesSegments(this.#options)) {
      const views = this.#draw(examples, path);
      const first = (i: number) => features.utterances[features.segmentUtterance[segments[i]]].firstFrame;
      const starts = this.#starts.upload(
        Int32Array.from(views, ({ start }, i) => first(i) + start + this.#copy(examples[i], path)),
      );
      const rows = new Float32Array(batch * VIEW.length);
      views.forEach(({ row }, i) => rows.set(row, i * VIEW.length));
      const key = randomKey(...path, FIT_STREAMS.noise, examples[0]);
      const { logOffset: offset } = withLevel(frontEnd, features.level ?? "none");
      device.gatherViews({ ...shape, starts, views: this.#views.upload(rows), offset, key });
      labelled = segments.map((s, i) => this.#nearest(s, views[i]));
    } else {
      device.gatherWindows({ ...shape, starts: this.#starts.upload(segments.map((s) => features.segmentStart[s])) });
    }
    if (!targets) return;
    this.#store.checkLabels(labelled);
    const rows = this.#rows.upload(labelled);
    device.gatherRows({ table: labels, rows, out: targets, batch, columns: features.emotions.length });
  }

  /** The first row, in the store's frames, of the copy that an example is cut from: the recording itself and its copies are equally likely. */
  #copy(example: number, path: readonly number[]): number {
    const { copies = [], frames } = this.#store.features;
    if (this.#options.conditions === "clean") return 0;
    const copy = new Random(...path, FIT_STREAMS.conditions, example).below(1 + copies.length);
    return copy * frames.length / frontEnd.nMels;
  }

  #draw(examples: Int32Array, path: readonly number[]): View[] {
    const { utterances, segmentUtterance, segmentStart, segmentFrames } = this.#store.features;
    const shape = { bands: frontEnd.nMels, frames: segmentFrames };
    return Array.from(examples, (example) => {
      const segment = this.segments[example], { firstFrame, frameCount } = utterances[segmentUtterance[segment]];
      const start = segmentStart[segment] - firstFrame;
      return drawView(this.#options, { start, frameCount }, shape, path, example);
    });
  }

  /** The segment of the same utterance whose middle is nearest to a view's: the view gets its label. */
  #nearest(segment: number, { middle }: View): number {
    const { utterances, segmentUtterance, segmentHop, segmentFrames } = this.#store.features;
    const { firstSegment, segmentCount } = utterances[segmentUtterance[segment]];
    const nearest = Math.round((middle - (segmentFrames - 1) / 2) / segmentHop);
    return firstSegment + Math.min(Math.max(nearest, 0), segmentCount - 1);
  }

  /** Enqueues targets += share (teacher's probabilities for x - targets). */
  #teach({ network, temperature, share }: Teacher, x: DeviceBuffer, targets: DeviceBuffer): void {
    const { device } = this.#store, { classes, inputShape } = network, batch = targets.length / classes;
    const tape = new Tape(device, { recording: false });
    const input = tape.input([batch, ...inputShape]);
    device.copy({ x, y: input.buffer, length: x.length });
    const logits = network.forward(tape, input), length = logits.length;
    const cooled = tape.input([batch, classes]), p = tape.input([batch, classes]);
    device.fill({ x: cooled.buffer, length, value: 0 });
    device.blend({ x: logits.buffer, y: cooled.buffer, length, share: 1 / temperature });
    device.softmax({ logits: cooled.buffer, probabilities: p.buffer, rows: batch, classes });
    device.blend({ x: p.buffer, y: targets, length, share });
    tape.release();
  }

  /** Releases the dataset's own buffers (not the store). */
  release(): void {
    for (const numbers of [this.#starts, this.#views, this.#rows]) numbers.release();
  }
}

/**
 * The segments of the given utterances, in order. @param stride the step between the segments of an utterance, from its
 * first
 */
export function segmentsOf(
  features: { utterances: readonly Pick<FeatureUtterance, "firstSegment" | "segmentCount">[] },
  utterances: readonly number[],
  stride = 1,
): Int32Array {
  return Int32Array.from(utterances.flatMap((i) => {
    const { firstSegment, segmentCount } = features.utterances[i];
    return Array.from({ length: Math.ceil(segmentCount / stride) }, (_, s) => firstSegment + s * stride);
  }));
}
