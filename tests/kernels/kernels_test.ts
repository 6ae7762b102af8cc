/**
 * Every kernel on every device: PyTorch's stored values, then fifty random shapes per kernel compared with the
 * definitions.
 */
import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { createReferenceDevice } from "../../kernels/reference_device.ts";
import { SIGNATURES } from "../../kernels/methods.ts";
import { type KernelName, KERNELS, METRICS } from "../../kernels/table.ts";
import { Random, randomKey, threefry2x32 } from "../../kernels/random.ts";
import { cpu, cpuPaths, definitions, onEach, webgpu } from "../devices.ts";
import { readGolden } from "../golden.ts";
import { assertClose, define, runOn } from "./compare.ts";
import { drawCall } from "./draw.ts";

const golden = await readGolden("ops.safetensors");
const batchNorms = await readGolden("batch_norm.safetensors");
const stored = (name: string) => Float64Array.from(golden[name].data);
const cases = (
  op: string,
) => [...new Set(Object.keys(golden).filter((k) => k.startsWith(`${op}.`)).map((k) => k.split(".")[1]))];
const EVERYWHERE = [definitions, cpu, webgpu, ...cpuPaths];

for (const name of cases("conv")) {
  onEach(EVERYWHERE, `conv2d(), its gradients: PyTorch's case ${name}`, async (device) => {
    const [batch, height, width, channelsIn] = golden[`conv.${name}.x`].shape;
    const shape = { batch, height, width, channelsIn, channelsOut: golden[`conv.${name}.b`].shape[0] };
    const [x, weights, bias, dy, y, dx, dWeights, dBias] = ["x", "w", "b", "dy", "y", "dx", "dw", "db"]
      .map((key) => stored(`conv.${name}.${key}`));
    assertClose(await runOn(device, "conv2d", { ...shape, x, weights, bias, y, relu: false }), { y }, 1e-5, "conv2d");
    const rectified = y.map((value) => Math.max(0, value));
    const relu = await runOn(device, "conv2d", { ...shape, x, weights, bias, y, relu: true });
    assertClose(relu, { y: rectified }, 1e-5, "conv2d with ReLU");
    assertClose(
      await runOn(device, "conv2dInputGradient", { ...shape, dy, weights, dx }),
      { dx },
      1e-5,
      "to the input",
    );
    const toWeights = await runOn(device, "conv2dWeightGradient", { ...shape, x, dy, dWeights, dBias });
    assertClose(toWeights, { dWeights, dBias }, 1e-5, "to the weights");
  });
}

for (const name of cases("maxpool")) {
  onEach(EVERYWHERE, `maxPool(), its gradient: PyTorch's case ${name}`, async (device) => {
    const [batch, height, width, channels] = golden[`maxpool.${name}.x`].shape;
    const shape = { batch, height, width, channels };
    const [x, y, dy, dx] = ["x", "y", "dy", "dx"].map((key) => stored(`maxpool.${name}.${key}`));
    assertClose(await runOn(device, "maxPool", { ...shape, x, y }), { y }, 0, "maxPool");
    assertClose(await runOn(device, "maxPoolGradient", { ...shape, x, dy, dx }), { dx }, 0, "maxPoolGradient");
  });
}

for (const name of cases("dense")) {
  onEach(EVERYWHERE, `matmul() as a dense layer and its gradients: PyTorch's case ${name}`, async (device) => {
    const [n, i] = golden[`dense.${name}.x`].shape, o = golden[`dense.${name}.b`].shape[0];
    const [x, w, bias, dy, y, dx, dw, db] = ["x", "w", "b", "dy", "y", "dx", "dw", "db"].map((k) =>
      stored(`dense.${name}.${k}`)
    );
    const forward = await runOn(device, "matmul", { a: x, b: w, bias, c: y, m: n, n: o, k: i });
    assertClose(forward, { c: y }, 1e-5, "x w + b");
    const toInput = await runOn(device, "matmul", { a: dy, b: w, transposeB: true, c: dx, m: n, n: i, k: o });
    assertClose(toInput, { c: dx }, 1e-5, "dy w^T");
    const toWeights = await runOn(device, "matmul", { a: x, transposeA: true, b: dy, c: dw, m: i, n: o, k: n });
    assertClose(toWeights, { c: dw }, 1e-5, "x^T dy");
    assertClose(
      await runOn(device, "columnSums", { x: dy, sums: db, rows: n, columns: o }),
      { sums: db },
      1e-5,
      "columns",
    );
  });
}

for (const name of cases("softmax_cross_entropy")) {
  onEach(EVERYWHERE, `softmaxCrossEntropy(): PyTorch's case ${name}`, async (device) => {
    const [logits, targets, loss, probabilities, dLogits] = ["logits", "target", "loss", "probability", "dlogits"]
      .map((key) => stored(`softmax_cross_entropy.${name}.${key}`));
    const [rows, classes] = golden[`softmax_cross_entropy.${name}.logits`].shape;
    const metrics = new Float64Array(METRICS.length);
    const args = { logits, targets, probabilities, dLogits, metrics, rows, classes, count: rows, step: 1 };
    const found = await runOn(device, "softmaxCrossEntropy", args);
    assertClose(found, { probabilities, dLogits }, 1e-5, name);
    assertClose({ loss: [found.metrics[METRICS.loss] / rows] }, { loss }, 1e-5, name);
    assertEquals(found.metrics[METRICS.badStep], 0);
    assertClose(
      await runOn(device, "softmax", { logits, probabilities, rows, classes }),
      { probabilities },
      1e-5,
      name,
    );
  });
}

onEach(
  EVERYWHERE,
  "softmaxCrossEntropy() keeps the number of the first step whose loss is not finite",
  async (device) => {
    for (const bad of [NaN, Infinity, -Infinity]) {
      for (const badStep of [0, 3]) {
        const found = await runOn(device, "softmaxCrossEntropy", {
          logits: new Float64Array([1, bad, 0, 0]),
          targets: new Float64Array([0.5, 0.5, 1, 0]),
          probabilities: new Float64Array(4),
          dLogits: new Float64Array(4),
          metrics: new Float64Array([0, 0, 0, badStep]),
          rows: 2,
          classes: 2,
          count: 2,
          step: 7,
        });
        assertStrictEquals(found.metrics[METRICS.badStep], badStep || 7, `logit ${bad}`);
      }
    }
  },
);

for (const name of ["a", "b", "c"]) {
  onEach(EVERYWHERE, `moments(), normalise(), its gradient, blend(): PyTorch's batch norm ${name}`, async (device) => {
    const of = (key: string) => Float64Array.from(batchNorms[`batch_norm.${name}.${key}`].data);
    const columns = of("gamma").length, rows = of("x").length / columns;
    const [x, gamma, beta, dy, moments, running] = ["x", "gamma", "beta", "dy", "moments", "running"].map(of);
    const [y, inference, dx, dGamma, dBeta, blended] = ["y", "inference", "dx", "dgamma", "dbeta", "blended"].map(of);
    assertClose(await runOn(device, "moments", { x, moments, rows, columns }), { moments }, 1e-5, "moments");
    const shape = { x, gamma, rows, columns, epsilon: 1e-3 };
    const training = await runOn(device, "normalise", { ...shape, moments, beta, y, relu: false });
    assertClose(training, { y }, 1e-5, "normalise");
    const later = await runOn(device, "normalise", { ...shape, moments: running, beta, y, relu: true });
    assertClose(
      later,
      { y: inference.map((value) => Math.max(0, value)) },
      1e-5,
      "normalise by running averages, ReLU",
    );
    const gradient = await runOn(device, "normaliseGradient", {
      ...{ ...shape, dy, moments, dx, dGamma, dBeta, count: rows },
    });
    assertClose(gradient, { dx, dGamma, dBeta }, 1e-5, "normaliseGradient");
    const blend = await runOn(device, "blend", { x: moments, y: running, length: 2 * columns, share: 0.1 });
    assertClose(blend, { y: blended }, 1e-5, "blend");
  });
}

onEach([cpu, webgpu], "write(), kernels and read() keep their order", async (device) => {
  const buffer = device.allocate(1000, "test"), total = device.allocate(1, "test");
  for (let round = 1; round <= 5; round++) {
    device.write(buffer, new Float32Array(1000).fill(round));
    device.add({ a: buffer, b: buffer, y: buffer, length: 1000 });
    device.sum({ x: buffer, total, length: 1000 });
    device.write(buffer, new Float32Array(1000).fill(NaN)); // must not overtake the sum
    if (round % 2) assertEquals(await device.read(total), new Float32Array([2000 * round]));
  }
  device.release(buffer);
  device.release(total);
});

onEach([cpu, webgpu], "kernels work on slices, and only there", async (device) => {
  const whole = device.allocate(192, "test");
  device.fill({ x: whole, length: 192, value: 1 });
  device.fill({ x: whole.slice(64, 50), length: 50, value: 2 });
  const values = await device.read(whole);
  assertEquals([values[63], values[64], values[113], values[114]], [1, 2, 2, 1]);
  assertEquals([...await device.read(whole.slice(64, 3))], [2, 2, 2]);
  device.release(whole);
});

onEach([definitions, cpu, webgpu], "sizes, buffers and options are refused in the same words", async (device) => {
  const x = device.allocate(200, "x"), y = device.allocate(64, "y");
  const fault = (call: () => void, type: typeof RangeError | typeof TypeError, words: string) =>
    assertStrictEquals(assertThrows(call, type).message, words);
  const stranger = createReferenceDevice().allocate(200, "a stranger");
  if (device.kind === "reference") device.relu({ x: stranger, y, length: 64 }); // all in one memory
  else {
    fault(
      () => device.relu({ x: stranger, y, length: 64 }),
      TypeError,
      "relu: x: expected a buffer of this device, found one of another device",
    );
  }
  fault(
    () => device.fill({ x, length: 201, value: 0 }),
    RangeError,
    "fill: x: expected [length], 201 words, found a buffer of 200",
  );
  const pool = { batch: 2, height: 5, width: 4, channels: 5 };
  fault(
    () => device.maxPoolGradient({ ...pool, x, dy: y.slice(0, 39), dx: device.allocate(200, "dx") }),
    RangeError,
    "maxPoolGradient: dy: expected [batch, floor(height/2), floor(width/2), channels], 40 words, found a buffer of 39",
  );
  for (const length of [0, -1, 1.5, NaN, 2 ** 32]) {
    const found = () => device.fill({ x, length, value: 0 });
    fault(found, RangeError, `fill: length: expected a whole number >= 1, found ${length}`);
  }
  fault(
    () => device.softmax({ logits: x, probabilities: y, rows: 1, classes: 65 }),
    RangeError,
    "softmax: classes: expected a whole number from 1 to 64, found 65",
  );
  const norm = { x, dy: x, moments: y, gamma: y, dx: x, dGamma: y, dBeta: y, rows: 2, columns: 3, epsilon: 1 };
  fault(
    () => device.normaliseGradient({ ...norm, count: 3 }),
    RangeError,
    "normaliseGradient: count: expected a whole number from 1 to rows, 2, found 3",
  );
  fault(
    () => device.dropout({ x, y: x, length: 10, rate: 1, key: [0, 0] }),
    RangeError,
    "dropout: rate: expected a number >= 0 and < 1, found 1",
  );
  // errors that the compiler would report
  const untyped = device as unknown as Record<string, (args: unknown) => void>;
  fault(() => untyped.relu({ x, length: 10 }), TypeError, "relu: y: expected a buffer of this device, found nothing");
  fault(() => untyped.fill({ x, length: 10 }), TypeError, "fill: value: expected a number, found undefined");
  fault(
    () => untyped.dropout({ x, y, length: 10, rate: 0, key: 7 }),
    TypeError,
    "dropout: key: expected a key of two words, found 7",
  );
  fault(
    () => untyped.matmul({ a: x, b: x, c: y, m: 1, n: 1, k: 1, relu: 1 }),
    TypeError,
    "matmul: relu: expected true, false or nothing, found 1",
  );
  fault(
    () => device.write(y, new Float32Array(65)),
    RangeError,
    "write(): expected 65 words, found a buffer of 64",
  );
  fault(() => x.slice(32, 10), RangeError, "slice(): offset: expected a multiple of 64 words, found 32");
  fault(
    () => x.slice(64, 137),
    RangeError,
    "slice(): expected a part of the 200 words of the buffer, found 137 words from 64 on",
  );
  await device.read(x); // no failing work was enqueued
});

onEach(
  [definitions, cpu, webgpu],
  "what a kernel writes overlaps nothing but what it may be in place of",
  async (device) => {
    const whole = device.allocate(256, "whole"), part = (offset: number, length = 64) => whole.slice(offset, length);
    device.fill({ x: whole, length: 256, value: -1 });
    device.add({ a: part(0), b: part(64), y: part(64), length: 64 }); // in place
    device.relu({ x: part(0), y: part(128), length: 64 }); // adjacent
    const values = await device.read(whole);
    assertEquals([values[0], values[64], values[128], values[192]], [-1, -2, 0, -1]);
    const fault = (call: () => void, words: string) =>
      assertStrictEquals(assertThrows(call, RangeError).message, words);
    fault(
      () => device.copy({ x: part(0, 100), y: part(64, 100), length: 100 }),
      "copy: y: expected a buffer apart from x, found one that overlaps it",
    );
    fault(
      () => device.relu({ x: part(0, 100), y: part(0), length: 64 }),
      "relu: y: expected x itself or a buffer apart from x, found one that overlaps it",
    );
    const moments = { gradients: part(128), m: part(0), v: part(0), rate: 1, beta1: 0, beta2: 0, epsilon: 1 };
    fault(
      () => device.adam({ ...moments, weights: part(64), length: 64 }),
      "adam: m: expected a buffer apart from v, found one that overlaps it",
    );
    device.release(whole);
  },
);

onEach(
  EVERYWHERE,
  "dropout() drops a word that is half a step below its rate, and keeps one half a step above",
  async (device) => {
    const key = [...randomKey(3)], x = Float64Array.of(1), word = threefry2x32([key[0], key[1]], [0, 0])[0];
    for (const [offset, kept] of [[-0.5, 1], [0, 1], [0.5, 0]]) {
      const rate = (word + offset) / 2 ** 32, args = { x, y: new Float64Array(1), length: 1, rate, key };
      const { y } = await runOn(device, "dropout", args);
      assertEquals(y[0] > 0 ? 1 : 0, kept, `rate ${offset} steps from the word`);
    }
  },
);

for (const kernel of Object.keys(KERNELS) as KernelName[]) {
  onEach(
    [cpu, webgpu, ...cpuPaths],
    `${kernel}() agrees with the definition on fifty random shapes`,
    async (device) => {
      for (let draw = 0; draw < 50; draw++) {
        const args = drawCall(
          new Random(draw, kernel.length, kernel.charCodeAt(kernel.length - 1)),
          SIGNATURES[kernel],
        );
        const what = JSON.stringify(args, (_, v) => ArrayBuffer.isView(v) ? undefined : v);
        assertClose(await runOn(device, kernel, args), define(kernel, args), 1e-5, `${kernel} ${what}`);
      }
    },
  );
}
