/** Softmax and its cross-entropy as phases, a chunk some rows; the metrics are added up by one chunk, in the rows' order. */
import type { Softmax, SoftmaxCrossEntropy } from "../kernels.ts";
import { METRICS } from "../kernels.ts";
import type { DeviceBuffer } from "../device.ts";
import { addressOf, checkSizes } from "./buffer.ts";
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

/** Enqueues {@link Softmax}. */
export function softmax(queue: Queue, args: Softmax<DeviceBuffer>): void {
  const { rows, classes } = args;
  checkClasses(rows, classes);
  const logits = addressOf(args.logits, rows * classes, "softmax's logits");
  const probabilities = addressOf(args.probabilities, rows * classes, "softmax's probabilities");
  queue.run(softmaxRows, Math.ceil(rows / ROWS), { logits, probabilities, rows, classes });
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

/** Enqueues {@link SoftmaxCrossEntropy}. */
export function softmaxCrossEntropy(queue: Queue, args: SoftmaxCrossEntropy<DeviceBuffer>): void {
  const { rows, classes, count, step } = args;
  checkClasses(rows, classes);
  checkSizes({ count });
  if (count > rows) throw new RangeError(`softmaxCrossEntropy counts ${count} of ${rows} rows`);
  const logits = addressOf(args.logits, rows * classes, "softmaxCrossEntropy's logits");
  const targets = addressOf(args.targets, rows * classes, "softmaxCrossEntropy's targets");
  const probabilities = addressOf(args.probabilities, rows * classes, "softmaxCrossEntropy's probabilities");
  const dLogits = addressOf(args.dLogits, rows * classes, "softmaxCrossEntropy's dLogits");
  const metrics = addressOf(args.metrics, METRICS.length, "softmaxCrossEntropy's metrics");
  const results = queue.workspace(16 * rows);
  const chunks = Math.ceil(rows / ROWS);
  queue.run(crossEntropyRows, chunks, { logits, targets, probabilities, dLogits, rows, classes, count, results });
  queue.run(countMetrics, 1, { results, count, metrics, step });
}

function checkClasses(rows: number, classes: number): void {
  checkSizes({ rows, classes });
  if (classes > 64) throw new RangeError(`softmax takes at most 64 classes, found ${classes}`);
}
