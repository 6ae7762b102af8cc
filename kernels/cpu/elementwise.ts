/** Kernels that go over memory once, as phases: cut into stretches of a fixed length. */
import type { Adam, Add, Blend, ColumnSums, Copy, Dropout, Fill, Relu, ReluGradient, Sum } from "../kernels.ts";
import type { DeviceBuffer } from "../device.ts";
import { addressOf, checkSizes } from "./buffer.ts";
import { phase } from "./layout.ts";
import type { Queue } from "./queue.ts";

/** Words of a stretch: 64 KiB, so that handing it out costs little beside passing over it. */
const STRETCH = 2 ** 14;
const stretches = (length: number) => Math.ceil(length / STRETCH);
/** Length of stretch `chunk`. */
const part = (length: number, chunk: number) => Math.min(STRETCH, length - chunk * STRETCH);
const BYTES = 4 * STRETCH;

/** x = value. */
export const fillPart = phase(
  "x length value",
  (wasm, { x, length, value }, chunk) => wasm.fill(x + chunk * BYTES, part(length, chunk), value),
);

/** Enqueues {@link Fill}. */
export function fill(queue: Queue, { x, length, value }: Fill<DeviceBuffer>): void {
  checkSizes({ length });
  queue.run(fillPart, stretches(length), { x: addressOf(x, length, "fill's x"), length, value });
}

/** y = x. */
export const copyPart = phase(
  "x y length",
  (wasm, { x, y, length }, chunk) => wasm.copy(x + chunk * BYTES, y + chunk * BYTES, part(length, chunk)),
);

/** Enqueues a copy from one address to another. */
export function copyWords(queue: Queue, from: number, to: number, length: number): void {
  queue.run(copyPart, stretches(length), { x: from, y: to, length });
}

/** Enqueues {@link Copy}. */
export function copy(queue: Queue, { x, y, length }: Copy<DeviceBuffer>): void {
  checkSizes({ length });
  copyWords(queue, addressOf(x, length, "copy's x"), addressOf(y, length, "copy's y"), length);
}

/** y = a + b. */
export const addPart = phase(
  "a b y length",
  (wasm, { a, b, y, length }, chunk) =>
    wasm.add(a + chunk * BYTES, b + chunk * BYTES, y + chunk * BYTES, part(length, chunk)),
);

/** Enqueues {@link Add}. */
export function add(queue: Queue, { a, b, y, length }: Add<DeviceBuffer>): void {
  checkSizes({ length });
  const [from, other] = [addressOf(a, length, "add's a"), addressOf(b, length, "add's b")];
  queue.run(addPart, stretches(length), { a: from, b: other, y: addressOf(y, length, "add's y"), length });
}

/** y += share (x - y). */
export const blendPart = phase(
  "x y length share",
  (wasm, { x, y, length, share }, chunk) =>
    wasm.blend(x + chunk * BYTES, y + chunk * BYTES, part(length, chunk), share),
);

/** Enqueues {@link Blend}. */
export function blend(queue: Queue, { x, y, length, share }: Blend<DeviceBuffer>): void {
  checkSizes({ length });
  const [from, to] = [addressOf(x, length, "blend's x"), addressOf(y, length, "blend's y")];
  queue.run(blendPart, stretches(length), { x: from, y: to, length, share });
}

/** y = max(0, x). */
export const reluPart = phase(
  "x y length",
  (wasm, { x, y, length }, chunk) => wasm.relu(x + chunk * BYTES, y + chunk * BYTES, part(length, chunk)),
);

/** Enqueues {@link Relu}. */
export function relu(queue: Queue, { x, y, length }: Relu<DeviceBuffer>): void {
  checkSizes({ length });
  queue.run(reluPart, stretches(length), {
    x: addressOf(x, length, "relu's x"),
    y: addressOf(y, length, "relu's y"),
    length,
  });
}

/** dx = dy where mask > 0, else 0. */
export const reluGradientPart = phase(
  "dy mask dx length",
  (wasm, { dy, mask, dx, length }, chunk) =>
    wasm.reluGradient(dy + chunk * BYTES, mask + chunk * BYTES, dx + chunk * BYTES, part(length, chunk)),
);

/** Enqueues {@link ReluGradient}. */
export function reluGradient(queue: Queue, { dy, mask, dx, length }: ReluGradient<DeviceBuffer>): void {
  checkSizes({ length });
  const [from, by] = [addressOf(dy, length, "reluGradient's dy"), addressOf(mask, length, "reluGradient's mask")];
  queue.run(reluGradientPart, stretches(length), {
    dy: from,
    mask: by,
    dx: addressOf(dx, length, "reluGradient's dx"),
    length,
  });
}

/** A step of Adam. */
export const adamPart = phase(
  "w g m v length rate beta1 rest1 beta2 rest2 epsilon temp",
  (wasm, args, chunk, thread) => {
    const { w, g, m, v, length, rate, beta1, rest1, beta2, rest2, epsilon, temp } = args;
    const at = chunk * BYTES, words = part(length, chunk);
    wasm.adam(w + at, g + at, m + at, v + at, words, rate, beta1, rest1, beta2, rest2, epsilon, temp + 64 * thread);
  },
);

/** Enqueues {@link Adam}. */
export function adam(queue: Queue, args: Adam<DeviceBuffer>): void {
  const { length, rate, beta1, beta2, epsilon } = args;
  checkSizes({ length });
  queue.run(adamPart, stretches(length), {
    w: addressOf(args.weights, length, "adam's weights"),
    g: addressOf(args.gradients, length, "adam's gradients"),
    m: addressOf(args.m, length, "adam's m"),
    v: addressOf(args.v, length, "adam's v"),
    length,
    rate,
    beta1,
    rest1: 1 - beta1,
    beta2,
    rest2: 1 - beta2,
    epsilon,
    temp: queue.scratch(64),
  });
}

/** y = x / (1 - rate) or 0. */
export const dropoutPart = phase(
  "x y length scale threshold key0 key1",
  (wasm, { x, y, length, scale, threshold, key0, key1 }, chunk) => {
    const at = chunk * BYTES;
    wasm.dropout(x + at, y + at, chunk * STRETCH, part(length, chunk), scale, threshold, key0, key1);
  },
);

/** Enqueues {@link Dropout}. */
export function dropout(queue: Queue, { x, y, length, rate, key }: Dropout<DeviceBuffer>): void {
  checkSizes({ length });
  if (!(rate >= 0 && rate < 1)) throw new RangeError(`dropout's rate is at least 0 and less than 1, found ${rate}`);
  const [from, to] = [addressOf(x, length, "dropout's x"), addressOf(y, length, "dropout's y")];
  // A word is a whole number: it is at least rate 2^32 exactly when it is at least that rounded up.
  const threshold = Math.min(Math.ceil(rate * 2 ** 32), 2 ** 32 - 1);
  queue.run(dropoutPart, stretches(length), {
    x: from,
    y: to,
    length,
    scale: 1 / (1 - rate),
    threshold,
    key0: key[0],
    key1: key[1],
  });
}

/** The sum of one stretch, in float64. */
export const sumPart = phase(
  "x length partials",
  (wasm, { x, length, partials }, chunk) => wasm.sum(x + chunk * BYTES, part(length, chunk), partials + 8 * chunk),
);

/** The sum of those, in their order. */
export const sumTotal = phase(
  "partials count total",
  (wasm, { partials, count, total }) => wasm.sumPartials(partials, count, total),
);

/** Enqueues {@link Sum}. */
export function sum(queue: Queue, { x, total, length }: Sum<DeviceBuffer>): void {
  checkSizes({ length });
  const [from, to] = [addressOf(x, length, "sum's x"), addressOf(total, 1, "sum's total")];
  const partials = queue.workspace(8 * stretches(length));
  queue.run(sumPart, stretches(length), { x: from, length, partials });
  queue.run(sumTotal, 1, { partials, count: stretches(length), total: to });
}

/** Columns that one chunk sums: 256 bytes of a row. */
const COLUMNS = 64;

/** Sums of some columns. */
export const columnSumsPart = phase("x sums rows columns", (wasm, { x, sums, rows, columns }, chunk) => {
  const first = chunk * COLUMNS;
  wasm.columnSums(x + 4 * first, rows, 4 * columns, Math.min(COLUMNS, columns - first), sums + 4 * first);
});

/** Enqueues {@link ColumnSums}. */
export function columnSums(queue: Queue, { x, sums, rows, columns }: ColumnSums<DeviceBuffer>): void {
  checkSizes({ rows, columns });
  const [from, to] = [addressOf(x, rows * columns, "columnSums' x"), addressOf(sums, columns, "columnSums' sums")];
  queue.run(columnSumsPart, Math.ceil(columns / COLUMNS), { x: from, sums: to, rows, columns });
}
