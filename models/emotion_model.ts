/**
 * A model that is ready to be asked: what it is, and `predict`. The same in Deno, Node and browsers.
 */
import { readRecording } from "../dsp/recording_reader.ts";
import { resample } from "../dsp/resample.ts";
import type { FrontEnd } from "../dsp/settings.ts";
import type { Device } from "../kernels/device.ts";
import { type DeviceChoice, openDevice } from "../kernels/open_device.ts";
import { decodeModel } from "./model.ts";
import type { ModelDescription } from "./description.ts";
import { type ListenOptions, type Prediction, Predictor } from "./predictor.ts";
import { readSource, type ResolvedSource } from "./source.ts";

/** What a model runs on. */
export interface LoadOptions {
  /** Default: auto, a hardware GPU if there is one, else the processor. */
  device?: DeviceChoice;
  /** Worker threads of the cpu device; default: one a processor, and one where threads can share no memory. */
  threads?: number;
}

/** How a recording is judged. */
export type PredictOptions = Omit<ListenOptions, "onFrames">;

/**
 * A recording: the bytes of a file, of any rate and channels, wav or of another kind whose decoder's package is there
 * (`docs/recordings.md`); or samples, mono, full scale 1, of the model's rate (16 kHz) where none is given.
 */
export type Sound = Uint8Array | ArrayBuffer | Blob | Float32Array | { samples: Float32Array; sampleRate: number };

/** See the file's comment. */
export interface EmotionModel {
  /** What it is: its `model.json`. */
  readonly description: ModelDescription;
  /** What it runs on. */
  readonly device: Pick<Device, "kind" | "description">;
  /**
   * The emotion of a recording and its profile. Recordings are judged in the order of the calls.
   *
   * @throws {TypeError} if the sound is no wav file, nor samples
   * @throws {RangeError} if it is shorter than a segment (a `TooShortError`), or its rate can't be resampled
   */
  predict(sound: Sound, options?: PredictOptions): Promise<Prediction>;
  /** Ends its threads and gives its memory back. */
  close(): void;
}

/** Loads a model into this thread and those of its device. */
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

/** A model whose device was opened for it alone. */
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

/** The samples of a recording at a front end's rate. */
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
