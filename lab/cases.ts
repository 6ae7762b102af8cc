/**
 * What is timed: one case a kernel and shape, with the work it does and the memory it must move.
 *
 * Operations are those of the definition (a convolution is 2 x 9 x pixels x channels in x channels out, the zero border
 * counted in), so that an algorithm that needs fewer of them may pass the machine's peak. Bytes are the least that can move:
 * each input read once, each output written once.
 */
import type { Kernels } from "../kernels/table.ts";
import { type LayerSummary, summarise, vggEParameters } from "../nn/vgg_e.ts";

/** What a buffer holds before the kernel runs: outputs hold NaN, so that what is not written shows. */
export type Content = "noise" | "positive" | "distributions" | "output" | "updated" | "zero";

/** One kernel on one shape. */
export interface Case {
  /** Which kernel of the set. */
  kernel: keyof Kernels<unknown>;
  /** What it does there, e.g. "conv to weights": rows of one name are comparable. */
  name: string;
  /** The layers it stands for, e.g. "conv6-8". */
  layer: string;
  /** Its sizes. */
  shape: string;
  /** Operations of a call. */
  flops: number;
  /** Bytes that must move in a call. */
  bytes: number;
  /** Its buffers, by the kernel's names for them. */
  buffers: Record<string, { length: number; content: Content }>;
  /** Buffers that go by a second name. */
  aliases?: Record<string, string>;
  /** Its other arguments. */
  scalars: Record<string, number | boolean>;
}

type Plan = Omit<Case, "bytes" | "layer"> & { layer?: string };

function makeCase(plan: Plan): Case {
  const words = Object.values(plan.buffers).reduce(
    (sum, { length, content }) => sum + (content === "updated" || content === "zero" ? 2 : 1) * length,
    0,
  );
  return { layer: "", ...plan, bytes: 4 * words };
}

/** A convolution and its gradients; the first of a network needs none to its input. */
export function convCases(
  [batch, height, width, channelsIn]: readonly number[],
  channelsOut: number,
  inputGradient = true,
): Case[] {
  const pixels = batch * height * width;
  const x = pixels * channelsIn, y = pixels * channelsOut, weights = 9 * channelsIn * channelsOut;
  const noise = (length: number) => ({ length, content: "noise" as const });
  const output = (length: number) => ({ length, content: "output" as const });
  const common = {
    shape: `${[batch, height, width, channelsIn].join("x")} to ${channelsOut}`,
    flops: 2 * pixels * weights,
  };
  const sizes = { batch, height, width, channelsIn, channelsOut };
  const cases = [
    makeCase({
      ...common,
      kernel: "conv2d",
      name: "conv forward",
      buffers: { x: noise(x), weights: noise(weights), bias: noise(channelsOut), y: output(y) },
      scalars: { ...sizes, relu: true },
    }),
    makeCase({
      ...common,
      kernel: "conv2dInputGradient",
      name: "conv to input",
      buffers: { dy: noise(y), weights: noise(weights), mask: noise(x), dx: output(x) },
      scalars: sizes,
    }),
    makeCase({
      ...common,
      kernel: "conv2dWeightGradient",
      name: "conv to weights",
      buffers: { x: noise(x), dy: noise(y), dWeights: output(weights), dBias: output(channelsOut) },
      scalars: sizes,
    }),
  ];
  return inputGradient ? cases : [cases[0], cases[2]];
}

/** A pool and its gradient, masked by the pool's input as in a network. */
export function poolCases([batch, height, width, channels]: readonly number[]): Case[] {
  const x = batch * height * width * channels;
  const y = batch * Math.floor(height / 2) * Math.floor(width / 2) * channels;
  const common = { shape: [batch, height, width, channels].join("x"), scalars: { batch, height, width, channels } };
  return [
    makeCase({
      ...common,
      kernel: "maxPool",
      name: "pool forward",
      flops: 3 * y,
      buffers: { x: { length: x, content: "noise" }, y: { length: y, content: "output" } },
    }),
    makeCase({
      ...common,
      kernel: "maxPoolGradient",
      name: "pool to input",
      flops: 3 * y,
      buffers: {
        x: { length: x, content: "noise" },
        dy: { length: y, content: "noise" },
        dx: { length: x, content: "output" },
      },
      aliases: { mask: "x" },
    }),
  ];
}

/** A plain product [m, k] [k, n]. */
export function matmulCase(m: number, k: number, n: number): Case {
  return makeCase({
    kernel: "matmul",
    name: "matmul",
    shape: `${m}x${k} by ${k}x${n}`,
    flops: 2 * m * k * n,
    buffers: {
      a: { length: m * k, content: "noise" },
      b: { length: k * n, content: "noise" },
      c: { length: m * n, content: "output" },
    },
    scalars: { m, n, k },
  });
}

/** A dense layer, its gradients to the weights, the bias and the input. */
export function denseCases(batch: number, units: number, out: number, relu: boolean): Case[] {
  const [x, weights, y] = [batch * units, units * out, batch * out];
  const noise = (length: number) => ({ length, content: "noise" as const });
  const output = (length: number) => ({ length, content: "output" as const });
  const common = { kernel: "matmul" as const, shape: `${batch}x${units} to ${out}`, flops: 2 * batch * weights };
  return [
    makeCase({
      ...common,
      name: "dense forward",
      buffers: { a: noise(x), b: noise(weights), bias: noise(out), c: output(y) },
      scalars: { m: batch, n: out, k: units, relu },
    }),
    makeCase({
      ...common,
      name: "dense to input",
      buffers: { a: noise(y), b: noise(weights), mask: noise(x), c: output(x) },
      scalars: { m: batch, n: units, k: out, transposeB: true },
    }),
    makeCase({
      ...common,
      name: "dense to weights",
      buffers: { a: noise(x), b: noise(y), c: output(weights) },
      scalars: { m: units, n: out, k: batch, transposeA: true },
    }),
    makeCase({
      ...common,
      kernel: "columnSums",
      name: "dense to bias",
      flops: y,
      buffers: { x: noise(y), sums: output(out) },
      scalars: { rows: batch, columns: out },
    }),
  ];
}

/** The loss with its gradient. */
export function lossCase(rows: number, classes: number): Case {
  const length = rows * classes;
  return makeCase({
    kernel: "softmaxCrossEntropy",
    name: "softmax cross-entropy",
    layer: "loss",
    shape: `${rows}x${classes}`,
    flops: 8 * length,
    buffers: {
      logits: { length, content: "noise" },
      targets: { length, content: "distributions" },
      probabilities: { length, content: "output" },
      dLogits: { length, content: "output" },
      metrics: { length: 4, content: "zero" },
    },
    scalars: { rows, classes, count: rows, step: 1 },
  });
}

/** Adam on so many weights. */
export function adamCase(length: number): Case {
  return makeCase({
    kernel: "adam",
    name: "Adam",
    layer: "all",
    shape: String(length),
    flops: 12 * length,
    buffers: {
      weights: { length, content: "updated" },
      gradients: { length, content: "noise" },
      m: { length, content: "zero" },
      v: { length, content: "zero" },
    },
    scalars: { length, rate: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-7 },
  });
}

/** The least that a device can be asked for: what its time is, is what dispatching costs. */
export function noopCase(): Case {
  return makeCase({
    kernel: "fill",
    name: "no-op",
    shape: "fill of 1",
    flops: 0,
    buffers: { x: { length: 1, content: "output" } },
    scalars: { length: 1, value: 1 },
  });
}

/** Every kernel of a VGG-E's training step, equal shapes once: the layer then says which it stands for. */
export function vggECases({ width, batch, classes }: { width: number; batch: number; classes: number }): Case[] {
  const layers = summarise({ width, classes });
  const cases = [noopCase()];
  let input: number[] = [64, 32, 1];
  const seen = new Map<string, { first: Case; cases: Case[] }>();
  layers.forEach(({ name, output }: LayerSummary, i) => {
    const out = output[output.length - 1];
    const size = input.reduce((a, b) => a * b, 1);
    const of = name.startsWith("conv")
      ? convCases([batch, ...input], out, i > 0)
      : name.startsWith("pool")
      ? poolCases([batch, ...input])
      : denseCases(batch, size, out, i < layers.length - 1);
    input = output;
    const known = seen.get(of[0].name + of[0].shape);
    const last = name.replace(/^\D+/, "");
    if (known) { for (const same of known.cases) same.layer = `${same.layer.split("-")[0]}-${last}`; }
    else {
      for (const one of of) one.layer = name;
      seen.set(of[0].name + of[0].shape, { first: of[0], cases: of });
      cases.push(...of);
    }
  });
  const weights = vggEParameters({ width, classes }).reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b), 0);
  return [...cases, lossCase(batch, classes), adamCase(weights)];
}

/** What `--shape` takes. */
export const SHAPES = "conv:BATCHxHEIGHTxWIDTHxIN:OUT, pool:BATCHxHEIGHTxWIDTHxCHANNELS, dense:BATCHxIN:OUT, " +
  "matmul:MxKxN, softmax:ROWSxCLASSES or adam:WEIGHTS";

/**
 * The cases of `--shape`, e.g. conv:128x64x32x64:64 or matmul:1024x1024x1024.
 *
 * @throws RangeError that says what a shape looks like
 */
export function parseShape(text: string): Case[] {
  const [kind, from = "", to] = text.split(":");
  const sizes = from.split("x").map(Number), out = Number(to);
  const fits = (count: number, withOut: boolean) =>
    sizes.length === count && withOut === (to !== undefined) &&
    [...sizes, ...(withOut ? [out] : [])].every((n) => Number.isInteger(n) && n > 0);
  if (kind === "conv" && fits(4, true)) return convCases(sizes, out);
  if (kind === "pool" && fits(4, false)) return poolCases(sizes);
  if (kind === "dense" && fits(2, true)) return denseCases(sizes[0], sizes[1], out, true);
  if (kind === "matmul" && fits(3, false)) return [matmulCase(sizes[0], sizes[1], sizes[2])];
  if (kind === "softmax" && fits(2, false)) return [lossCase(sizes[0], sizes[1])];
  if (kind === "adam" && fits(1, false)) return [adamCase(sizes[0])];
  throw new RangeError(`Expected a shape ${SHAPES}; found "${text}"`);
}
