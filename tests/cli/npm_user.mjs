/**
 * What a user of the npm package does, in Node: features of a wav file, five steps of a small VGG-E on the CPU device with
 * PyTorch's losses, a forest, folds, a model that predicts, a fold trained on a folder of recordings. Prints what it found as JSON.
 *
 *     node npm_user.mjs WAV VGG_SAFETENSORS FOREST_SAFETENSORS MODEL_FOLDER
 */
import { readFile } from "node:fs/promises";
import { corpora, dsp, forest, kernels, models, nn, refinery } from "@epr/epr";
import * as dspAlone from "@epr/epr/dsp";

const [wav, vgg, digits, folder] = process.argv.slice(2);

/** A safetensors file's tensors by name. */
async function readTensors(file) {
  const bytes = new Uint8Array(await readFile(file));
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length)));
  delete header.__metadata__;
  return Object.fromEntries(
    Object.entries(header).map(([name, { dtype, data_offsets: [from, to] }]) => {
      const blob = bytes.slice(8 + length + from, 8 + length + to).buffer;
      return [name, dtype === "I32" ? new Int32Array(blob) : new Float32Array(blob)];
    }),
  );
}

const { samples, seconds } = dsp.decodeRecording(new Uint8Array(await readFile(wav)), wav);
const frames = dsp.logMel(samples);

/** Losses of five steps, as tests/nn/vgg_e_golden.ts takes them. */
async function losses(options) {
  const stored = await readTensors(vgg), device = await kernels.openDevice(options);
  const network = new nn.VggE(device, { classes: 7, width: 1 / 16 }), { parameters } = network;
  parameters.write(Object.fromEntries(parameters.specs.map(({ name }) => [name, stored[`init.${name}`]])));
  const adam = new nn.Adam(parameters), metrics = device.allocate(kernels.METRICS.length, "the loss");
  const found = [];
  for (let step = 1; step <= 5; step++) {
    device.fill({ x: metrics, length: metrics.length, value: 0 });
    const tape = new nn.Tape(device), x = tape.input([8, 64, 32, 1]), targets = tape.input([8, 7]);
    device.write(x.buffer, stored.x);
    device.write(targets.buffer, stored.target);
    tape.softmaxCrossEntropy(network.forward(tape, x), targets, { count: 8, step, metrics });
    tape.backward();
    adam.step(1e-3);
    tape.release();
    found.push((await device.read(metrics))[kernels.METRICS.loss] / 8);
  }
  const { description } = device;
  device.close();
  return { losses: found, description };
}

/** What the model says of the recording, from its folder and from its files. */
async function predicted() {
  const bytes = await readFile(wav),
    files = await Promise.all(models.MODEL_FILES.map(async (name) => {
      return [name, new Uint8Array(await readFile(`${folder}/${name}`))];
    }));
  const found = [];
  for (const source of [folder, Object.fromEntries(files)]) {
    const model = await models.loadModel(source, { threads: 2 });
    const { emotion, profile } = await model.predict(bytes);
    found.push({ emotion, profile: [...profile] });
    model.close();
  }
  return found;
}

/** A fold that is trained on a folder of recordings (`recordings` in the model's), read by two threads. */
async function trained() {
  const corpus = await corpora.openCorpus("folder", { data: `${folder}/recordings` });
  const features = await corpora.extractFeatures(corpus, { segmentHop: 8, threads: 2 });
  const settings = { ...refinery.PRESETS.demo, segmentFrames: 32, folds: 2, stages: 2, epochs: 1, width: 1 / 32 };
  const cv = new refinery.CrossValidation(features, settings);
  const device = await kernels.openDevice({ threads: 2 });
  const { stages } = await refinery.runFold(cv, 0, device);
  device.close();
  return {
    emotions: features.emotions,
    frames: [...features.frames],
    profiles: stages.map(({ profiles }) => [...profiles]),
  };
}

const { "digits.x": x, "digits.y": y } = await readTensors(digits);
const options = { features: 64, classes: 10, trees: 20, seed: 3 };
const pool = new forest.ForestPool({ threads: 2 });
const [grown, here] = [await pool.fit(x, y, options), forest.RandomForest.fit(x, y, options)];
await pool.close();

const utterances = Array.from({ length: 40 }, (_, i) => ({ emotion: i % 2, speaker: `s${i % 5}` }));
const settings = { ...refinery.PRESETS.paper, folds: 5, split: "speaker" };
const folds = refinery.assignFolds(utterances, ["anger", "neutral"], settings);

console.log(JSON.stringify({
  seconds,
  folds: [...folds],
  predictions: await predicted(),
  trained: await trained(),
  frames: frames.length / dsp.frontEnd.nMels,
  sum: frames.reduce((a, b) => a + b, 0),
  same: dspAlone.logMel === dsp.logMel,
  one: await losses({ device: "cpu", threads: 1 }),
  three: await losses({ threads: 3 }),
  noGpu: await kernels.openDevice({ device: "webgpu" }).then(() => "", (error) => error.message),
  right: grown.predict(x).filter((label, i) => label === y[i]).length / y.length,
  sameForest: JSON.stringify(grown) === JSON.stringify(here),
}));
