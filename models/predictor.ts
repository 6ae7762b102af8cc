/**
 * What a model hears in a recording: samples come in blocks, of any sizes, and become frames, segments, a profile, and at the end
 * the emotion of the whole.
 *
 *     samples -> log-mel frames -> a batch of segments -> network -> profile [segments, emotions]
 *     profile -> its statistics -> forest -> a probability for each emotion; or the mean profile as it is
 *
 * A recording that is brought to one level is kept as frames until that level is known: ten minutes at most, 15 MB.
 *
 * While the device works on one batch, the frames of the next are made here. Of an hour of speech nothing is kept but the
 * frames of the batch to come and the profile: 10 MB. Nothing here needs more of its surroundings than a device: it runs in
 * Deno, in a browser and in Node.
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

/** Thrown for a recording that has no whole segment. */
export class TooShortError extends RangeError {
  /** Of the class. */
  override name = "TooShortError";
}

/** What decides of a whole recording: the forest, as in the paper; or the mean of its profile, without one. */
export type DecidedBy = typeof DECIDED_BY[number];
/** See {@link DecidedBy}. */
export const DECIDED_BY = ["forest", "mean"] as const;

/** What a model makes of a recording. */
export interface Prediction {
  /** The likeliest emotion. */
  emotion: string;
  /** Its probability: the mean over the forest's trees, or over the segments. */
  probability: number;
  /** Probabilities of all emotions, in the model's order. */
  probabilities: Float64Array;
  /** [segments, emotions]: the network's probabilities, segment by segment. */
  profile: Float32Array;
  /** Frames from one segment to the next. */
  segmentHop: number;
  /** Samples that were heard, in seconds. */
  seconds: number;
  /** Whether the probability is under the model's threshold; not set: the model has none. */
  unsure?: boolean;
  /** In what the recording lies far from those that the model learned from; not set: the model does not know. */
  departures?: Departure[];
  /** Set where the recording was shorter than a segment, and its last frame was repeated to the end of one. */
  padded?: boolean;
}

/** How a recording is listened to. */
export interface ListenOptions {
  /** Frames from one segment to the next; default: the model's own. */
  segmentHop?: number;
  /** What decides of the whole; default: forest. */
  decide?: DecidedBy;
  /** Whether a recording that is shorter than a segment is filled up with silence. Default no. */
  pad?: boolean;
  /** Hears of frames as they are made, [frames, nMels]: to draw them. */
  onFrames?: (frames: Float32Array) => void;
}

/** Segments that are computed together: those that are few enough for the rest, by kind of device. */
const BATCHES: Record<Device["kind"], readonly number[]> = {
  cpu: [1, 4, 16, 32, 64, 128], // a stream has one segment at a time
  webgpu: [128, 512], // each size has its own pipelines, and each reading takes 10 ms at least
  reference: [1, 16],
};

/**
 * A model on a device.
 *
 * @example
 * ```ts
 * import type { Device } from "../kernels/device.ts";
 * import type { Model } from "./model.ts";
 * async function hear(model: Model, device: Device, samples: Float32Array): Promise<string> {
 *   const predictor = new Predictor(model, device);
 *   const { emotion, probability } = await predictor.predict(samples); // mono, at 16 kHz
 *   predictor.close();
 *   return `${emotion}: ${probability}`;
 * }
 * ```
 */
export class Predictor {
  /** What it predicts with. */
  readonly model: Model;
  /** Where. */
  readonly device: Device;
  readonly #network: VggE;
  /** The frames of a batch; the longest step between segments that was asked for decides how many. */
  #frames?: DeviceBuffer;
  #starts = new Map<number, DeviceBuffer>();

  /**
   * Puts the model's weights on the device.
   *
   * @throws {Error} if its memory is short
   */
  constructor(model: Model, device: Device) {
    [this.model, this.device] = [model, device];
    this.#network = new VggE(device, model.description.network.options);
    this.#network.parameters.write(model.weights);
  }

  /** Begins to listen to a recording; several may be listened to by turns. */
  listen(options: ListenOptions = {}): Listener {
    return new Listener(this, options);
  }

  /**
   * What a recording sounds like that is there as a whole.
   *
   * @param samples [n], mono, at the model's rate: 16 kHz
   * @throws {TooShortError} if it is shorter than a segment, unless it is to be filled up
   */
  async predict(samples: Float32Array, options: ListenOptions = {}): Promise<Prediction> {
    const listener = this.listen(options);
    await listener.hear(samples);
    return await listener.end();
  }

  /** Most segments that are computed together. */
  get largestBatch(): number {
    return BATCHES[this.device.kind].at(-1)!;
  }

  /**
   * Enqueues the network for segments of some frames, and promises their probabilities, [count, emotions].
   *
   * @param frames [(count - 1) step + segmentFrames, nMels] at least
   * @param count segments, at most {@link largestBatch}
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

  /** Gives the device's memory back; the device stays open. */
  close(): void {
    for (const buffer of this.#starts.values()) this.device.release(buffer);
    if (this.#frames) this.device.release(this.#frames);
    this.#network.parameters.release();
    this.#starts.clear();
    this.#frames = undefined;
  }

  /** Where segments begin among the frames; those that fill a batch up are the last one again. */
  #segmentStarts(batch: number, count: number, step: number): DeviceBuffer {
    let buffer = this.#starts.get(batch);
    if (!buffer) this.#starts.set(batch, buffer = this.device.allocate(batch, "where segments begin"));
    this.device.write(buffer, Int32Array.from({ length: batch }, (_, s) => Math.min(s, count - 1) * step));
    return buffer;
  }
}

/** Listens to one recording. */
export class Listener {
  readonly #predictor: Predictor;
  readonly #hop: number;
  readonly #pad: boolean;
  readonly #decide: DecidedBy;
  readonly #onFrames?: (frames: Float32Array) => void;
  readonly #stream: LogMelStream;
  readonly #sound: SoundStatistics;
  /**
   * From the first frame of the next segment on: those that are held, [held, nMels]. Where segments do not touch, the frames
   * between them are passed over; `#step` is how far segments are apart here.
   */
  readonly #frames: Float32Array;
  readonly #step: number;
  #held = 0;
  /** Frames that there were in all. */
  #made = 0;
  /** Of the batches that are done, and of the one that is being computed. */
  #profile: Float32Array[] = [];
  #computing?: Promise<Float32Array>;
  /** Segments that were sent to the network, and samples heard. */
  #segments = 0;
  #samples = 0;

  /** Use {@link Predictor.listen}. */
  constructor(predictor: Predictor, { segmentHop, decide = "forest", pad = false, onFrames }: ListenOptions) {
    const { frontEnd, segmentHop: own } = predictor.model.description, hop = segmentHop ?? own;
    if (!(Number.isInteger(hop) && hop >= 1 && hop <= 1000)) {
      throw new RangeError(`segmentHop: expected a whole number of frames from 1 to 1000, found ${hop}`);
    }
    [this.#predictor, this.#hop, this.#pad, this.#onFrames] = [predictor, hop, pad, onFrames];
    this.#decide = decide;
    this.#step = Math.min(hop, frontEnd.segmentFrames);
    this.#stream = new LogMelStream(frontEnd);
    this.#sound = new SoundStatistics(frontEnd.nMels);
    this.#frames = new Float32Array(
      ((predictor.largestBatch - 1) * this.#step + frontEnd.segmentFrames) * frontEnd.nMels,
    );
  }

  /**
   * Hears the next samples. Wait for it before the next call.
   *
   * @param samples [n], mono, at the model's rate
   */
  async hear(samples: Float32Array): Promise<void> {
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
      if (this.#made++ % this.#hop >= segmentFrames && this.#hop > segmentFrames) continue;
      this.#frames.set(frames.subarray(frame, frame + nMels), this.#held++ * nMels);
      if (this.#held * nMels === this.#frames.length) await this.#compute(this.#predictor.largestBatch);
    }
  }

  /**
   * The recording is over.
   *
   * @throws {TooShortError} if it was shorter than a segment
   * @throws {ModelError} if the model gives no probabilities
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
      await this.hear(new Float32Array(enough - this.#samples));
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

  /** Sends the segments of the frames that are held to the network, when the batch before is done. */
  async #compute(count: number): Promise<void> {
    const { nMels } = this.#predictor.model.description.frontEnd;
    await this.#collect();
    this.#computing = this.#predictor.segmentProbabilities(this.#frames, count, this.#step);
    this.#computing.catch(() => {}); // whoever collects it hears
    this.#segments += count;
    const begun = count * this.#step; // frames that no later segment has
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

/** Frames of the paper's segment: what is shorter says too little, however long the model's segments are. */
const LEAST_FRAMES = 32;

/** Samples that frames are made of at a time: a second or so. */
const BLOCK = 1 << 14;
