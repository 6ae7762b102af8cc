/**
 * Runs the ONNX files of a model and prints what they give, as JSON.
 *
 *     node run.mjs onnxruntime-node|onnxruntime-web FOLDER
 *
 * The folder holds network.onnx, whole.onnx, segments.f32 (float32 [N, frames, bands]) and recordings of float32 samples (*.samples).
 */
import { readdir, readFile } from "node:fs/promises";
import path from "node:path";

const [runtime, folder] = process.argv.slice(2), { InferenceSession, Tensor, env } = await import(runtime);
env.wasm.numThreads = 1; // of onnxruntime-web
const options = { intraOpNumThreads: 1 };

const open = async (file) =>
  await InferenceSession.create(new Uint8Array(await readFile(path.join(folder, file))), options);

async function readFloats(file) {
  const bytes = await readFile(path.join(folder, file));
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
}

const network = await open("network.onnx"), [{ shape: [, frames, bands] }] = network.inputMetadata;
const segments = await readFloats("segments.f32");
const shape = [segments.length / (frames * bands), frames, bands];
const { probabilities } = await network.run({ segments: new Tensor("float32", segments, shape) });

const whole = await open("whole.onnx"), recordings = [];
for (const file of (await readdir(folder)).filter((name) => name.endsWith(".samples")).sort()) {
  const samples = await readFloats(file);
  const found = await whole.run({ samples: new Tensor("float32", samples, [samples.length]) });
  recordings.push({
    file,
    emotion: found.emotion.data[0],
    probabilities: [...found.probabilities.data],
    profile: [...found.profile.data],
  });
}
console.log(JSON.stringify({ network: [...probabilities.data], recordings }));
