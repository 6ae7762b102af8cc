/**
 * VGG-E as an ONNX file, for `deno task bench --onnxruntime`: reads a job a line, answers a line, both JSON (see ../../rival.ts).
 *
 *     node run.mjs onnxruntime-node|onnxruntime-web
 *     {"file": "network.onnx", "batch": 128, "seconds": 5, "threads": 2}  ->  {"seconds": [0.03, ...]}
 */
import { readFile } from "node:fs/promises";
import { createInterface } from "node:readline";

const [runtime] = process.argv.slice(2);
const answer = (value) => process.stdout.write(JSON.stringify(value) + "\n");
let ort;
try {
  ort = await import(runtime);
} catch (error) {
  answer({ missing: `${error.message}; first: npm ci --ignore-scripts --prefix bench/rivals/onnxruntime` });
  process.exit(0);
}
answer({ version: ort.env.versions[runtime === "onnxruntime-node" ? "node" : "web"] });

let session, key;
for await (const line of createInterface({ input: process.stdin })) {
  const { file, batch, seconds, threads } = JSON.parse(line);
  if (key !== `${file} ${threads}`) {
    key = `${file} ${threads}`;
    await session?.release();
    ort.env.wasm.numThreads = threads;
    const options = { intraOpNumThreads: threads, interOpNumThreads: 1 };
    session = await ort.InferenceSession.create(new Uint8Array(await readFile(file)), options);
  }
  const [{ shape: [, frames, bands] }] = session.inputMetadata;
  const values = Float32Array.from({ length: batch * frames * bands }, (_, i) => Math.sin(i * i * 0.37));
  const segments = new ort.Tensor("float32", values, [batch, frames, bands]);
  const run = () => session.run({ segments });
  await run(); // warms up: the first call of each round is not counted
  const found = [], end = performance.now() + 1000 * seconds;
  while (found.length < 2 || performance.now() < end) {
    const start = performance.now();
    await run();
    found.push((performance.now() - start) / 1000);
  }
  answer({ seconds: found });
}
