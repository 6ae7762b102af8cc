/**
 * A trained model in a program: load it from a folder or address, and predict. The same in Deno, Node 20 and later, and
 * browsers.
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 * import { dsp, models } from "@epr/epr";
 * const model = await models.loadModel("models/emodb", { device: "cpu" });
 * const hum = Float32Array.from({ length: 16000 }, (_, i) => 0.1 * Math.sin(i / 20));
 * const { emotion, profile } = await model.predict(dsp.encodeWav(hum, 16000)); // or samples at 16 kHz, or a Blob
 * model.close();
 * assert(model.description.emotions.includes(emotion) && profile.length % 7 === 0);
 * ```
 *
 * @module
 */
import type { EmotionModel, LoadOptions } from "./emotion_model.ts";
import { readModelFolder } from "./folder.ts";
import { decodeModel, type Model } from "./model.ts";
import { type ModelSource, resolveSource } from "./source.ts";

export type { Certainty, Threshold } from "./certainty.ts";
export {
  MODEL_FILES,
  type ModelAccuracy,
  type ModelBytes,
  type ModelConditions,
  type ModelDescription,
  type ModelFile,
  type ModelTraining,
} from "./description.ts";
export type { Departure, Domain, SOUND_STATISTICS, SoundStatistic } from "./domain.ts";
export type { EmotionModel, LoadOptions, PredictOptions, Sound } from "./emotion_model.ts";
export { judgeSpeech, type SpeechPrediction } from "./judge_speech.ts";
export { decodeModel, encodeModel, type Model, type ModelParts } from "./model.ts";
export {
  type DECIDED_BY,
  type DecisionRule,
  type Listener,
  type ListenOptions,
  type Prediction,
  Predictor,
  TooShortError,
} from "./predictor.ts";
export type { ModelFiles, ModelSource } from "./source.ts";
export { ModelError } from "./untrusted.ts";

/**
 * Loads a model and opens its device. In a page, the model runs in a worker, so that the page stays responsive.
 *
 * @param source the folder of a model, its address, or its files
 * @throws {ModelError} if there is none, or it is damaged or malicious, with the file and the fault
 * @throws {Error} if the device can't be opened
 */
export async function loadModel(source: ModelSource, options: LoadOptions = {}): Promise<EmotionModel> {
  const resolved = resolveSource(source);
  // a page loads only the code that communicates with the worker
  if ("document" in globalThis) return await (await import("./page.ts")).loadInPage(resolved, options);
  return await (await import("./emotion_model.ts")).loadHere(resolved, options);
}

/**
 * Reads a model's parts from its folder, for a {@link Predictor} on your own device.
 *
 * @throws {ModelError} if the folder contains none, or a damaged or malicious one, with the file and the fault
 */
export async function readModel(folder: string): Promise<Model> {
  return decodeModel(await readModelFolder(folder), folder);
}
