/** A model that is ready to use: its description, and `predict`. The same in Deno, Node and browsers. */
import { readRecording } from "../dsp/recording_reader.ts";
import { resample } from "../dsp/resample.ts";
import type { FrontEnd } from "../dsp/settings.ts";
import type { Device } from "../kernels/device.ts";
import { type DeviceChoice, openDevice } from "../kernels/open_device.ts";
import { decodeModel } from "./model.ts";
import type { ModelDescription } from "./description.ts";
import { type ListenOptions, type Prediction, Predictor } from "./predictor.ts";
import { readSource, type ResolvedSource } from "./source.ts";

/** Options of the model's device. */
export interface LoadOptions {
  /** Default: auto, which selects a hardware GPU if there is one, otherwise the processor. */
  device?: DeviceChoice;
  /** Number of worker threads of the cpu device; default: one per processor, or one if threads can't share memory. */
  threads?: number;
}

/** Options of a prediction. */
export type PredictOptions = Omit<ListenOptions, "onFrames">;

/**
 * A recording: the bytes of a file with any rate and channels, wav or another format whose decoder's package is
 * installed (`docs/recordings.md`); or mono samples with full scale 1, by default at the model's rate (16 kHz).
 */
export type Sound = Uint8Array | ArrayBuffer | Blob | Float32Array | { samples: Float32Array; sampleRate: number };

/** A loaded model: see the top of this file. */
export interface EmotionModel {
  /** Its description: the contents of `model.json`. */
  readonly description: ModelDescription;
  /** The device that it uses. */
  readonly device: Pick<Device, "kind" | "description">;
  /**
   * Predicts the emotion of a recording and its profile. Calls are processed in order.
   *
   * @throws {TypeError} if the sound is neither a recording nor samples
   * @throws {RangeError} if it is shorter than a segment (a `TooShortError`), or its rate can't be resampled
   */
  predict(sound: Sound, options?: PredictOptions): Promise<Prediction>;
  /** Terminates its threads and releases its memory. */
  close(): void;
}

/** Loads a model in this thread and its device's threads. */
export async function loadHere(source: ResolvedSource, options: LoadOptions = {}): Promise<EmotionModel> {
  const { bytes, name } = await readSource(source), model = decodeModel(bytes, name);
  const device = await openDevice(options);
  try {
    return new ModelHere(new Predictor(model, device));
  } catch (error) {
    device.close();
    throw error;
  }
}

/** A model with its own device. */
class ModelHere implements EmotionModel {
  readonly description: ModelDescription;
  readonly device: Device;
  readonly #predictor: Predictor;
  #before: Promise<unknown> = Promise.resolve();

  constructor(predictor: Predictor) {
    this.#predictor = predictor;
    [this.description, this.device] = [predictor.model.description, predictor.device];
  }

  predict(sound: Sound, options: PredictOptions = {}): Promise<Prediction> {
    const predicting = this.#before.then(async () => {
      const samples = await samplesOf(sound, this.description.frontEnd);
      return await this.#predictor.predict(samples, options);
    });
    this.#before = predicting.catch(() => {}); // the caller receives the error
    return predicting;
  }

  close(): void {
    this.#predictor.close();
    this.device.close();
  }
}

/** Converts a recording to samples at a front end's rate. */
async function samplesOf(sound: Sound, frontEnd: FrontEnd): Promise<Float32Array> {
  if (sound instanceof Float32Array) return sound;
  if (sound instanceof Blob) return await samplesOf(new Uint8Array(await sound.arrayBuffer()), frontEnd);
  if (sound instanceof ArrayBuffer) return await samplesOf(new Uint8Array(sound), frontEnd);
  if (sound instanceof Uint8Array) return (await readRecording(sound, "the recording", frontEnd)).samples;
  if (!(sound?.samples instanceof Float32Array)) {
    throw new TypeError("A recording: expected the bytes of a recording, a Float32Array or { samples, sampleRate }");
  }
  return resample(sound.samples, sound.sampleRate, frontEnd.sampleRate);
}
