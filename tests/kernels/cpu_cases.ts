/** Calls of every kernel that are large enough for the CPU device to cut them into many chunks, for its own tests. */
import { type KernelName, VIEW } from "../../kernels/table.ts";
import { Random } from "../../kernels/random.ts";
import type { PlainArgs } from "./compare.ts";

const random = new Random(20, 26);
/** Normally distributed numbers that float32 can represent. */
const numbers = (length: number) => Float64Array.from({ length }, () => Math.fround(random.normal()));

function conv(batch: number, height: number, width: number, channelsIn: number, channelsOut: number) {
  const pixels = batch * height * width, kernel = 9 * channelsIn * channelsOut;
  const shape = { batch, height, width, channelsIn, channelsOut };
  const [x, dx, mask] = [1, 2, 3].map(() => numbers(pixels * channelsIn));
  const [y, dy] = [1, 2].map(() => numbers(pixels * channelsOut));
  const [weights, dWeights] = [1, 2].map(() => numbers(kernel));
  const [bias, dBias] = [1, 2].map(() => numbers(channelsOut));
  return {
    conv2d: { ...shape, x, weights, bias, y, relu: true },
    conv2dInputGradient: { ...shape, dy, weights, dx, mask },
    conv2dWeightGradient: { ...shape, x, dy, dWeights, dBias },
  };
}

function pool(batch: number, height: number, width: number, channels: number) {
  const pixels = batch * height * width, windows = batch * (height >> 1) * (width >> 1);
  const [x, dx] = [1, 2].map(() => numbers(pixels * channels));
  const [y, dy] = [1, 2].map(() => numbers(windows * channels));
  const shape = { batch, height, width, channels };
  const [mean, dMean] = [1, 2].map(() => numbers(batch * channels));
  return {
    maxPool: { ...shape, x, y },
    maxPoolGradient: { ...shape, x, dy, dx, mask: x },
    averagePool: { ...shape, x, y: mean },
    averagePoolGradient: { ...shape, dy: dMean, dx, mask: x },
  };
}

function matmul(m: number, n: number, k: number, transposeA: boolean, transposeB: boolean) {
  const arrays = { a: numbers(m * k), b: numbers(k * n), c: numbers(m * n), bias: numbers(n), mask: numbers(m * n) };
  return { matmul: { m, n, k, transposeA, transposeB, relu: true, ...arrays } };
}

/** Views of windows that begin at most 300 of 400 time steps in, all different. */
export function someViews(batch: number): Float64Array {
  return Float64Array.from({ length: batch * VIEW.length }, (_, at) => {
    const i = Math.floor(at / VIEW.length);
    return Math.fround(
      [
        0.9 + i % 3 / 10,
        i % 4 / 4,
        99,
        1.1 - i % 5 / 20,
        3,
        3 + i % 4,
        i % 7,
        9,
        1 + i % 2,
        i % 3 / 8,
      ][at % VIEW.length],
    );
  });
}

/** Groups of kernel calls, with the special feature of each. */
export function largeCalls(): [string, Partial<Record<KernelName, PlainArgs>>][] {
  const length = 70_003, rows = 150, classes = 7, columns = 200;
  const [x, y, weights, m, v] = [1, 2, 3, 4, 5].map(() => numbers(length));
  const rates = { rate: 0.01, beta1: 0.9, beta2: 0.999, epsilon: 1e-7 };
  const targets = Float64Array.from({ length: rows * classes }, (_, i) => Number(i % classes === (i % 5)));
  const [logits, probabilities, dLogits] = [1, 2, 3].map(() => numbers(rows * classes));
  const starts = Int32Array.from({ length: rows }, () => random.below(300));
  const tall = numbers(3500 * 20), moments = numbers(2 * 20).map(Math.abs);
  const batchNorm = { moments, gamma: numbers(20), rows: 3500, columns: 20, epsilon: 1e-3 };
  return [
    ["images of one pixel row", conv(37, 2, 1, 24, 16)],
    ["several images a block", conv(70, 4, 3, 10, 12)],
    ["one channel", conv(40, 16, 8, 1, 8)],
    ["bands of rows", conv(2, 64, 32, 9, 8)],
    ["wide images in bands", conv(1, 3, 700, 5, 3)],
    ["many channels", conv(3, 2, 2, 130, 67)],
    ["weights read from afar", conv(2, 2, 2, 96, 160)],
    ["pool of odd sizes", pool(20, 33, 17, 6)],
    ["pool of whole vectors", pool(18, 16, 8, 16)],
    ["matmul", matmul(130, 300, 70, false, false)],
    ["matmul, few columns", matmul(300, 7, 65, false, true)],
    ["matmul, many rows", matmul(700, 40, 33, true, false)],
    ["matmul, long products", matmul(9, 20, 3000, true, true)],
    ["a long stretch", {
      columnSums: { x: numbers(rows * columns), sums: numbers(columns), rows, columns },
      softmax: { logits, probabilities, rows, classes },
      softmaxCrossEntropy: {
        ...{ logits, targets, probabilities, dLogits, metrics: new Float64Array(4) },
        ...{ rows, classes, count: 143, step: 1 },
      },
      adam: { weights, gradients: x, m, v: v.map(Math.abs), length, ...rates },
      dropout: { x, y, length, rate: 0.4, key: [1, 2] },
      moments: { x: tall, moments: numbers(2 * 20), rows: 3000, columns: 20 },
      normalise: { ...batchNorm, x: tall, beta: numbers(20), y: tall, relu: true },
      normaliseGradient: {
        ...{ ...batchNorm, x: tall, dy: numbers(3500 * 20), dx: tall },
        ...{ dGamma: numbers(20), dBeta: numbers(20), count: 3000 },
      },
      blend: { x, y, length, share: 0.1 },
      fill: { x, length, value: 0.5 },
      copy: { x, y, length },
      add: { a: x, b: weights, y, length },
      relu: { x, y, length },
      reluGradient: { dy: x, mask: weights, dx: y, length },
      sum: { x, total: numbers(1), length },
      gatherWindows: {
        ...{ series: numbers(400 * 20), starts, out: numbers(rows * 20 * 32) },
        ...{ batch: rows, height: 20, width: 32, mean: 0.25, scale: 1.5 },
      },
      gatherViews: {
        ...{ series: numbers(400 * 20), starts, out: numbers(rows * 20 * 32), views: someViews(rows) },
        ...{ batch: rows, height: 20, width: 32, mean: 0.25, scale: 1.5, offset: 0.01, key: [5, 6] },
      },
      gatherRows: {
        ...{ table: numbers(300 * columns), rows: starts, out: numbers(rows * columns), batch: rows, columns },
      },
    }],
  ];
}
