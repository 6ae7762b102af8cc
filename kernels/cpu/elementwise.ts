/** Kernels that pass over memory once, as phases: cut into stretches of a fixed length. */
import type { Addresses } from "./buffer.ts";
import { phase } from "./layout.ts";
import type { Queue } from "./queue.ts";

/** Words per stretch: 64 KiB, so that claiming it costs little compared with processing it. */
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

/** Enqueues `fill`. */
export function fill(queue: Queue, args: Addresses<"fill">): void {
  queue.run(fillPart, stretches(args.length), args);
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

/** Enqueues `copy`. */
export function copy(queue: Queue, { x, y, length }: Addresses<"copy">): void {
  copyWords(queue, x, y, length);
}

/** y = a + b. */
export const addPart = phase(
  "a b y length",
  (wasm, { a, b, y, length }, chunk) =>
    wasm.add(a + chunk * BYTES, b + chunk * BYTES, y + chunk * BYTES, part(length, chunk)),
);

/** Enqueues `add`. */
export function add(queue: Queue, args: Addresses<"add">): void {
  queue.run(addPart, stretches(args.length), args);
}

/** y += share (x - y). */
export const blendPart = phase(
  "x y length share",
  (wasm, { x, y, length, share }, chunk) =>
    wasm.blend(x + chunk * BYTES, y + chunk * BYTES, part(length, chunk), share),
);

/** Enqueues `blend`. */
export function blend(queue: Queue, args: Addresses<"blend">): void {
  queue.run(blendPart, stretches(args.length), args);
}

/** y = max(0, x). */
export const reluPart = phase(
  "x y length",
  (wasm, { x, y, length }, chunk) => wasm.relu(x + chunk * BYTES, y + chunk * BYTES, part(length, chunk)),
);

/** Enqueues `relu`. */
export function relu(queue: Queue, args: Addresses<"relu">): void {
  queue.run(reluPart, stretches(args.length), args);
}

/** dx = dy if mask > 0, else 0. */
export const reluGradientPart = phase(
  "dy mask dx length",
  (wasm, { dy, mask, dx, length }, chunk) =>
    wasm.reluGradient(dy + chunk * BYTES, mask + chunk * BYTES, dx + chunk * BYTES, part(length, chunk)),
);

/** Enqueues `reluGradient`. */
export function reluGradient(queue: Queue, args: Addresses<"reluGradient">): void {
  queue.run(reluGradientPart, stretches(args.length), args);
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

/** Enqueues `adam`. */
export function adam(queue: Queue, args: Addresses<"adam">): void {
  const { weights: w, gradients: g, m, v, length, rate, beta1, beta2, epsilon } = args;
  const [rest1, rest2, temp] = [1 - beta1, 1 - beta2, queue.scratch(64)];
  queue.run(adamPart, stretches(length), { w, g, m, v, length, rate, beta1, rest1, beta2, rest2, epsilon, temp });
}

/** y = x / (1 - rate) or 0. */
export const dropoutPart = phase(
  "x y length scale threshold key0 key1",
  (wasm, { x, y, length, scale, threshold, key0, key1 }, chunk) => {
    const at = chunk * BYTES;
    wasm.dropout(x + at, y + at, chunk * STRETCH, part(length, chunk), scale, threshold, key0, key1);
  },
);

/** Enqueues `dropout`. */
export function dropout(queue: Queue, { x, y, length, rate, key: [key0, key1] }: Addresses<"dropout">): void {
  // A random word is an integer: it is at least rate 2^32 exactly if it is at least that value rounded up.
  const threshold = Math.min(Math.ceil(rate * 2 ** 32), 2 ** 32 - 1);
  queue.run(dropoutPart, stretches(length), { x, y, length, scale: 1 / (1 - rate), threshold, key0, key1 });
}

/** The sum of one stretch, in float64. */
export const sumPart = phase(
  "x length partials",
  (wasm, { x, length, partials }, chunk) => wasm.sum(x + chunk * BYTES, part(length, chunk), partials + 8 * chunk),
);

/** The sum of those sums, in order. */
export const sumTotal = phase(
  "partials count total",
  (wasm, { partials, count, total }) => wasm.sumPartials(partials, count, total),
);

/** Enqueues `sum`. */
export function sum(queue: Queue, { x, total, length }: Addresses<"sum">): void {
  const partials = queue.workspace(8 * stretches(length));
  queue.run(sumPart, stretches(length), { x, length, partials });
  queue.run(sumTotal, 1, { partials, count: stretches(length), total });
}

/** Columns per chunk: 256 bytes of a row. */
const COLUMNS = 64;

/** Sums of some columns. */
export const columnSumsPart = phase("x sums rows columns", (wasm, { x, sums, rows, columns }, chunk) => {
  const first = chunk * COLUMNS;
  wasm.columnSums(x + 4 * first, rows, 4 * columns, Math.min(COLUMNS, columns - first), sums + 4 * first);
});

/** Enqueues `columnSums`. */
export function columnSums(queue: Queue, args: Addresses<"columnSums">): void {
  queue.run(columnSumsPart, Math.ceil(args.columns / COLUMNS), args);
}
