/**
 * Every kernel of the WebGPU device, and every variant of its products, compared with stored values and the definitions. Runs
 * in Deno and in a page.
 */
import type { Device } from "../../kernels/device.ts";
import { Random } from "../../kernels/random.ts";
import type { KernelName } from "../../kernels/table.ts";
import type { createWebGpuDevice, Planner, Variant, WebGpuOptions } from "../../kernels/webgpu/mod.ts";
import { LADDER, type LadderSizes, launchStep } from "../../kernels/webgpu/ladder.ts";
import type { GoldenTensor } from "../golden.ts";
import { define, type PlainArgs, relativeError, runOn } from "./compare.ts";

/** The checks made, and the failures. */
export interface VariantCheck {
  /** Number of compiled kernels. */
  pipelines: number;
  /** Number of checks. */
  checks: number;
  /** The findings of each failed check. */
  failures: string[];
  /** Why nothing was checked. */
  missing?: string;
}

/**
 * A call and its expected result; default: the definition's. `allowed` is the largest error of each value; default: 1e-5 of the tensor's
 * largest value.
 */
export type Call = [
  kernel: KernelName,
  args: PlainArgs,
  expected?: Record<string, Float64Array>,
  allowed?: Record<string, Float64Array>,
];

/**
 * A planner that always uses one variant; sums that tiles do not divide evenly are split in two parts, if they are long
 * enough.
 */
export function forced(variant: Variant): Planner {
  return ({ k4 }) => ({ variant, splits: k4 >= 6 && k4 % 4 !== 0 ? 2 : 1 });
}

const numbers = (r: Random, length: number) => Float64Array.from({ length }, () => Math.fround(r.normal()));

/** A convolution and its two gradients. */
export function convCalls(r: Random, batch: number, height: number, width: number, cin: number, cout: number): Call[] {
  const shape = { batch, height, width, channelsIn: cin, channelsOut: cout };
  const pixels = batch * height * width;
  const [x, y, w] = [numbers(r, pixels * cin), numbers(r, pixels * cout), numbers(r, 9 * cin * cout)];
  return [
    ["conv2d", { ...shape, x, weights: w, bias: numbers(r, cout), y, relu: true }],
    ["conv2dInputGradient", { ...shape, dy: y, weights: w, dx: x, ...(cin % 2 ? {} : { mask: x }) }],
    ["conv2dWeightGradient", { ...shape, x, dy: y, dWeights: w, dBias: numbers(r, cout) }],
  ];
}

/** A product, with the final operations of a dense layer. */
function matmulCall(r: Random, m: number, n: number, k: number, transposed: string): Call {
  const [transposeA, transposeB] = [transposed.includes("a"), transposed.includes("b")];
  const [a, b, c] = [numbers(r, m * k), numbers(r, k * n), numbers(r, m * n)];
  const ends = transposeA ? {} : transposeB ? { mask: numbers(r, m * n) } : { bias: numbers(r, n), relu: true };
  return ["matmul", { m, n, k, transposeA, transposeB, a, b, c, ...ends }];
}

/** A stored convolution and its gradients. */
export function goldenConv(golden: Record<string, GoldenTensor>, name: string): Call[] {
  const [batch, height, width, channelsIn] = golden[`${name}.x`].shape;
  const shape = { batch, height, width, channelsIn, channelsOut: golden[`${name}.b`].shape[0] };
  const [x, weights, bias, dy, y, dx, dWeights, dBias] = ["x", "w", "b", "dy", "y", "dx", "dw", "db"]
    .map((key) => Float64Array.from(golden[`${name}.${key}`].data));
  return [
    ["conv2d", { ...shape, x, weights, bias, y, relu: false }, { y }],
    ["conv2dInputGradient", { ...shape, dy, weights, dx }, { dx }],
    ["conv2dWeightGradient", { ...shape, x, dy, dWeights, dBias }, { dWeights, dBias }],
  ];
}

/**
 * PyTorch's stored convolutions and dense layers: one with sizes that tiles divide, and one with sizes that they do
 * not.
 */
function goldenCalls(golden: Record<string, GoldenTensor>): Call[] {
  const stored = (name: string) => Float64Array.from(golden[name].data);
  const calls: Call[] = ["conv.e", "conv.d"].flatMap((name) => goldenConv(golden, name));
  {
    const name = "dense.b";
    const [n, i] = golden[`${name}.x`].shape, o = golden[`${name}.b`].shape[0];
    const [x, w, bias, dy, y, dx, dw] = ["x", "w", "b", "dy", "y", "dx", "dw"].map((key) => stored(`${name}.${key}`));
    calls.push(["matmul", { a: x, b: w, bias, c: y, m: n, n: o, k: i }, { c: y }]);
    calls.push(["matmul", { a: dy, b: w, transposeB: true, c: dx, m: n, n: i, k: o }, { c: dx }]);
    calls.push(["matmul", { a: x, transposeA: true, b: dy, c: dw, m: i, n: o, k: n }, { c: dw }]);
  }
  return calls;
}

/** Random shapes: in half of them tiles divide every sum, in half 4 divides nothing. */
function randomCalls(seed: number, draws = 3): Call[] {
  const r = new Random(seed);
  const calls: Call[] = [];
  const even = (step: number, most: number) => step * (1 + r.below(most / step));
  const odd = (most: number) => 2 * (1 + r.below(most >> 1)) + 1;
  for (let draw = 0; draw < draws; draw++) {
    calls.push(...convCalls(r, 1 + r.below(3), even(4, 8), even(2, 6), even(16, 48), even(4, 72)));
    calls.push(
      ...convCalls(r, 1, odd(7), odd(7), draw === 0 ? 1 : [3, 5, 9, 19][r.below(4)], [3, 7, 9, 21, 67][r.below(5)]),
    );
    for (const transposed of ["", "a", "b"]) {
      calls.push(matmulCall(r, even(4, 140), even(4, 72), even(16, 160), transposed));
    }
    calls.push(matmulCall(r, odd(140), odd(70), 33 + 16 * draw, ""));
  }
  return calls;
}

/** Kernels other than products. */
export function simpleCalls(): Call[] {
  const r = new Random(5);
  const list: Call[] = [];
  const pool = { batch: 2, height: 5, width: 7, channels: 3 };
  const [px, py] = [numbers(r, 210).map((v) => Math.max(0, v)), numbers(r, 36)];
  list.push(["maxPool", { ...pool, x: px, y: py }]);
  list.push(["maxPoolGradient", { ...pool, x: px, dy: py, dx: px, mask: px }]);
  list.push(["averagePool", { ...pool, x: px, y: py.slice(0, 6) }]);
  list.push(["averagePoolGradient", { ...pool, dy: py.slice(0, 6), dx: px, mask: px }]);
  list.push(["columnSums", { x: numbers(r, 1000 * 35), sums: numbers(r, 35), rows: 1000, columns: 35 }]);
  list.push(["sum", { x: numbers(r, 9001).map(Math.abs), total: numbers(r, 1), length: 9001 }]);
  const [logits, targets] = [numbers(r, 300 * 6), numbers(r, 300 * 6).map(Math.abs)];
  list.push(["softmax", { logits, probabilities: logits, rows: 300, classes: 6 }]);
  list.push(["softmaxCrossEntropy", {
    ...{ logits, targets, probabilities: logits, dLogits: logits, metrics: numbers(r, 4).fill(0) },
    ...{ rows: 300, classes: 6, count: 290, step: 4 },
  }]);
  const length = 333, [a, b, y] = [1, 2, 3].map(() => numbers(r, length));
  const moments = { m: numbers(r, length), v: numbers(r, length).map(Math.abs) };
  const settings = { rate: 0.01, beta1: 0.9, beta2: 0.999, epsilon: 1e-7 };
  list.push(["adam", { weights: a, gradients: b, ...moments, length, ...settings }]);
  list.push(["dropout", { x: a, y, length, rate: 0.3, key: [1234567890, 4034567890] }]);
  const spread = numbers(r, 2 * 35).map(Math.abs), [gamma, beta] = [numbers(r, 35), numbers(r, 35)];
  const [tall, dy] = [numbers(r, 1000 * 35), numbers(r, 1000 * 35)];
  const batchNorm = { x: tall, moments: spread, gamma, rows: 1000, columns: 35, epsilon: 1e-3 };
  list.push(["moments", { x: tall, moments: spread, rows: 900, columns: 35 }]);
  list.push(["normalise", { ...batchNorm, beta, y: tall, relu: true }]);
  list.push(["normaliseGradient", { ...batchNorm, dy, dx: tall, dGamma: gamma, dBeta: beta, count: 900 }]);
  list.push(["blend", { x: a, y: b, length, share: 0.25 }]);
  list.push(["fill", { x: y, length, value: 1.5 }], ["copy", { x: a, y, length }], ["add", { a, b, y, length }]);
  list.push(["relu", { x: a, y, length }], ["reluGradient", { dy: a, mask: b, dx: y, length }]);
  const windows = { batch: 3, height: 5, width: 4, mean: 0.5, scale: 2 };
  list.push(["gatherWindows", {
    ...windows,
    series: numbers(r, 50),
    starts: new Int32Array([6, 0, 3]),
    out: numbers(r, 60),
  }]);
  list.push(["gatherViews", {
    ...windows,
    series: numbers(r, 50),
    starts: new Int32Array([6, 0, 3]),
    views: Float64Array.from(
      [[1.1, 0.25, 3, 0.9, 1, 2, 0, 0, 2, 0.5], [0.9, 0, 9, 1.1, 0, 0, 2, 3, 1, 0], [
        1,
        -0.5,
        6,
        1,
        0,
        0,
        0,
        0,
        0.5,
        0.25,
      ]].flat(),
      Math.fround,
    ),
    out: numbers(r, 60),
    ...{ offset: 0.01, key: [7, 8] },
  }]);
  list.push(["gatherRows", {
    ...{ table: numbers(r, 40), rows: new Int32Array([9, 0, 4]), out: numbers(r, 12) },
    ...{ batch: 3, columns: 4 },
  }]);
  return list;
}

/** Compares the products of one variant with stored values and, on random shapes, with their definitions. */
export async function checkVariant(
  variant: Variant,
  create: typeof createWebGpuDevice,
  golden: Record<string, GoldenTensor>,
): Promise<VariantCheck> {
  // a source with two tiles takes twice as long to compile, and only the second tile is different
  const draws = variant.core === "tile" && variant.sizes.STAGES === 2 ? 1 : 3;
  const calls = [...goldenCalls(golden), ...randomCalls(variant.name.length, draws)];
  return await check(variant.name, calls, create, { planner: forced(variant) });
}

/**
 * Compares a variant's products of 16-bit floats with the definitions for these rounded floats. Of small integers, whose sums 16 bits can
 * hold, they are equal. Of other numbers each value differs by no more than 17 roundings to 11 bits of its sum of magnitudes: 16 of a run's
 * sums (gemm_tile.wgsl), and one of products, if a GPU does not fuse the multiplication and the addition.
 *
 * @param options whether to use random shapes too, which doubles the compilations; `roundings` receives the error of this rounding, by kernel and result.
 */
export async function checkHalf(
  variant: Variant,
  create: typeof createWebGpuDevice,
  golden: Record<string, GoldenTensor>,
  { randomShapes, roundings = {} }: { randomShapes: boolean; roundings?: Record<string, number> },
): Promise<VariantCheck> {
  const plain = [...goldenCalls(golden), ...randomShapes ? randomCalls(7 + variant.name.length, 1) : []];
  const rounded = plain.map(([kernel, args]): Call => {
    const operands = Object.fromEntries(OPERANDS[kernel]!.map((name) => [name, asHalves(args[name] as Float64Array)]));
    const expected = define(kernel, { ...args, ...operands });
    if (args.dBias) expected.dBias = define(kernel, args).dBias; // a sum of columns is not a product
    const exact = define(kernel, args);
    for (const name in expected) {
      const at = `${kernel} ${name}`;
      roundings[at] = Math.max(roundings[at] ?? 0, relativeError(new Float32Array(expected[name]), exact[name]));
    }
    return [kernel, args, expected, errorBounds(kernel, args, expected)];
  });
  const whole = plain.map(([kernel, args]): Call => {
    const integers = Object.fromEntries(
      Object.entries(args).map(([name, value]) => [name, value instanceof Float64Array ? small(value) : value]),
    );
    const expected = define(kernel, integers);
    return [kernel, integers, expected, mapValues(expected, (values) => values.map(() => 0))];
  });
  return await check(`${variant.name}, f16`, [...whole, ...rounded], create, {
    planner: forced(variant),
    precision: "f16",
  });
}

/** Integers from -3 to 3. */
const small = (values: Float64Array) => values.map((value) => Math.round(Math.max(-3, Math.min(3, 2 * value))));

function mapValues<T, U>(record: Record<string, T>, of: (value: T, name: string) => U): Record<string, U> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, of(value, name)]));
}

/** The error that summing in 16 bits may have, for each value: in proportion to the sum of its terms' magnitudes. */
function errorBounds(
  kernel: KernelName,
  args: PlainArgs,
  expected: Record<string, Float64Array>,
): Record<string, Float64Array> {
  const { mask: _, ...rest } = args;
  const magnitudes = define(
    kernel,
    mapValues(rest, (v) => v instanceof Float64Array ? v.map(Math.abs) : v) as PlainArgs,
  );
  return mapValues(expected, (values, name) => {
    const float32 = 1e-5 * values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    return magnitudes[name].map((magnitude) => float32 + (name === "dBias" ? 0 : 17 * 2 ** -11 * magnitude));
  });
}

/** The operands of the products. */
const OPERANDS: Partial<Record<KernelName, string[]>> = {
  conv2d: ["x", "weights"],
  conv2dInputGradient: ["dy", "weights"],
  conv2dWeightGradient: ["x", "dy"],
  matmul: ["a", "b"],
};

/** Values as 16-bit floats with 11 bits each, scaled so that the largest is from 16 to below 32: ties go to even. */
export function asHalves(values: Float64Array): Float64Array {
  const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const scale = 2 ** (4 - Math.floor(Math.log2(largest)));
  return values.map((value) => {
    const scaled = value * scale;
    if (scaled === 0) return 0;
    const step = 2 ** (Math.max(Math.floor(Math.log2(Math.abs(scaled))), -14) - 10), steps = scaled / step;
    const down = Math.floor(steps), over = steps - down;
    return (over > 0.5 || over === 0.5 && down % 2 !== 0 ? down + 1 : down) * step / scale;
  });
}

/** Compares every kernel that is not a product with its definition. */
export async function checkSimple(create: typeof createWebGpuDevice): Promise<VariantCheck> {
  return await check("kernels that are no product", simpleCalls(), create);
}

/** What a device lacks for a variant; undefined if it can run it. */
export async function missingFor(variant: Variant, create: typeof createWebGpuDevice): Promise<string | undefined> {
  const device = await create({ allowSoftware: true });
  try {
    return device.lacks(variant);
  } finally {
    device.close();
  }
}

/** Compares sums with exchanges between lanes to those through workgroup memory: the bits are the same. */
export async function checkSubgroupSums(create: typeof createWebGpuDevice): Promise<VariantCheck> {
  const calls = simpleCalls().filter(([kernel]) => kernel === "sum" || kernel === "softmaxCrossEntropy");
  const results: Record<string, Float32Array>[][] = [];
  for (const subgroups of [true, false]) {
    const device = await create({ allowSoftware: true, subgroups });
    try {
      if (subgroups && !device.features.subgroups) {
        return { pipelines: 0, checks: 0, failures: [], missing: device.features.reasons.subgroups };
      }
      const found = [];
      for (const [kernel, args] of calls) found.push(await runOn(device as Device, kernel, args));
      results.push(found);
    } finally {
      device.close();
    }
  }
  const failures: string[] = [];
  calls.forEach(([kernel], i) => {
    for (const [name, values] of Object.entries(results[0][i])) {
      const other = results[1][i][name], at = values.findIndex((value, j) => value !== other[j]);
      if (at >= 0) failures.push(`${kernel} ${name} is ${values[at]} by subgroups, ${other[at]} without`);
    }
  });
  return { pipelines: 2 * calls.length, checks: calls.length, failures };
}

/** Compares every step of the ladder with its definition. */
export async function checkLadder(create: typeof createWebGpuDevice): Promise<VariantCheck> {
  const r = new Random(6), device = await create({ allowSoftware: true });
  const problems: Record<string, { kernel: KernelName; args: PlainArgs; sizes: LadderSizes }> = {
    c: {
      kernel: "matmul",
      args: { m: 128, n: 64, k: 80, a: numbers(r, 128 * 80), b: numbers(r, 80 * 64), c: numbers(r, 128 * 64) },
      sizes: { M: 128, N: 64, K: 80 },
    },
    y: {
      kernel: "conv2d",
      args: {
        ...{ batch: 4, height: 4, width: 8, channelsIn: 16, channelsOut: 64, relu: false, bias: new Float64Array(64) },
        ...{ x: numbers(r, 128 * 16), weights: numbers(r, 9 * 16 * 64), y: numbers(r, 128 * 64) },
      },
      sizes: { HEIGHT: 4, WIDTH: 8, CIN: 16, COUT: 64 },
    },
  };
  const failures: string[] = [];
  try {
    for (const step of LADDER) {
      const out = step.buffers[2], { kernel, args, sizes } = problems[out];
      const buffers = Object.fromEntries(step.buffers.map((name) => {
        const values = new Float32Array(args[name] as Float64Array), buffer = device.allocate(values.length, name);
        device.write(buffer, name === out ? values.fill(NaN) : values);
        return [name, buffer];
      }));
      launchStep(device, step, buffers, sizes);
      const error = relativeError(await device.read(buffers[out]), define(kernel, args)[out]);
      if (!(error <= 1e-5)) failures.push(`${step.name} is off by ${error}`);
    }
    return { pipelines: device.created.pipelines, checks: LADDER.length, failures };
  } finally {
    device.close();
  }
}

/** Runs calls on a separate device and lists those whose results differ by more than is allowed. */
export async function check(
  what: string,
  calls: readonly Call[],
  create: typeof createWebGpuDevice,
  options: WebGpuOptions = {},
): Promise<VariantCheck> {
  const device = await create({ allowSoftware: true, ...options });
  const failures: string[] = [];
  try {
    for (const [kernel, args, expected = define(kernel, args), allowed] of calls) {
      const found = await runOn(device as Device, kernel, args);
      for (const [name, values] of Object.entries(expected)) {
        const error = relativeError(found[name], values);
        const right = allowed
          ? found[name].every((value, i) => Math.abs(value - values[i]) <= allowed[name][i])
          : error <= 1e-5;
        if (!right) failures.push(`${what}: ${kernel} ${name} of ${JSON.stringify(scalars(args))}: ${error}`);
      }
    }
    return { pipelines: device.created.pipelines, checks: calls.length, failures };
  } finally {
    device.close();
  }
}

const scalars = (args: PlainArgs) => Object.fromEntries(Object.entries(args).filter(([, v]) => !ArrayBuffer.isView(v)));
