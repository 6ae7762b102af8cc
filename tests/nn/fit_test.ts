/** Fitting: it learns, stops early with its best weights, pads the last batch correctly, and can be stopped. */
import {
  assert,
  assertEquals,
  assertNotEquals,
  assertNotStrictEquals,
  assertRejects,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import type { Device } from "../../kernels/device.ts";
import { Random } from "../../kernels/random.ts";
import { createReferenceDevice } from "../../kernels/reference_device.ts";
import { learningRateAt } from "../../nn/adam.ts";
import { ArrayDataset, oneHot } from "../../nn/dataset.ts";
import { fit, type FitOptions } from "../../nn/fit.ts";
import { glorotUniform, Parameters } from "../../nn/parameters.ts";
import { inOrder } from "../../nn/pass.ts";
import { predictProbabilities } from "../../nn/predict.ts";
import { decodeSafetensors, encodeSafetensors } from "../../nn/safetensors.ts";
import type { Tape } from "../../nn/tape.ts";
import type { Tensor } from "../../nn/tensor.ts";
import type { Network } from "../../nn/vgg_e.ts";
import { cpu, definitions, onEach } from "../devices.ts";

/** One dense layer with softmax: logistic regression. */
class Linear implements Network {
  readonly parameters: Parameters;
  readonly inputShape = [2];
  readonly classes = 2;
  constructor(device: Device) {
    this.parameters = new Parameters(device, [{ name: "w", shape: [2, 2] }, { name: "b", shape: [2] }]);
    this.parameters.write(glorotUniform(this.parameters.specs, 1));
  }
  forward(tape: Tape, x: Tensor): Tensor {
    return tape.dense(x, this.parameters.get("w"), this.parameters.get("b"), { relu: false });
  }
}

/** Points above (class 1) and below (class 0) the diagonal; a share has the wrong label. */
function points(device: Device, count: number, seed: number, wrong = 0): ArrayDataset {
  const random = new Random(seed);
  const x = Float32Array.from({ length: 2 * count }, () => random.normal());
  const labels = Array.from(
    { length: count },
    (_, i) => Number(x[2 * i + 1] > x[2 * i]) ^ Number(random.uniform() < wrong),
  );
  return new ArrayDataset(device, x, oneHot(labels, 2), [2]);
}

onEach(
  [definitions, cpu],
  "fit() learns what can be learned, and predictProbabilities() says it in order",
  async (device) => {
    const network = new Linear(device), training = points(device, 500, 1), validation = points(device, 100, 2);
    const options = { batch: 64, epochs: 20, path: [1], learningRate: () => 0.1 };
    const result = await fit(network, training, validation, options);
    assertEquals(result.steps, 8 * result.epochs.length); // 500 examples are 8 batches, the last of 52
    const best = result.epochs[result.bestEpoch];
    assert(best.validationAccuracy! > 0.97 && best.loss < 0.2, JSON.stringify(best));
    const p = await predictProbabilities(network, validation, { batch: 10 });
    assertEquals(p.length, 200);
    for (let i = 0; i < 100; i++) assert(Math.abs(p[2 * i] + p[2 * i + 1] - 1) < 1e-6);
    const { b } = await network.parameters.read();
    assert(Math.abs(b[0] - b[1]) < 1.5); // the boundary passes through the origin
  },
);

Deno.test("fit() counts the examples of a short last batch once", async () => {
  const device = createReferenceDevice(), network = new Linear(device);
  const few = points(device, 7, 3);
  const { epochs } = await fit(network, few, few, { batch: 4, epochs: 1, path: [1], learningRate: () => 0 });
  const p = await predictProbabilities(network, few);
  const table = points(device, 7, 3), targets = device.allocate(14, "test"), x = device.allocate(14, "test");
  table.load(Int32Array.from([0, 1, 2, 3, 4, 5, 6]), x, targets);
  const t = await device.read(targets);
  const loss = p.reduce((sum, value, i) => sum - t[i] * Math.log(value), 0) / 7;
  assert(Math.abs(epochs[0].loss - loss) < 1e-6, `${epochs[0].loss} against ${loss}`);
  assert(Math.abs(epochs[0].validationLoss! - loss) < 1e-6);
});

Deno.test("fit() stops `patience` epochs after the best one and puts its weights back", async () => {
  const device = createReferenceDevice(), network = new Linear(device);
  const training = points(device, 64, 4), validation = points(device, 64, 5, 0.4);
  const snapshots: Record<string, Float32Array>[] = [];
  const learningRate = (epoch: number) => epoch < 2 ? 0.05 : 5; // from the third epoch on it overshoots
  const result = await fit(network, training, validation, {
    epochs: 20,
    patience: 3,
    path: [1],
    batch: 16,
    learningRate,
    onEpoch: async () => void snapshots.push(await network.parameters.read()),
  });
  const losses = result.epochs.map((e) => e.validationLoss!);
  assertStrictEquals(result.bestEpoch, losses.indexOf(Math.min(...losses)));
  assertEquals(result.epochs.length, result.bestEpoch + 4);
  assertEquals(await network.parameters.read(), snapshots[result.bestEpoch]);
});

/** The network after some steps of a fit: its learning rate is zero from then on, so it no longer changes. */
async function stepwise(network: Linear, data: ArrayDataset, options: FitOptions & { batch: number }, steps: number) {
  const perEpoch = Math.ceil(data.length / options.batch);
  const rate = (epoch: number) => Math.round(epoch * perEpoch) < steps ? options.learningRate!(epoch) : 0;
  await fit(network, data, undefined, { ...options, average: 0, learningRate: rate });
}

Deno.test("fit() with an average validates, and ends, with the mean of the weights after its steps", async () => {
  const device = createReferenceDevice(), network = new Linear(device), { parameters } = network;
  const training = points(device, 30, 4, 0.2);
  const options = {
    epochs: 2,
    path: [1],
    batch: 6,
    learningRate: () => 0.5,
    average: 0.999,
    monitor: "nothing" as const,
  };
  const losses: number[] = [];
  const { epochs } = await fit(network, training, training, {
    ...options,
    onEpoch: ({ validationLoss }) => void losses.push(validationLoss!),
  });
  assertEquals(epochs.length, 2);
  // 0.999 averages over more than ten steps: the average is the plain mean, recomputed here step by step
  const again = new Linear(device), sums = new Map<string, Float64Array>();
  for (let steps = 1; steps <= 10; steps++) {
    const stopped = new Linear(device);
    await stepwise(stopped, training, options, steps);
    for (const [name, values] of Object.entries(await stopped.parameters.read())) {
      const sum = sums.get(name) ?? new Float64Array(values.length);
      sums.set(name, sum.map((v, i) => v + values[i] / 10));
    }
  }
  for (const [name, values] of Object.entries(await parameters.read())) {
    sums.get(name)!.forEach((v, i) => assert(Math.abs(v - values[i]) < 1e-5, `${name}: ${values[i]}, not ${v}`));
  }
  again.parameters.write(Object.fromEntries([...sums].map(([name, v]) => [name, Float32Array.from(v)])));
  const p = await predictProbabilities(again, training),
    targets = device.allocate(60, "t"),
    x = device.allocate(60, "x");
  training.load(inOrder(30), x, targets);
  const t = await device.read(targets);
  const loss = p.reduce((sum, value, i) => sum - t[i] * Math.log(value), 0) / 30;
  assert(Math.abs(losses[1] - loss) < 1e-5, "validation sees the average");
});

Deno.test("fit() puts back the most accurate epoch's weights, or the last one's, as its options state", async () => {
  for (const monitor of ["accuracy", "nothing"] as const) {
    const device = createReferenceDevice(), network = new Linear(device);
    const training = points(device, 64, 4), validation = points(device, 64, 5, 0.4);
    const snapshots: Record<string, Float32Array>[] = [];
    const { epochs, bestEpoch } = await fit(network, training, validation, {
      epochs: 12,
      patience: 2,
      monitor,
      path: [1],
      batch: 16,
      learningRate: (epoch) => [0.002, 0.5, 5, 0.05][Math.floor(epoch) % 4],
      onEpoch: async () => void snapshots.push(await network.parameters.read()),
    });
    const losses = epochs.map((e) => e.validationLoss!), rights = epochs.map((e) => e.validationAccuracy!);
    const leastLoss = losses.indexOf(Math.min(...losses)), top = Math.max(...rights);
    if (monitor === "accuracy") {
      // of the most accurate epochs, the one with the lowest loss
      const tops = losses.map((loss, i) => rights[i] === top ? loss : Infinity);
      assertStrictEquals(bestEpoch, tops.indexOf(Math.min(...tops)));
      assertEquals(epochs.length, Math.min(12, bestEpoch + 3));
    } else {
      assertEquals(epochs.length, 12);
      assertEquals(bestEpoch, 11);
    }
    assertNotStrictEquals(bestEpoch, leastLoss, "the data must tell the ways apart");
    assertEquals(await network.parameters.read(), snapshots[bestEpoch]);
  }
});

Deno.test("fit() names epoch and step of a loss that is not finite", async () => {
  const device = createReferenceDevice(), network = new Linear(device);
  const bad = new ArrayDataset(device, new Float32Array([1, 2, NaN, 4]), oneHot([0, 1], 2), [2]);
  await assertRejects(
    () => fit(network, bad, undefined, { path: [1], epochs: 1, batch: 2 }),
    Error,
    "epoch 1, step 1 is not finite",
  );
});

Deno.test("fit() and predictProbabilities() stop at a signal, and leave no buffer behind", async () => {
  const device = createReferenceDevice(), network = new Linear(device), data = points(device, 4000, 6);
  await predictProbabilities(network, data, { batch: 4 }); // allocates the dataset's own numbers
  const live = device.memory.liveBuffers;
  const signal = AbortSignal.abort(new Error("stopped by hand"));
  await assertRejects(() => predictProbabilities(network, data, { signal, batch: 4 }), Error, "stopped by hand");
  const slow = { path: [1], batch: 64, epochs: 1000, signal: AbortSignal.timeout(150) };
  const { name } = await assertRejects(() => fit(network, data, undefined, slow), DOMException);
  assertEquals(name, "TimeoutError");
  assertStrictEquals(device.memory.liveBuffers, live);
});

Deno.test("learningRateAt() is 0.001, times 0.8 every two epochs", () => {
  assertEquals([0, 1, 2, 3, 4].map((e) => +learningRateAt(e).toFixed(8)), [0.001, 0.001, 0.0008, 0.0008, 0.00064]);
});

Deno.test("glorotUniform() fills +-sqrt(6 / fans) evenly, with zero biases", () => {
  const specs = [{ name: "w", shape: [3, 3, 20, 30] }, { name: "b", shape: [30] }];
  const { w, b } = glorotUniform(specs, 1), limit = Math.sqrt(6 / (9 * 20 + 9 * 30));
  assert(w.every((v) => Math.abs(v) <= limit) && Math.max(...w) > 0.99 * limit);
  const variance = w.reduce((sum, v) => sum + v * v, 0) / w.length;
  assert(Math.abs(variance / (limit ** 2 / 3) - 1) < 0.05);
  assert(b.every((v) => v === 0));
  assertNotEquals(glorotUniform(specs, 2).w, w);
});

Deno.test("safetensors written here are read by PyTorch's layout: header, then numbers, aligned to 8 bytes", () => {
  const tensors = {
    a: { shape: [2, 2], data: Float32Array.of(1, 2, 3, 4) },
    b: { shape: [1], data: Float32Array.of(5) },
  };
  const bytes = encodeSafetensors(tensors, { made: "here" });
  const length = Number(new DataView(bytes.buffer).getBigUint64(0, true));
  assertEquals(length % 8, 0);
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length)));
  assertEquals(header.b, { dtype: "F32", shape: [1], data_offsets: [16, 20] });
  assertEquals(new DataView(bytes.buffer).getFloat32(8 + length + 16, true), 5);
  const back = decodeSafetensors(bytes, "x.safetensors");
  assertEquals(back.tensors, tensors);
  assertEquals(back.metadata, { made: "here" });
  for (const end of [0, 7, 20, bytes.length - 1]) {
    assertThrows(
      () => decodeSafetensors(bytes.subarray(0, end), "x.safetensors"),
      Error,
      "x.safetensors: expected a safetensors file",
    );
  }
});
