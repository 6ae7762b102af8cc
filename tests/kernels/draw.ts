/**
 * Random calls of any kernel of a table: small sizes that tiles divide or just miss, every buffer of noise, random options. Buffers
 * for which noise is unsuitable are drawn separately: targets are distributions, variances positive, rows within a table.
 */
import { METRICS, VIEW } from "../../kernels/table.ts";
import { type Random, randomKey } from "../../kernels/random.ts";
import type { OptionSignature, Signature } from "../../kernels/signature.ts";
import { define, type PlainArgs } from "./compare.ts";

/** Most operations of a call, and most words of a buffer. */
const MOST = { flops: 6e6, words: 60_000 };

/**
 * Draws the arguments of a call: sizes, buffers and options from the kernel's entry in the table, then the special
 * ones.
 */
export function drawCall(r: Random, signature: Signature): PlainArgs {
  const args: PlainArgs = drawSizes(r, signature);
  for (const { name, shape, optional, words } of signature.buffers) {
    if (optional && r.below(2) === 0) continue;
    const length = shape.of(args);
    args[name] = words === "int32" ? new Int32Array(length) : numbers(r, length);
  }
  for (const option of signature.options) args[option.name] = drawOption(r, option);
  return { ...args, ...SPECIAL[signature.kernel]?.(r, args as KernelInputs) };
}

/** Draws sizes; a randomly chosen one is drawn again, smaller, until the call is small enough. */
function drawSizes(r: Random, { kernel, sizes, buffers, flops }: Signature): Record<string, number> {
  const draw = (name: string, most: number) => {
    const [least, largest] = RANGES[kernel]?.[name] ?? [1, Infinity];
    return Math.max(least, size(r, Math.max(1, Math.min(most, largest))));
  };
  const args = Object.fromEntries(sizes.map(({ name, upTo }) => [
    name,
    draw(name, typeof upTo === "number" ? upTo : sizes.length === 1 ? 3000 : 300),
  ]));
  while (flops.of(args) > MOST.flops || buffers.some(({ shape }) => shape.of(args) > MOST.words)) {
    const { name } = sizes[r.below(sizes.length)];
    args[name] = draw(name, args[name] >> 1);
  }
  for (const { name, upTo } of sizes) {
    if (typeof upTo === "string") args[name] = Math.min(args[upTo], draw(name, args[upTo]));
  }
  return args;
}

/**
 * Ranges of restricted sizes: a pool without a window has no result; the gradient of few rows is only rounding error; the position of a
 * view's last step or value, in float32, loses precision as the view grows.
 */
const RANGES: Record<string, Record<string, [least: number, largest: number]>> = {
  maxPool: { height: [2, Infinity], width: [2, Infinity] },
  maxPoolGradient: { height: [2, Infinity], width: [2, Infinity] },
  moments: { rows: [2, Infinity] },
  normaliseGradient: { rows: [8, Infinity], count: [8, Infinity] },
  gatherViews: { height: [1, 70], width: [1, 40] },
};

function drawOption(r: Random, { kind }: OptionSignature): number | boolean | readonly number[] | undefined {
  switch (kind) {
    case "flag":
      return r.below(2) === 1;
    case "flag?":
      return [true, false, undefined][r.below(3)];
    case "key":
      return [...randomKey(r.below(1000))];
    case "share":
      return [0, 0.1, 0.5, 0.9][r.below(4)];
    case "number":
      return Math.fround(r.normal());
  }
}

/** A call's arguments so far. */
type KernelInputs = Record<string, Float64Array> & Record<string, number>;

const epsilon = 1e-3;
/** Means, then variances. */
const someMoments = (r: Random, columns: number) =>
  Float64Array.from({ length: 2 * columns }, (_, i) => Math.fround(i < columns ? r.normal() : 0.1 + r.uniform()));

/** Special arguments by kernel. */
const SPECIAL: Record<string, (r: Random, args: KernelInputs) => PlainArgs> = {
  maxPoolGradient: (_, { x, mask }) => {
    const rectified = x.map((v) => Math.max(0, v)); // ties at zero, as after a ReLU
    return { x: rectified, mask: mask && rectified };
  },
  softmax: (_, { logits }) => ({ logits: logits.map((z) => Math.fround(5 * z)) }),
  softmaxCrossEntropy: (_, { logits, targets, classes }) => ({
    logits: logits.map((z) => Math.fround(5 * z)),
    targets: distributions(targets, classes),
    metrics: Float64Array.from({ length: METRICS.length }, (_, i) => [100, 5, 10, 0][i]),
  }),
  adam: (_, { v }) => ({
    v: v.map((value) => Math.fround(0.01 * Math.abs(value))),
    ...{ rate: 0.01, beta1: 0.9, beta2: 0.999, epsilon: 1e-7 },
  }),
  moments: (r, { x, columns }) => {
    const more = numbers(r, r.below(3) * columns); // rows that pad a short batch
    return { x: Float64Array.of(...x, ...more).map((v, i) => Math.fround(v + 10 * (i % columns % 5))) };
  },
  normalise: (r, { columns }) => ({ moments: someMoments(r, columns), epsilon }),
  normaliseGradient: (_, args) => {
    const { moments } = define("moments", { ...args, rows: args.count });
    return { moments: moments.map(Math.fround), epsilon };
  },
  gatherWindows: (r, { batch, height, width }) => {
    const time = width + r.below(200);
    const starts = Int32Array.from({ length: batch }, () => r.below(time - width + 1));
    return { series: numbers(r, time * height), starts };
  },
  gatherViews: (r, { batch, height, width }) => {
    const time = 1 + r.below(200), starts = Int32Array.from({ length: batch }, () => r.below(time));
    const loud = numbers(r, time * height).map((v) => Math.fround(Math.max(Math.log(0.01), v)));
    const views = Float64Array.from(
      [...starts].flatMap((start) => drawView(r, { height, width, last: time - 1 - start })),
    );
    return { series: loud, starts, views, ...{ mean: 0.25, scale: 1.5, offset: 0.01 } };
  },
  gatherRows: (r, { batch, columns }) => {
    const count = size(r, 300), rows = Int32Array.from({ length: batch }, () => r.below(count));
    return { table: numbers(r, count * columns), rows };
  },
};

/** A row of `views`. */
function drawView(r: Random, { height, width, last }: { height: number; width: number; last: number }): number[] {
  const view = Array<number>(VIEW.length).fill(0);
  const set = (name: Exclude<keyof typeof VIEW, "length">, value: number) => view[VIEW[name]] = Math.fround(value);
  const [band, frame] = [r.below(height), r.below(width)];
  set("rate", r.below(3) ? 0.8 + 0.4 * r.uniform() : 1);
  set("shift", r.below(3) ? 2 * r.uniform() - 0.5 : 0);
  set("last", last);
  set("warp", r.below(3) ? 0.8 + 0.4 * r.uniform() : 1);
  set("bandFrom", band);
  set("bandTo", band + r.below(9));
  set("frameFrom", frame);
  set("frameTo", frame + r.below(9));
  set("gain", r.below(3) ? Math.exp(r.normal()) : 1);
  set("noise", r.below(2) * r.uniform());
  return view;
}

/** Rows that are positive and sum to 1. */
function distributions(values: Float64Array, classes: number): Float64Array {
  const sums = new Float64Array(values.length / classes);
  values.forEach((value, i) => sums[Math.floor(i / classes)] += Math.abs(value));
  return values.map((value, i) => Math.fround(Math.abs(value) / sums[Math.floor(i / classes)]));
}

/** A size from 1 up: half the time one that tiles divide or just miss, otherwise any. */
function size(r: Random, largest: number): number {
  const near = [1, 2, 3, 4, 5, 6, 7, 8, 9, 16, 17, 31, 32, 33, 63, 64, 65, 128].filter((n) => n <= largest);
  return r.below(2) ? near[r.below(near.length)] : 1 + r.below(largest);
}

/** Normally distributed numbers that float32 can represent, so that device and definition get the same input. */
function numbers(r: Random, length: number): Float64Array {
  return Float64Array.from({ length }, () => Math.fround(r.normal()));
}
