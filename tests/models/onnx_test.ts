/**
 * ONNX files of models give the same results in third-party runtimes as in EPR.
 *
 * EPR_ONNX=all tests every utterance of Emo-DB, instead of one in five.
 */
import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import { openSynthetic } from "../../corpora/synthetic.ts";
import { LEVELLING } from "../../dsp/levelling.ts";
import { logMel } from "../../dsp/log_mel.ts";
import { decodeRecording } from "../../dsp/recording.ts";
import { segmentCount, segmentView } from "../../dsp/segments.ts";
import { readModel } from "../../models/mod.ts";
import type { Model } from "../../models/model.ts";
import { notAbove } from "../../forest/packed.ts";
import { encodeNetwork, encodeWhole } from "../../models/onnx/mod.ts";
import { type Prediction, Predictor } from "../../models/predictor.ts";
import { uniformWeights } from "../../nn/parameters.ts";
import { vggEParameters } from "../../nn/vgg_e.ts";
import { withFolder } from "../corpora/folders.ts";
import { cpu } from "../devices.ts";
import { emodbDir, noEmodb } from "../emodb.ts";
import { checkOnnx, missingRuntimes, pythonWithOnnx, runRuntime, type RuntimeOutput } from "./runtimes.ts";
import { trainTinyModel } from "./tiny_model.ts";

const missing = await missingRuntimes(), python = await pythonWithOnnx(), emodb = emodbDir();
const shipped = join(import.meta.dirname!, "..", "..", "models", "emodb");
const RUNTIMES = ["onnxruntime-node", "onnxruntime-web"] as const;

/** A model's two files, recordings, and EPR's results for them. */
interface RuntimeAnswers {
  folder: string;
  /** [segments, emotions] of the first recording. */
  network: Float32Array;
  predictions: Prediction[];
}

const floats = (values: Float32Array) => new Uint8Array(values.buffer, values.byteOffset, values.byteLength);

/** Writes the runtimes' input, and computes EPR's results. */
async function ask(folder: string, model: Model, recordings: readonly Float32Array[]): Promise<RuntimeAnswers> {
  const predictor = new Predictor(model, await cpu.open()), predictions: Prediction[] = [];
  for (const [i, samples] of recordings.entries()) {
    await Deno.writeFile(join(folder, `${String(i).padStart(4, "0")}.samples`), floats(samples));
    predictions.push(await predictor.predict(samples));
  }
  const { frontEnd, segmentHop } = model.description, frames = logMel(recordings[0], frontEnd);
  const segments = Float32Array.from(
    Array.from(
      { length: segmentCount(frames.length / frontEnd.nMels, segmentHop, frontEnd) },
      (_, s) => [...segmentView(frames, s, segmentHop, frontEnd)],
    ).flat(),
  );
  await Deno.writeFile(join(folder, "segments.f32"), floats(segments));
  await Deno.writeFile(join(folder, "network.onnx"), encodeNetwork(model));
  await Deno.writeFile(join(folder, "whole.onnx"), encodeWhole(model));
  predictor.close();
  return { folder, network: predictions[0].profile, predictions };
}

/** The largest difference; NaN if a value is not a number, or the lists differ in length. */
function difference(found: readonly number[], wanted: ArrayLike<number>): number {
  if (found.length !== wanted.length) return NaN;
  return found.reduce((most, value, i) => Math.max(most, Math.abs(value - wanted[i])), 0);
}

/** Throws if a runtime's result differs from EPR's. */
function compare({ network, predictions }: RuntimeAnswers, found: RuntimeOutput, runtime: string): void {
  assertEquals(found.recordings.length, predictions.length);
  assert(
    difference(found.network, network) <= 1e-5,
    `${runtime}, the network: ${difference(found.network, network)}`,
  );
  for (const [i, { emotion, probabilities, profile }] of predictions.entries()) {
    const own = found.recordings[i], where = `${runtime}, recording ${i}`;
    assertEquals(own.emotion, emotion, where);
    assert(difference(own.probabilities, probabilities) <= 1e-4, `${where}: ${own.probabilities}`);
    assert(difference(own.profile, profile) <= 1e-4, `${where}: a profile that differs`);
  }
}

let trained: ReturnType<typeof trainTinyModel> | undefined;

/** Trained once for all tests of this file. */
async function tinyModel(): Promise<Model> {
  trained ??= trainTinyModel(await cpu.open());
  return (await trained).model;
}

/** Some seconds of buzzes, all of different lengths. */
async function buzzes(): Promise<Float32Array[]> {
  const { utterances } = openSynthetic(7, { utterances: 5, speakers: 1 });
  return await Promise.all(utterances.map(async ({ read }) => (await read()).samples));
}

/** A network with batch norm on segments of 64 frames, whose weights and running moments are drawn. */
function withLongSegments({ description, forest }: Model): Model {
  const frontEnd = { ...description.frontEnd, segmentFrames: 64 };
  const options = { ...description.network.options, frames: 64, batchNorm: true }, parameters = vggEParameters(options);
  const weights = uniformWeights("he", parameters, 3);
  for (const { name } of parameters) {
    if (name.endsWith(".moments")) weights[name].forEach((_, i, all) => all[i] += 0.2 + 0.1 * Math.sin(i));
    if (name.endsWith(".beta")) weights[name].forEach((_, i, all) => all[i] = 0.1 * Math.cos(i));
  }
  const network = { kind: "vgg-e" as const, options, parameters: [] };
  return { description: { ...description, frontEnd, network, segmentHop: 3 }, weights, forest };
}

/** A model that brings recordings to one level, measured over their first 150 frames. */
function withOneLevel({ description, weights, forest }: Model): Model {
  const frontEnd = { ...description.frontEnd, levelling: { ...LEVELLING, frames: 150 } };
  return { description: { ...description, frontEnd }, weights, forest };
}

for (const runtime of RUNTIMES) {
  Deno.test({
    name: `a model's ONNX files give in ${runtime} what the model gives${missing ? ` (${missing})` : ""}`,
    ignore: missing !== undefined,
    async fn() {
      const model = await tinyModel(), recordings = await buzzes();
      recordings.push(recordings[0].slice(0, 400 + 39 * 160)); // 40 frames: less than a segment of 64
      recordings.push(recordings[1].map((x) => x / 20000)); // more than 40 dB too quiet
      for (const own of [model, withLongSegments(model), withOneLevel(model)]) {
        await withFolder({}, async (folder) => {
          const asked = await ask(folder, own, recordings);
          compare(asked, await runRuntime(runtime, folder), runtime);
        });
      }
    },
  });
}

Deno.test({
  name: `the shipped model's ONNX files give for Emo-DB what the model gives${missing ? ` (${missing})` : ""}${
    emodb ? "" : ` (${noEmodb})`
  }`,
  ignore: missing !== undefined || emodb === undefined,
  async fn() {
    const step = Deno.env.get("EPR_ONNX") === "all" ? 1 : 5, wavs = join(emodb!, "wav");
    const names = [...Deno.readDirSync(wavs)].map(({ name }) => name).filter((name) => name.endsWith(".wav")).sort();
    const chosen = names.filter((_, i) => i % step === 0);
    assertEquals(chosen.length, Math.ceil(535 / step));
    const recordings = chosen.map((name) => decodeRecording(Deno.readFileSync(join(wavs, name)), name).samples);
    await withFolder({}, async (folder) => {
      const asked = await ask(folder, await readModel(shipped), recordings);
      for (const runtime of RUNTIMES) compare(asked, await runRuntime(runtime, folder), runtime);
    });
  },
});

Deno.test({
  name: `onnx's own checker finds no fault, and every node has a name${
    python ? "" : " (no Python with onnx here: ONNX_PYTHON)"
  }`,
  ignore: python === undefined,
  async fn() {
    const model = await readModel(shipped);
    await withFolder({}, async (folder) => {
      const nodes: string[][] = [];
      for (const bytes of [encodeNetwork(model), encodeWhole(model), encodeWhole(withOneLevel(model))]) {
        const file = join(folder, `${nodes.length}.onnx`);
        await Deno.writeFile(file, bytes);
        nodes.push(await checkOnnx(python!, file));
      }
      const [network, whole, levelled] = nodes;
      assert(nodes.flat().every((node) => /^\w+ [a-z]\w*(\.\w+)*$/.test(node)), nodes.flat().join());
      for (const node of ["Conv conv1", "Conv conv16", "MaxPool pool5", "Gemm dense1", "Softmax probabilities"]) {
        assert(network.includes(node), node);
      }
      for (const node of ["STFT spectrum", "MatMul mel", "Softmax profile", "TreeEnsembleClassifier votes"]) {
        assert(whole.includes(node), node);
      }
      for (const node of ["TopK level.places", "Mul mel.levelled"]) assert(levelled.includes(node), node);
    });
  },
});

Deno.test("a tree's threshold is rounded to float32 without moving any number to the other side", () => {
  for (const threshold of [0.2, 0.1, 1 / 3, 0.5, 0, 1e-46, -1e-46, 2 ** -149, -0.2, -1 / 3, 1e-40, 1 - 2 ** -30]) {
    const found = notAbove(threshold), bits = new Int32Array(Float32Array.of(found).buffer);
    // floats of one sign are ordered like their bits
    const above = found === 0 ? 2 ** -149 : new Float32Array(Int32Array.of(bits[0] + (found > 0 ? 1 : -1)).buffer)[0];
    assert(found === Math.fround(found) && found <= threshold && above > threshold, `${threshold}: ${found}`);
  }
});
