/**
 * The kernels other than products: pooling, softmax, Adam, dropout, sums, elementwise kernels, gathering.
 *
 * @module
 */
import { SLICE_ALIGNMENT } from "../device.ts";
import { VIEW } from "../table.ts";
import adamSource from "../wgsl/adam.wgsl" with { type: "text" };
import addSource from "../wgsl/add.wgsl" with { type: "text" };
import averagePoolSource from "../wgsl/average_pool.wgsl" with { type: "text" };
import averagePoolGradientSource from "../wgsl/average_pool_gradient.wgsl" with { type: "text" };
import columnSumsSource from "../wgsl/column_sums.wgsl" with { type: "text" };
import copySource from "../wgsl/copy.wgsl" with { type: "text" };
import dropoutSource from "../wgsl/dropout.wgsl" with { type: "text" };
import fillSource from "../wgsl/fill.wgsl" with { type: "text" };
import gatherRowsSource from "../wgsl/gather_rows.wgsl" with { type: "text" };
import gatherViewsSource from "../wgsl/gather_views.wgsl" with { type: "text" };
import gatherWindowsSource from "../wgsl/gather_windows.wgsl" with { type: "text" };
import maxPoolSource from "../wgsl/max_pool.wgsl" with { type: "text" };
import maxPoolGradientSource from "../wgsl/max_pool_gradient.wgsl" with { type: "text" };
import notHiddenSource from "../wgsl/not_hidden.wgsl" with { type: "text" };
import reluSource from "../wgsl/relu.wgsl" with { type: "text" };
import reluGradientSource from "../wgsl/relu_gradient.wgsl" with { type: "text" };
import softmaxSource from "../wgsl/softmax.wgsl" with { type: "text" };
import softmaxCrossEntropySource from "../wgsl/softmax_cross_entropy.wgsl" with { type: "text" };
import sumSource from "../wgsl/sum.wgsl" with { type: "text" };
import { sharingLanes } from "./features.ts";
import type { GpuArguments, GpuBuffer } from "./buffer.ts";
import { LANES_PER_GROUP, type Launcher, type ShaderKernel } from "./launcher.ts";
import type { Constants } from "./template.ts";

const MAX_POOL: ShaderKernel = { name: "max_pool", source: `${maxPoolSource}\n${notHiddenSource}` };
const RELU: ShaderKernel = { name: "relu", source: `${reluSource}\n${notHiddenSource}` };
const groups = (lanes: number) => Math.ceil(lanes / LANES_PER_GROUP);

/** See `maxPool`. */
export function maxPool(launcher: Launcher, { batch, height, width, channels, x, y }: GpuArguments<"maxPool">): void {
  const [wordsIn, wordsOut] = [height * width * channels, Math.floor(height / 2) * Math.floor(width / 2) * channels];
  launcher.images(batch, [wordsIn, wordsOut || wordsIn], ({ count, of }) => {
    const length = count * wordsOut;
    launcher.run(MAX_POOL, {
      buffers: {
        x: of(x, wordsIn),
        y: of(y, wordsOut),
      },
      parameters: { height, width, channels, length },
      workgroups: groups(length),
      flops: 100 * length,
    });
  });
}

/** See `maxPoolGradient`. */
export function maxPoolGradient(launcher: Launcher, args: GpuArguments<"maxPoolGradient">): void {
  const { batch, height, width, channels, x, dy, dx, mask } = args;
  const [wordsIn, wordsOut] = [height * width * channels, Math.floor(height / 2) * Math.floor(width / 2) * channels];
  launcher.images(batch, [wordsIn, wordsOut || wordsIn], ({ count, of }) => {
    const length = count * Math.ceil(height / 2) * Math.ceil(width / 2) * channels;
    const all = (buffer: GpuBuffer) => of(buffer, wordsIn);
    launcher.run({ name: "max_pool_gradient", source: maxPoolGradientSource }, {
      buffers: {
        x: all(x),
        dy: of(dy, wordsOut),
        mask: mask ? all(mask) : launcher.nothing,
        dx: all(dx),
      },
      parameters: { height, width, channels, length, has_mask: Number(!!mask) },
      workgroups: groups(length),
      flops: 400 * length,
    });
  });
}

/** See `averagePool`. */
export function averagePool(
  launcher: Launcher,
  { batch, height, width, channels, x, y }: GpuArguments<"averagePool">,
): void {
  const pixels = height * width, words = pixels * channels;
  launcher.images(batch, [words, channels], ({ count, of }) => {
    const length = count * channels;
    launcher.run({ name: "average_pool", source: averagePoolSource }, {
      buffers: { x: of(x, words), y: of(y, channels) },
      parameters: { pixels, channels, length },
      workgroups: groups(length),
      flops: 100 * count * words,
    });
  });
}

/** See `averagePoolGradient`. */
export function averagePoolGradient(launcher: Launcher, args: GpuArguments<"averagePoolGradient">): void {
  const { batch, height, width, channels, dy, dx, mask } = args, pixels = height * width, words = pixels * channels;
  launcher.images(batch, [words, channels], ({ count, of }) => {
    const length = count * words;
    launcher.run({ name: "average_pool_gradient", source: averagePoolGradientSource }, {
      buffers: {
        dy: of(dy, channels),
        mask: mask ? of(mask, words) : launcher.nothing,
        dx: of(dx, words),
      },
      parameters: { pixels, channels, length, has_mask: Number(!!mask) },
      workgroups: groups(length),
      flops: 100 * length,
    });
  });
}

/** See `columnSums`: a matrix too tall for a binding is summed piece by piece. */
export function columnSums(launcher: Launcher, { x, sums, rows, columns }: GpuArguments<"columnSums">): void {
  launcher.images(rows, [columns], ({ first, count, of }) => {
    if (first === 0) return sumColumns(launcher, { x: of(x, columns), sums, rows: count, columns });
    launcher.withScratch((scratch) => {
      const more = scratch(columns, "a piece of columnSums");
      sumColumns(launcher, { x: of(x, columns), sums: more, rows: count, columns });
      add(launcher, { a: sums, b: more, y: sums, length: columns });
    });
  });
}

/** Sums a tall matrix in parts, then the parts. */
function sumColumns(launcher: Launcher, { x, sums, rows, columns }: GpuArguments<"columnSums">): void {
  const columnGroups = Math.ceil(columns / 32);
  const wanted = Math.max(1, Math.min(128, Math.ceil(rows / 256), Math.ceil(512 / columnGroups)));
  const partRows = Math.ceil(rows / wanted);
  const parts = Math.ceil(rows / partRows);
  const run = (from: GpuBuffer, to: GpuBuffer, rows: number, partRows: number, parts: number) =>
    launcher.run({ name: "column_sums", source: columnSumsSource }, {
      buffers: { x: from, sums: to },
      parameters: { rows, columns, part_rows: partRows },
      workgroups: columnGroups * parts,
      flops: 100 * rows * columns,
    });
  if (parts === 1) return run(x, sums, rows, rows, 1);
  launcher.withScratch((scratch) => {
    const partSums = scratch(parts * columns, "parts of columnSums");
    run(x, partSums, rows, partRows, parts);
    run(partSums, sums, parts, parts, 1);
  });
}

/**
 * Constants for sums with and without subgroups: whether lanes may exchange sums, and the least number of lanes. One
 * object per case, so that programs are found quickly.
 */
const WITHOUT_SUBGROUPS: Constants = { SUBGROUPS: false, ENABLE: "", SHARE: 1 };
const withSubgroups = new Map<string, Constants>();
function subgroupConstants({ subgroups }: Launcher): Constants {
  if (!subgroups) return WITHOUT_SUBGROUPS;
  const { enable } = subgroups, SHARE = sharingLanes(subgroups), key = `${SHARE} ${enable}`;
  const known = withSubgroups.get(key) ?? { SUBGROUPS: true, ENABLE: enable, SHARE };
  withSubgroups.set(key, known);
  return known;
}

/** See `sum`. A tensor too long for a binding is summed piece by piece, followed by a sum over the pieces. */
export function sum(launcher: Launcher, { x, total, length }: GpuArguments<"sum">): void {
  const pieces: { buffer: GpuBuffer; count: number }[] = [];
  launcher.images(length, [1], ({ first, count }) => {
    pieces.push({ buffer: count === x.length ? x : x.slice(first, count), count });
  });
  if (pieces.length === 1) return sumPiece(launcher, { x: pieces[0].buffer, total, length });
  launcher.withScratch((scratch) => {
    // a slice begins at a multiple of this many words, and each piece's sum is written to a separate slice
    const sums = scratch(SLICE_ALIGNMENT * pieces.length, "sums of pieces");
    fill(launcher, { x: sums, length: sums.length, value: 0 });
    pieces.forEach(({ buffer, count }, i) => {
      sumPiece(launcher, { x: buffer, total: sums.slice(SLICE_ALIGNMENT * i, 1), length: count });
    });
    sum(launcher, { x: sums, total, length: sums.length });
  });
}

/** Sums in parts, then sums the parts. */
function sumPiece(launcher: Launcher, { x, total, length }: GpuArguments<"sum">): void {
  const partLength = Math.max(4096, Math.ceil(length / 1024));
  const parts = Math.ceil(length / partLength);
  const run = (from: GpuBuffer, to: GpuBuffer, length: number, partLength: number, parts: number) =>
    launcher.run({ name: "sum", source: sumSource }, {
      constants: subgroupConstants(launcher),
      buffers: { x: from, total: to },
      parameters: { length, part_length: partLength },
      workgroups: parts,
      flops: 100 * length,
    });
  if (parts === 1) return run(x, total, length, length, 1);
  launcher.withScratch((scratch) => {
    const partSums = scratch(parts, "parts of sum");
    run(x, partSums, length, partLength, parts);
    run(partSums, total, parts, parts, 1);
  });
}

/** See `softmax`. */
export function softmax(launcher: Launcher, { logits, probabilities, rows, classes }: GpuArguments<"softmax">): void {
  launcher.run({ name: "softmax", source: softmaxSource }, {
    buffers: { logits, probabilities },
    parameters: { rows, classes },
    workgroups: groups(rows),
    flops: 100 * rows * classes,
  });
}

/** See `softmaxCrossEntropy`. */
export function softmaxCrossEntropy(launcher: Launcher, args: GpuArguments<"softmaxCrossEntropy">): void {
  const { rows, classes, count, step } = args;
  const length = rows * classes;
  launcher.run({ name: "softmax_cross_entropy", source: softmaxCrossEntropySource }, {
    constants: subgroupConstants(launcher),
    buffers: {
      logits: args.logits,
      targets: args.targets,
      probabilities: args.probabilities,
      d_logits: args.dLogits,
      metrics: args.metrics,
    },
    parameters: { rows, classes, count, step },
    workgroups: 1,
    flops: 100 * length,
  });
}

/** See `adam`. */
export function adam(launcher: Launcher, args: GpuArguments<"adam">): void {
  const { weights, gradients, m, v, length, rate, beta1, beta2, epsilon } = args;
  launcher.elementwise({ name: "adam", source: adamSource }, {
    buffers: { weights, gradients, m, v },
    length,
    parameters: { rate, beta1, one_minus_beta1: 1 - beta1, beta2, one_minus_beta2: 1 - beta2, epsilon },
  });
}

/** See `dropout`. */
export function dropout(launcher: Launcher, { x, y, length, rate, key }: GpuArguments<"dropout">): void {
  launcher.elementwise({ name: "dropout", source: dropoutSource }, {
    constants: { IN_PLACE: x.equals(y) },
    buffers: { x, y },
    length,
    parameters: {
      key0: key[0],
      key1: key[1],
      threshold: Math.min(Math.ceil(rate * 2 ** 32), 2 ** 32 - 1),
      scale: 1 / (1 - rate),
    },
  });
}

/** See `fill`. */
export function fill(launcher: Launcher, { x, length, value }: GpuArguments<"fill">): void {
  const bits = new Uint32Array(new Float32Array([value]).buffer)[0];
  launcher.elementwise({ name: "fill", source: fillSource }, { buffers: { x }, length, parameters: { bits } });
}

/** See `copy`. */
export function copy(launcher: Launcher, { x, y, length }: GpuArguments<"copy">): void {
  launcher.elementwise({ name: "copy", source: copySource }, { buffers: { x, y }, length });
}

/** See `add`. */
export function add(launcher: Launcher, { a, b, y, length }: GpuArguments<"add">): void {
  const [aIsY, bIsY] = [a.equals(y), b.equals(y)];
  launcher.elementwise({ name: "add", source: addSource }, {
    constants: { A_IS_Y: aIsY, B_IS_Y: bIsY, A: aIsY ? "y" : "a", B: bIsY ? "y" : "b" },
    buffers: { a, b, y },
    length,
  });
}

/** See `relu`. */
export function relu(launcher: Launcher, { x, y, length }: GpuArguments<"relu">): void {
  const inPlace = x.equals(y);
  launcher.elementwise(RELU, {
    constants: { IN_PLACE: inPlace, X: inPlace ? "y" : "x" },
    buffers: { x, y },
    length,
  });
}

/** See `reluGradient`. */
export function reluGradient(launcher: Launcher, { dy, mask, dx, length }: GpuArguments<"reluGradient">): void {
  const inPlace = dy.equals(dx);
  launcher.elementwise({ name: "relu_gradient", source: reluGradientSource }, {
    constants: { IN_PLACE: inPlace, DY: inPlace ? "dx" : "dy" },
    buffers: { dy, mask, dx },
    length,
  });
}

/** See `gatherWindows`. */
export function gatherWindows(launcher: Launcher, args: GpuArguments<"gatherWindows">): void {
  const { series, starts, out, batch, height, width, mean, scale } = args;
  const window = height * width;
  launcher.images(batch, [window, 1], ({ count, of }) => {
    const length = count * window;
    launcher.run({ name: "gather_windows", source: gatherWindowsSource }, {
      buffers: { series, starts: of(starts, 1), out: of(out, window) },
      parameters: { height, width, length, mean, scale },
      workgroups: groups(length),
      flops: 100 * length,
    });
  });
}

/** See `gatherViews`. */
export function gatherViews(launcher: Launcher, args: GpuArguments<"gatherViews">): void {
  const { series, starts, views, out, batch, height, width, mean, scale, offset, key: [key0, key1] } = args;
  const window = height * width;
  launcher.images(batch, [window, 1, VIEW.length], ({ first, count, of }) => {
    const length = count * window;
    launcher.run({ name: "gather_views", source: gatherViewsSource }, {
      buffers: {
        series,
        starts: of(starts, 1),
        views: of(views, VIEW.length),
        out: of(out, window),
      },
      parameters: { height, width, length, first: first * window, key0, key1, mean, scale, offset },
      workgroups: groups(length),
      flops: 100 * length,
    });
  });
}

/** See `gatherRows`. */
export function gatherRows(launcher: Launcher, { table, rows, out, batch, columns }: GpuArguments<"gatherRows">): void {
  launcher.images(batch, [columns, 1], ({ count, of }) => {
    const length = count * columns;
    launcher.run({ name: "gather_rows", source: gatherRowsSource }, {
      buffers: { table, rows: of(rows, 1), out: of(out, columns) },
      parameters: { columns, length },
      workgroups: groups(length),
      flops: 100 * length,
    });
  });
}
