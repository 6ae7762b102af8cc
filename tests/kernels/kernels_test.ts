/** Every kernel on every device: PyTorch's stored values, then fifty random shapes a kernel against the definitions. */
import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { METRICS, VIEW } from "../../kernels/table.ts";
import { Random, randomKey, threefry2x32 } from "../../kernels/random.ts";
import { cpu, cpuPaths, definitions, onEach, webgpu } from "../devices.ts";
import { readGolden } from "../golden.ts";
import { assertClose, define, type KernelName, type PlainArgs, runOn } from "./compare.ts";

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
  assertThrows(() => whole.slice(10, 1), RangeError);
  assertThrows(() => whole.slice(128, 65), RangeError);
  device.release(whole);
});

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

/** Random arguments for each kernel; sizes are small and odd, or just past what tiles divide. */
const DRAW: Record<KernelName, (random: Random) => PlainArgs> = {
  conv2d: (r) => ({ ...convArrays(r, ["x", "weights", "bias", "y"]), relu: r.below(2) === 1 }),
  conv2dInputGradient: (r) => ({ ...convArrays(r, ["dy", "weights", "dx", ...(r.below(2) ? ["mask"] : [])]) }),
  conv2dWeightGradient: (r) => convArrays(r, ["x", "dy", "dWeights", "dBias"]),
  maxPool: (r) => poolArrays(r, ["x", "y"]),
  maxPoolGradient: (r) => {
    const args = poolArrays(r, ["x", "dy", "dx"]);
    const x = (args.x as Float64Array).map((v) => Math.max(0, v)); // ties at zero, as after a ReLU
    return { ...args, x, mask: r.below(2) ? x : undefined };
  },
  averagePool: (r) => {
    const { x, ...shape } = poolArrays(r, ["x"]), { batch, channels } = shape as unknown as Record<string, number>;
    return { ...shape, x, y: numbers(r, batch * channels) };
  },
  averagePoolGradient: (r) => {
    const { dx, mask, ...shape } = poolArrays(r, ["dx", "mask"]);
    const { batch, channels } = shape as unknown as Record<string, number>;
    return { ...shape, dx, mask: r.below(2) ? mask : undefined, dy: numbers(r, batch * channels) };
  },
  matmul: (r) => {
    const [m, n, k] = [size(r, 150), size(r, 70), size(r, 300)];
    const [a, b, c] = [numbers(r, m * k), numbers(r, k * n), numbers(r, m * n)];
    const mask = r.below(2) ? numbers(r, m * n) : undefined, bias = r.below(2) ? numbers(r, n) : undefined;
    return {
      m,
      n,
      k,
      a,
      b,
      c,
      transposeA: r.below(2) === 1,
      transposeB: r.below(2) === 1,
      relu: r.below(2) === 1,
      mask,
      bias,
    };
  },
  columnSums: (r) => {
    const [rows, columns] = [size(r, 300), size(r, 70)];
    return { x: numbers(r, rows * columns), sums: new Float64Array(columns), rows, columns };
  },
  softmax: (r) => {
    const [rows, classes] = [size(r, 200), size(r, 64)];
    return { logits: numbers(r, rows * classes, 5), probabilities: numbers(r, rows * classes), rows, classes };
  },
  softmaxCrossEntropy: (r) => {
    const [rows, classes] = [size(r, 200), size(r, 20)];
    const [logits, probabilities, dLogits] = [1, 2, 3].map(() => numbers(r, rows * classes, 5));
    const targets = numbers(r, rows * classes).map(Math.abs);
    for (let i = 0; i < rows; i++) {
      const row = targets.subarray(i * classes, (i + 1) * classes), total = row.reduce((a, b) => a + b);
      row.forEach((v, k) => row[k] = Math.fround(v / total));
    }
    const metrics = new Float64Array([100, 5, 10, 0]);
    return { logits, targets, probabilities, dLogits, metrics, rows, classes, count: 1 + r.below(rows), step: 3 };
  },
  adam: (r) => {
    const length = size(r, 3000);
    const [weights, gradients, m] = [1, 0.1, 0.1].map((scale) => numbers(r, length, scale));
    const v = numbers(r, length, 0.01).map(Math.abs);
    return { weights, gradients, m, v, length, rate: 0.01, beta1: 0.9, beta2: 0.999, epsilon: 1e-7 };
  },
  dropout: (r) => {
    const length = size(r, 3000);
    const key = [...randomKey(r.below(1000))];
    return { x: numbers(r, length), y: numbers(r, length), length, rate: [0, 0.1, 0.5, 0.9][r.below(4)], key };
  },
  moments: (r) => {
    const [rows, columns] = [1 + size(r, 3000), size(r, 40)];
    const x = numbers(r, (rows + r.below(3)) * columns).map((v, i) => Math.fround(v + 10 * (i % columns % 5)));
    return { x, moments: numbers(r, 2 * columns), rows, columns };
  },
  normalise: (r) => ({ ...normaliseArrays(r, ["x", "y"], ["gamma", "beta"]), relu: r.below(2) === 1 }),
  normaliseGradient: (r) => {
    const args = normaliseArrays(r, ["x", "dy", "dx"], ["gamma", "dGamma", "dBeta"]);
    const count = Math.max(8, args.rows - r.below(args.rows >> 1));
    const moments = define("moments", { ...args, rows: count }).moments.map(Math.fround);
    return { ...args, moments, count };
  },
  blend: (r) => ({ ...elementwise(r, ["x", "y"]), share: 0.125 }),
  fill: (r) => {
    const length = size(r, 3000);
    return { x: new Float64Array(length), length, value: Math.fround(r.normal()) };
  },
  copy: (r) => elementwise(r, ["x", "y"]),
  add: (r) => elementwise(r, ["a", "b", "y"]),
  relu: (r) => elementwise(r, ["x", "y"]),
  reluGradient: (r) => elementwise(r, ["dy", "mask", "dx"]),
  sum: (r) => ({ ...elementwise(r, ["x"]), total: new Float64Array(1) }),
  gatherWindows: (r) => {
    const [batch, height, width] = [size(r, 20), size(r, 70), size(r, 40)], time = width + r.below(200);
    const starts = Int32Array.from({ length: batch }, () => r.below(time - width + 1));
    const [series, out] = [numbers(r, time * height), numbers(r, batch * height * width)];
    return { series, starts, out, batch, height, width, mean: 0.25, scale: 1.5 };
  },
  gatherViews: (r) => {
    const [batch, height, width] = [size(r, 20), size(r, 70), size(r, 40)], time = 1 + r.below(200);
    const starts = Int32Array.from({ length: batch }, () => r.below(time));
    const views = Float64Array.from({ length: batch * VIEW.length });
    const set = (i: number, name: Exclude<keyof typeof VIEW, "length">, value: number) =>
      views[i * VIEW.length + VIEW[name]] = Math.fround(value);
    for (let i = 0; i < batch; i++) {
      const [rate, warp] = [0, 1].map(() => r.below(3) ? 0.8 + 0.4 * r.uniform() : 1);
      const [band, frame] = [r.below(height), r.below(width)];
      set(i, "rate", rate);
      set(i, "shift", r.below(3) ? 2 * r.uniform() - 0.5 : 0);
      set(i, "last", time - 1 - starts[i]);
      set(i, "warp", warp);
      set(i, "bandFrom", band);
      set(i, "bandTo", band + r.below(9));
      set(i, "frameFrom", frame);
      set(i, "frameTo", frame + r.below(9));
      set(i, "gain", r.below(3) ? Math.exp(r.normal()) : 1);
      set(i, "noise", r.below(2) * r.uniform());
    }
    const [series, out] = [
      numbers(r, time * height).map((v) => Math.fround(Math.max(Math.log(0.01), v))),
      numbers(r, batch * height * width),
    ];
    const sizes = { batch, height, width, mean: 0.25, scale: 1.5, offset: 0.01, key: [...randomKey(r.below(1000))] };
    return { series, starts, views, out, ...sizes };
  },
  gatherRows: (r) => {
    const [batch, columns, count] = [size(r, 200), size(r, 20), size(r, 300)];
    const rows = Int32Array.from({ length: batch }, () => r.below(count));
    return { table: numbers(r, count * columns), rows, out: numbers(r, batch * columns), batch, columns };
  },
};

/** A size from 1 up: half the time one that tiles divide or just miss, else any. */
function size(r: Random, largest: number): number {
  const near = [1, 2, 3, 4, 5, 6, 7, 8, 9, 16, 17, 31, 32, 33, 63, 64, 65, 128].filter((n) => n <= largest);
  return r.below(2) ? near[r.below(near.length)] : 1 + r.below(largest);
}

/** float32-representable normal numbers, so that the device is given exactly what the definition is given. */
function numbers(r: Random, length: number, scale = 1): Float64Array {
  return Float64Array.from({ length }, () => Math.fround(scale * r.normal()));
}

function elementwise(r: Random, names: string[]): PlainArgs {
  const length = size(r, 3000);
  return { length, ...Object.fromEntries(names.map((name) => [name, numbers(r, length)])) };
}

function normaliseArrays(
  r: Random,
  tall: string[],
  short: string[],
): PlainArgs & { rows: number; columns: number } {
  const [rows, columns] = [8 + size(r, 1500), size(r, 70)];
  const moments = Float64Array.from(
    { length: 2 * columns },
    (_, i) => Math.fround(i < columns ? r.normal() : 0.1 + r.uniform()),
  );
  const arrays = [...tall, ...short].map((name) => [
    name,
    numbers(r, tall.includes(name) ? rows * columns : columns),
  ]);
  return { rows, columns, moments, epsilon: 1e-3, ...Object.fromEntries(arrays) };
}

function convArrays(r: Random, names: string[]): PlainArgs {
  const shape = {
    batch: 1 + r.below(5),
    height: size(r, 9),
    width: size(r, 9),
    channelsIn: size(r, 40),
    channelsOut: size(r, 40),
  };
  const pixels = shape.batch * shape.height * shape.width;
  const kernel = 9 * shape.channelsIn * shape.channelsOut;
  const lengths: Record<string, number> = {
    x: pixels * shape.channelsIn,
    dx: pixels * shape.channelsIn,
    mask: pixels * shape.channelsIn,
    y: pixels * shape.channelsOut,
    dy: pixels * shape.channelsOut,
    weights: kernel,
    dWeights: kernel,
    bias: shape.channelsOut,
    dBias: shape.channelsOut,
  };
  return { ...shape, ...Object.fromEntries(names.map((name) => [name, numbers(r, lengths[name])])) };
}

function poolArrays(r: Random, names: string[]): PlainArgs {
  const shape = { batch: 1 + r.below(4), height: 1 + size(r, 15), width: 1 + size(r, 15), channels: size(r, 40) };
  const { batch, height, width, channels } = shape;
  const out = batch * (height >> 1) * (width >> 1) * channels;
  const arrays = names.map((name) => [name, numbers(r, name.endsWith("y") ? out : batch * height * width * channels)]);
  return { ...shape, ...Object.fromEntries(arrays) };
}

for (const kernel of Object.keys(DRAW) as KernelName[]) {
  onEach(
    [cpu, webgpu, ...cpuPaths],
    `${kernel}() agrees with the definition on fifty random shapes`,
    async (device) => {
      for (let draw = 0; draw < 50; draw++) {
        const args = DRAW[kernel](new Random(draw, kernel.length, kernel.charCodeAt(kernel.length - 1)));
        const what = JSON.stringify(args, (_, v) => ArrayBuffer.isView(v) ? undefined : v);
        assertClose(await runOn(device, kernel, args), define(kernel, args), 1e-5, `${kernel} ${what}`);
      }
    },
  );
}
