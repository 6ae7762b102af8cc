/**
 * Applies a model to a recording: samples arrive in blocks of any size and become frames, segments, a profile, and at the end the
 * emotion of the whole.
 *
 *     samples -> log-mel frames -> a batch of segments -> network -> profile [segments, emotions]
 *     profile -> its statistics -> forest -> a probability for each emotion; or the mean profile instead
 *
 * If recordings are levelled, frames are buffered until the level is known: at most ten minutes, 15 MB.
 *
 * While the device computes one batch, this thread computes the frames of the next. Only the frames of the next batch and the
 * profile stay in memory: 10 MB for an hour of speech. The only requirement is a device, so this runs in Deno, in a browser and
 * in Node.
 */
import { LogMelStream } from "../dsp/log_mel_stream.ts";
import { segmentSeconds } from "../dsp/segments.ts";
import type { Device, DeviceBuffer } from "../kernels/device.ts";
import { Tape } from "../nn/tape.ts";
import { VggE } from "../nn/vgg_e.ts";
import { type Departure, departuresFrom, SoundStatistics } from "./domain.ts";
import type { Model } from "./model.ts";
import { argmax, meanRow } from "../refinery/relabel.ts";
import { profileStatistics } from "../refinery/statistics.ts";
import { ModelError } from "./untrusted.ts";

/** Thrown for a recording without a complete segment. */
export class TooShortError extends RangeError {
  /** The class name. */
  override name = "TooShortError";
}

/** How to decide on a whole recording: with the forest, as in the paper, or by the mean of its profile. */
export type DecisionRule = typeof DECIDED_BY[number];
/** See {@link DecisionRule}. */
export const DECIDED_BY = ["forest", "mean"] as const;

/** A model's result for a recording. */
export interface Prediction {
  /** The most likely emotion. */
  emotion: string;
  /** Its probability: the mean over the forest's trees, or over the segments. */
  probability: number;
  /** Probabilities of all emotions, in the model's order. */
  probabilities: Float64Array;
  /** [segments, emotions]: the network's probabilities, segment by segment. */
  profile: Float32Array;
  /** Frames from one segment to the next. */
  segmentHop: number;
  /** Duration of the samples received, in seconds. */
  seconds: number;
  /** Whether the probability is below the model's threshold; undefined: the model has none. */
  unsure?: boolean;
  /** How the recording differs from the model's training recordings; undefined: not known. */
  departures?: Departure[];
  /** True if the recording was shorter than a segment and its last frame was repeated. */
  padded?: boolean;
}

/** Options for processing a recording. */
export interface ListenOptions {
  /**
   * Frames from one segment to the next; default: the model's own, and at least {@link LONG_HOP} if the recording is longer than
   * {@link LONG_FRAMES}.
   */
  segmentHop?: number;
  /** How to decide on the whole; default: forest. */
  decide?: DecisionRule;
  /** Whether to pad a recording that is shorter than a segment with silence. Default no. */
  pad?: boolean;
  /** Receives frames as they are computed, [frames, nMels], for example to draw them. */
  onFrames?: (frames: Float32Array) => void;
}

/** Frames up to which a recording has a segment at every hop of the model: a minute, if a frame begins every 10 ms. */
export const LONG_FRAMES = 6000;

/** Least frames from one segment to the next in a longer recording, 100 ms: rounded up to a multiple of the model's own hop. */
export const LONG_HOP = 10;

/** Batch sizes, in segments, by kind of device; the smallest sufficient size is used. */
const BATCHES: Record<Device["kind"], readonly number[]> = {
  cpu: [1, 4, 16, 32], // a stream has one segment at a time; larger batches are no faster and take more memory
  webgpu: [128, 512], // each size requires separate pipelines, and each read takes at least 10 ms
  reference: [1, 16],
};

/**
 * A model on a device.
 *
 * @example
 * ```ts
 * import type { Device } from "../kernels/device.ts";
 * import type { Model } from "./model.ts";
 * async function predict(model: Model, device: Device, samples: Float32Array): Promise<string> {
 *   const predictor = new Predictor(model, device);
 *   const { emotion, probability } = await predictor.predict(samples); // mono, at 16 kHz
 *   predictor.close();
 *   return `${emotion}: ${probability}`;
 * }
 * ```
 */
export class Predictor {
  /** The model. */
  readonly model: Model;
  /** The device. */
  readonly device: Device;
  readonly #network: VggE;
  /** The frames of a batch; its size depends on the largest step between segments so far. */
  #frames?: DeviceBuffer;
  #starts = new Map<number, DeviceBuffer>();

  /**
   * Uploads the model's weights to the device.
   *
   * @throws {Error} if the device lacks memory
   */
  constructor(model: Model, device: Device) {
    [this.model, this.device] = [model, device];
    this.#network = new VggE(device, model.description.network.options);
    this.#network.parameters.write(model.weights);
  }

  /** Starts a recording. Several recordings may be processed alternately. */
  listen(options: ListenOptions = {}): Listener {
    return new Listener(this, options);
  }

  /**
   * Predicts the emotion of a complete recording.
   *
   * @param samples [n], mono, at the model's rate: 16 kHz
   * @throws {TooShortError} if it is shorter than a segment, unless `pad` is set
   */
  async predict(samples: Float32Array, options: ListenOptions = {}): Promise<Prediction> {
    const listener = this.listen(options);
    await listener.push(samples);
    return await listener.end();
  }

  /** Largest number of segments computed together. */
  get largestBatch(): number {
    return BATCHES[this.device.kind].at(-1)!;
  }

  /**
   * Enqueues the network for segments of some frames. Resolves to their probabilities, [count, emotions].
   *
   * @param frames [(count - 1) step + segmentFrames, nMels] at least
   * @param count number of segments, at most {@link largestBatch}
   * @param step from one segment's first frame to the next one's
   */
  async segmentProbabilities(frames: Float32Array, count: number, step: number): Promise<Float32Array> {
    const { device, model: { description } } = this, { frontEnd, standardisation, emotions } = description;
    const batch = BATCHES[device.kind].find((size) => size >= count)!, { nMels, segmentFrames } = frontEnd;
    const used = frames.subarray(0, ((count - 1) * step + segmentFrames) * nMels);
    const most = ((this.largestBatch - 1) * step + segmentFrames) * nMels;
    if (this.#frames && this.#frames.length < most) {
      device.release(this.#frames);
      this.#frames = undefined;
    }
    this.#frames ??= device.allocate(most, "the frames of a batch");
    const probabilities = device.allocate(batch * emotions.length, "the probabilities of a batch");
    try {
      device.write(this.#frames, used);
      const tape = new Tape(device, { recording: false });
      const x = tape.input([batch, nMels, segmentFrames, 1]);
      device.gatherWindows({
        series: this.#frames,
        starts: this.#segmentStarts(batch, count, step),
        out: x.buffer,
        batch,
        height: nMels,
        width: segmentFrames,
        mean: standardisation.mean,
        scale: 1 / standardisation.deviation,
      });
      const logits = this.#network.forward(tape, x);
      device.softmax({ logits: logits.buffer, probabilities, rows: batch, classes: emotions.length });
      tape.release();
      return (await device.read(probabilities)).subarray(0, count * emotions.length);
    } finally {
      device.release(probabilities);
    }
  }

  /** Releases the device's memory; the device stays open. */
  close(): void {
    for (const buffer of this.#starts.values()) this.device.release(buffer);
    if (this.#frames) this.device.release(this.#frames);
    this.#network.parameters.release();
    this.#starts.clear();
    this.#frames = undefined;
  }

  /** Start of each segment among the frames. The last segment is repeated to fill the batch. */
  #segmentStarts(batch: number, count: number, step: number): DeviceBuffer {
    let buffer = this.#starts.get(batch);
    if (!buffer) this.#starts.set(batch, buffer = this.device.allocate(batch, "where segments begin"));
    this.device.write(buffer, Int32Array.from({ length: batch }, (_, s) => Math.min(s, count - 1) * step));
    return buffer;
  }
}

/** Processes one recording. */
export class Listener {
  readonly #predictor: Predictor;
  #hop: number;
  /** By how much the hop grows if the recording turns out to be long; 1: it does not. */
  readonly #growth: number;
  readonly #pad: boolean;
  readonly #decide: DecisionRule;
  readonly #onFrames?: (frames: Float32Array) => void;
  readonly #stream: LogMelStream;
  readonly #sound: SoundStatistics;
  /**
   * Buffered frames from the next segment's first frame on, [held, nMels]. If segments do not touch, the frames between them
   * are dropped; `#step` is the resulting distance between segments.
   */
  #frames: Float32Array;
  #step: number;
  #held = 0;
  /** Number of frames so far. */
  #made = 0;
  /** Profiles of the finished batches, and of the current one. */
  #profile: Float32Array[] = [];
  #computing?: Promise<Float32Array>;
  /** Number of segments sent to the network, and number of samples received. */
  #segments = 0;
  #samples = 0;

  /** Use {@link Predictor.listen}. */
  constructor(predictor: Predictor, { segmentHop, decide = "forest", pad = false, onFrames }: ListenOptions) {
    const { frontEnd, segmentHop: own } = predictor.model.description, hop = segmentHop ?? own;
    if (!(Number.isInteger(hop) && hop >= 1 && hop <= 1000)) {
      throw new RangeError(`segmentHop: expected a whole number of frames from 1 to 1000, found ${hop}`);
    }
    [this.#predictor, this.#hop, this.#pad, this.#onFrames] = [predictor, hop, pad, onFrames];
    this.#growth = segmentHop === undefined ? Math.max(1, Math.ceil(LONG_HOP / own)) : 1;
    this.#decide = decide;
    this.#step = Math.min(hop, frontEnd.segmentFrames);
    this.#stream = new LogMelStream(frontEnd);
    this.#sound = new SoundStatistics(frontEnd.nMels);
    this.#frames = this.#newFrames();
  }

  /** Room for the frames of the largest batch. */
  #newFrames(): Float32Array {
    const { largestBatch, model: { description: { frontEnd } } } = this.#predictor;
    return new Float32Array(((largestBatch - 1) * this.#step + frontEnd.segmentFrames) * frontEnd.nMels);
  }

  /**
   * Processes the next samples. Await it before the next call.
   *
   * @param samples [n], mono, at the model's rate
   */
  async push(samples: Float32Array): Promise<void> {
    for (let at = 0; at < samples.length; at += BLOCK) {
      const block = samples.subarray(at, at + BLOCK);
      this.#samples += block.length;
      await this.#take(this.#stream.push(block));
    }
  }

  /** Takes the next frames, log-mel, [frames, nMels]. */
  async #take(frames: Float32Array): Promise<void> {
    const { nMels, segmentFrames } = this.#predictor.model.description.frontEnd;
    if (frames.length > 0) this.#onFrames?.(frames);
    this.#sound.push(frames);
    for (let frame = 0; frame < frames.length; frame += nMels) {
      if (this.#made === LONG_FRAMES && this.#growth > 1) await this.#coarsen();
      if (this.#made++ % this.#hop >= segmentFrames && this.#hop > segmentFrames) continue;
      this.#frames.set(frames.subarray(frame, frame + nMels), this.#held++ * nMels);
      if (this.#held * nMels === this.#frames.length) await this.#compute(this.#predictor.largestBatch);
    }
  }

  /**
   * Ends the recording.
   *
   * @throws {TooShortError} if it was shorter than a segment
   * @throws {ModelError} if the model's output is not probabilities
   */
  async end(): Promise<Prediction> {
    const { description, forest } = this.#predictor.model, { frontEnd, emotions } = description;
    const { segmentFrames, hopLength, windowLength, sampleRate } = frontEnd;
    const seconds = this.#samples / sampleRate;
    await this.#take(this.#stream.finish());
    let padded = false;
    if (this.#segments === 0 && this.#held < segmentFrames && this.#held >= LEAST_FRAMES && !this.#pad) {
      const { nMels } = frontEnd, last = this.#frames.slice((this.#held - 1) * nMels, this.#held * nMels);
      for (; this.#held < segmentFrames; this.#held++) this.#frames.set(last, this.#held * nMels);
      padded = true;
    }
    if (this.#segments === 0 && this.#held < segmentFrames) {
      const enough = (segmentFrames - 1) * hopLength + windowLength;
      if (!this.#pad || this.#samples === 0) {
        const least = segmentSeconds({ ...frontEnd, segmentFrames: Math.min(LEAST_FRAMES, segmentFrames) });
        throw new TooShortError(
          `expected at least ${Math.ceil(1000 * least)} ms of sound, found ${Math.floor(1000 * seconds)} ms`,
        );
      }
      await this.push(new Float32Array(enough - this.#samples));
      await this.#take(this.#stream.finish());
    }
    if (this.#held >= segmentFrames) await this.#compute(1 + Math.floor((this.#held - segmentFrames) / this.#step));
    await this.#collect();
    const profile = new Float32Array(this.#segments * emotions.length);
    let at = 0;
    for (const part of this.#profile) {
      profile.set(part, at);
      at += part.length;
    }
    const probabilities = this.#decide === "mean"
      ? meanRow(profile, 0, this.#segments, emotions.length)
      : forest.predictProbabilities(profileStatistics(profile, emotions.length));
    const likeliest = argmax(probabilities), { certainty, domain } = description;
    const threshold = certainty?.[this.#decide], sound = this.#sound.values;
    return {
      emotion: emotions[likeliest],
      probability: probabilities[likeliest],
      probabilities,
      profile,
      segmentHop: this.#hop,
      seconds,
      ...(threshold && { unsure: probabilities[likeliest] < threshold.probability }),
      ...(domain && sound && { departures: departuresFrom(domain, sound) }),
      ...(padded && { padded }),
    };
  }

  /**
   * Makes the hop larger, once, when the recording turns out to be long. Of the segments so far every growth-th stays, so that the
   * profile has one hop, the same as if it had been known from the beginning.
   */
  async #coarsen(): Promise<void> {
    const { frontEnd: { nMels, segmentFrames }, emotions: { length: K } } = this.#predictor.model.description;
    if (this.#held >= segmentFrames) await this.#compute(1 + Math.floor((this.#held - segmentFrames) / this.#step));
    await this.#collect();
    const growth = this.#growth, ahead = (growth - this.#segments % growth) % growth * this.#step;
    const fine = Float32Array.from(this.#profile.flatMap((part) => [...part]));
    this.#segments = Math.ceil(this.#segments / growth);
    const kept = new Float32Array(this.#segments * K);
    for (let s = 0; s < this.#segments; s++) kept.set(fine.subarray(s * growth * K, (s * growth + 1) * K), s * K);
    this.#profile = [kept];
    const held = this.#frames.subarray(ahead * nMels, this.#held * nMels);
    [this.#hop, this.#step, this.#held] = [this.#hop * growth, this.#step * growth, this.#held - ahead];
    this.#frames = this.#newFrames();
    this.#frames.set(held);
  }

  /** Sends the segments of the buffered frames to the network when the previous batch is done. */
  async #compute(count: number): Promise<void> {
    const { nMels } = this.#predictor.model.description.frontEnd;
    await this.#collect();
    this.#computing = this.#predictor.segmentProbabilities(this.#frames, count, this.#step);
    this.#computing.catch(() => {}); // whoever collects it gets the error
    this.#segments += count;
    const begun = count * this.#step; // drop frames that no later segment contains
    this.#frames.copyWithin(0, begun * nMels, this.#held * nMels);
    this.#held -= begun;
  }

  async #collect(): Promise<void> {
    const profile = await this.#computing;
    this.#computing = undefined;
    if (!profile) return;
    if (!profile.every(Number.isFinite)) {
      throw new ModelError(
        `${this.#predictor.model.description.name}: expected probabilities from its network, found other numbers`,
      );
    }
    this.#profile.push(profile);
  }
}

/** Length of the paper's segment: shorter recordings are too short, whatever the model's segment length. */
const LEAST_FRAMES = 32;

/** Samples processed at a time: about a second. */
const BLOCK = 1 << 14;
