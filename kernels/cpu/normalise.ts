/** Batch normalisation as phases: its moments, the normalisation, its gradient. A chunk is a block of rows. */
import type { Addresses } from "./buffer.ts";
import { phase } from "./layout.ts";
import type { Queue } from "./queue.ts";

/** Rows per block: 32 KiB, so that a block stays in the first-level cache, and few enough for float32 sums. */
const blockRows = (columns: number) => Math.max(1, Math.min(1024, Math.floor(8192 / columns)));
const blocks = (rows: number, columns: number) => Math.ceil(rows / blockRows(columns));
/** First row of block `chunk`, and its number of rows. */
function block(rows: number, columns: number, chunk: number): [first: number, count: number] {
  const each = blockRows(columns), first = chunk * each;
  return [first, Math.min(each, rows - first)];
}

/** Means and sums of squares of one block. */
export const momentsPart = phase("x rows columns parts", (wasm, { x, rows, columns, parts }, chunk) => {
  const row = 4 * columns, [first, count] = block(rows, columns, chunk);
  wasm.momentsOfBlock(x + first * row, count, row, columns, parts + 2 * row * chunk, row);
});

/** Joins the moments of all blocks. */
export const momentsTotal = phase("rows columns parts moments", (wasm, { rows, columns, parts, moments }) => {
  const count = blocks(rows, columns), each = blockRows(columns);
  wasm.joinMoments(parts, count, each, rows - (count - 1) * each, columns, moments, 4 * columns);
});

/** Enqueues `moments`. */
export function moments(queue: Queue, { x, moments, rows, columns }: Addresses<"moments">): void {
  const parts = queue.workspace(8 * columns * blocks(rows, columns));
  queue.run(momentsPart, blocks(rows, columns), { x, rows, columns, parts });
  queue.run(momentsTotal, 1, { rows, columns, parts, moments });
}

/** Normalises one block. */
export const normalisePart = phase("x y rows columns moments gamma beta epsilon floor", (wasm, args, chunk) => {
  const { x, y, rows, columns, moments, gamma, beta, epsilon, floor } = args;
  const row = 4 * columns, [first, count] = block(rows, columns, chunk), at = first * row;
  wasm.normaliseBlock(x + at, y + at, count, row, columns, moments, row, gamma, beta, epsilon, floor);
});

/** Enqueues `normalise`. */
export function normalise(queue: Queue, { relu, ...args }: Addresses<"normalise">): void {
  queue.run(normalisePart, blocks(args.rows, args.columns), { ...args, floor: relu ? 0 : -Infinity });
}

/** Sums of one block. */
export const gradientSumsPart = phase(
  "x dy rows columns moments parts",
  (wasm, { x, dy, rows, columns, moments, parts }, chunk) => {
    const row = 4 * columns, [first, count] = block(rows, columns, chunk), at = first * row;
    wasm.gradientSumsOfBlock(x + at, dy + at, count, row, columns, moments, parts + 2 * row * chunk, row);
  },
);

/** Joins the sums of all blocks. */
export const gradientSumsTotal = phase(
  "rows columns moments parts epsilon dGamma dBeta",
  (wasm, { rows, columns, moments, parts, epsilon, dGamma, dBeta }) =>
    wasm.joinGradientSums(parts, blocks(rows, columns), columns, moments, 4 * columns, epsilon, dGamma, dBeta),
);

/** Passes the gradient back through one block. */
export const normaliseGradientPart = phase(
  "x dy dx rows columns moments gamma dGamma dBeta epsilon counted",
  (wasm, args, chunk) => {
    const { x, dy, dx, rows, columns, moments, gamma, dGamma, dBeta, epsilon, counted } = args;
    const row = 4 * columns, [first, count] = block(rows, columns, chunk), at = first * row;
    const live = Math.max(0, Math.min(count, counted - first));
    if (live > 0) {
      wasm.normaliseGradientBlock(
        ...[x + at, dy + at, dx + at, live, row, columns, moments, row, gamma, dGamma, dBeta, epsilon, counted],
      );
    }
    if (live < count) wasm.fill(dx + at + live * row, (count - live) * columns, 0);
  },
);

/** Enqueues `normaliseGradient`. */
export function normaliseGradient(queue: Queue, args: Addresses<"normaliseGradient">): void {
  const { x, dy, moments, dGamma, dBeta, rows, columns, count, epsilon } = args;
  const parts = queue.workspace(8 * columns * blocks(count, columns));
  queue.run(gradientSumsPart, blocks(count, columns), { x, dy, rows: count, columns, moments, parts });
  queue.run(gradientSumsTotal, 1, { rows: count, columns, moments, parts, epsilon, dGamma, dBeta });
  queue.run(normaliseGradientPart, blocks(rows, columns), { ...args, counted: count });
}
