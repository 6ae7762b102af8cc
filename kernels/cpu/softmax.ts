/**
 * Softmax and its cross-entropy as phases. A chunk is a few rows; one chunk adds up the metrics, in the rows' order.
 */
import type { Addresses } from "./buffer.ts";
import { phase } from "./layout.ts";
import type { Queue } from "./queue.ts";

const ROWS = 16;

/** Softmax of a few rows. */
export const softmaxRows = phase(
  "logits probabilities rows classes",
  (wasm, { logits, probabilities, rows, classes }, chunk) => {
    for (let row = chunk * ROWS; row < Math.min(rows, (chunk + 1) * ROWS); row++) {
      const at = 4 * row * classes;
      wasm.softmaxRow(logits + at, probabilities + at, classes);
    }
  },
);

/** Enqueues `softmax`. */
export function softmax(queue: Queue, args: Addresses<"softmax">): void {
  queue.run(softmaxRows, Math.ceil(args.rows / ROWS), args);
}

/** Probabilities, gradients and losses of a few rows. */
export const crossEntropyRows = phase(
  "logits targets probabilities dLogits rows classes count results",
  (wasm, args, chunk) => {
    const { logits, targets, probabilities, dLogits, rows, classes, count, results } = args;
    for (let row = chunk * ROWS; row < Math.min(rows, (chunk + 1) * ROWS); row++) {
      const at = 4 * row * classes, share = row < count ? 1 / count : 0;
      wasm.crossEntropyRow(
        logits + at,
        targets + at,
        probabilities + at,
        dLogits + at,
        classes,
        share,
        results + 16 * row,
      );
    }
  },
);

/** Adds the losses and hits of the rows that count to the running totals. */
export const countMetrics = phase(
  "results count metrics step",
  (wasm, { results, count, metrics, step }) => wasm.countMetrics(results, count, metrics, step),
);

/** Enqueues `softmaxCrossEntropy`. */
export function softmaxCrossEntropy(queue: Queue, args: Addresses<"softmaxCrossEntropy">): void {
  const { rows, count, metrics, step } = args, results = queue.workspace(16 * rows);
  queue.run(crossEntropyRows, Math.ceil(rows / ROWS), { ...args, results });
  queue.run(countMetrics, 1, { results, count, metrics, step });
}
