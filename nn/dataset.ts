/**
 * Sources of examples. Anything that can load numbered examples into a batch on the device can be used for fitting:
 * `refinery` cuts segments from a corpus's frames, {@link ArrayDataset} gathers rows of a table.
 */
import type { Device, DeviceBuffer } from "../kernels/device.ts";
import { sizeOf } from "./tensor.ts";

/** Numbered examples with soft targets. */
export interface Dataset {
  /** Number of examples. */
  readonly length: number;
  /**
   * Enqueues the loading of a batch.
   *
   * @param examples [batch] indices of examples, each in 0..length-1
   * @param x [batch, ...shape of an example]
   * @param targets [batch, classes]; omitted if only profiles are computed
   * @param path only when the network learns from the batch: the key of random augmentation (seed, fold, stage,
   * epoch)
   */
  load(examples: Int32Array, x: DeviceBuffer, targets?: DeviceBuffer, path?: readonly number[]): void;
  /** The examples of an epoch, in order; if undefined, each once, shuffled. */
  order?(path: readonly number[], epoch: number): Int32Array;
}

/** Small buffers for uploading a batch's indices, one for each batch size. */
export class BatchNumbers {
  readonly #device: Device;
  #buffers = new Map<number, DeviceBuffer>();

  /** Allocates nothing until the first upload. */
  constructor(device: Device) {
    this.#device = device;
  }

  /** Enqueues the upload of a batch's numbers and returns the buffer. */
  upload(numbers: Int32Array | Float32Array): DeviceBuffer {
    let buffer = this.#buffers.get(numbers.length);
    if (!buffer) {
      buffer = this.#device.allocate(numbers.length, "numbers of a batch's examples");
      this.#buffers.set(numbers.length, buffer);
    }
    this.#device.write(buffer, numbers);
    return buffer;
  }

  /** Releases the buffers. */
  release(): void {
    for (const buffer of this.#buffers.values()) this.#device.release(buffer);
    this.#buffers.clear();
  }
}

/** A dataset whose examples are one table on the device. */
export class ArrayDataset implements Dataset {
  readonly length: number;
  readonly #device: Device;
  readonly #columns: number[];
  readonly #tables: DeviceBuffer[];
  readonly #numbers: BatchNumbers;

  /**
   * Uploads the tables.
   *
   * @param x [length, ...shape], row-major
   * @param targets [length, classes], each row a distribution
   * @param shape shape of one example
   * @throws RangeError if the lengths do not match, or a row of targets is not a distribution
   */
  constructor(device: Device, x: Float32Array, targets: Float32Array, shape: readonly number[]) {
    this.length = x.length / sizeOf(shape);
    if (!(Number.isInteger(this.length) && this.length > 0 && targets.length % this.length === 0)) {
      throw new RangeError(
        `A dataset: expected examples of shape [${shape}] and one row of targets for each, found ${x.length} numbers and ${targets.length} targets`,
      );
    }
    checkDistributions(targets, targets.length / this.length);
    this.#device = device;
    this.#numbers = new BatchNumbers(device);
    this.#columns = [x, targets].map((values) => values.length / this.length);
    this.#tables = [x, targets].map((values) => {
      const table = device.allocate(values.length, "a dataset");
      device.write(table, values);
      return table;
    });
  }

  load(examples: Int32Array, x: DeviceBuffer, targets?: DeviceBuffer): void {
    const device = this.#device, batch = examples.length;
    const rows = this.#numbers.upload(examples);
    [x, targets].forEach((out, i) => {
      if (out) device.gatherRows({ table: this.#tables[i], rows, out, batch, columns: this.#columns[i] });
    });
  }

  /** Releases the tables. */
  release(): void {
    for (const buffer of this.#tables) this.#device.release(buffer);
    this.#numbers.release();
  }
}

/**
 * The loss's gradient, probabilities - targets, is valid only for targets that sum to 1. A row without a label would give a
 * wrong gradient without any error.
 *
 * @param targets [rows, classes]
 * @throws RangeError with the first row that is not a distribution
 */
export function checkDistributions(targets: Float32Array, classes: number): void {
  for (let start = 0; start < targets.length; start += classes) {
    const row = targets.subarray(start, start + classes);
    if (isDistribution(row)) continue;
    throw new RangeError(
      `Row ${start / classes} of the targets: expected probabilities that sum to 1, found [${[...row].join(", ")}]`,
    );
  }
}

/** Whether numbers are probabilities that sum to 1, up to rounding. */
export function isDistribution(row: Float32Array): boolean {
  const total = row.reduce((a, b) => a + b, 0);
  return Math.abs(total - 1) < 1e-3 && row.every((p) => p >= 0); // false for NaN too
}

/** One-hot rows: targets[i, labels[i]] = 1. Result [labels.length, classes]. */
export function oneHot(labels: ArrayLike<number>, classes: number): Float32Array {
  const targets = new Float32Array(labels.length * classes);
  for (let i = 0; i < labels.length; i++) targets[i * classes + labels[i]] = 1;
  return targets;
}

/**
 * Cuts a list of examples into batches of one size. The last one repeats its last example; `count` is the number of real
 * examples.
 */
export function* batches(examples: Int32Array, size: number): Generator<{ examples: Int32Array; count: number }> {
  for (let start = 0; start < examples.length; start += size) {
    const count = Math.min(size, examples.length - start);
    const batch = new Int32Array(size).fill(examples[start + count - 1]);
    batch.set(examples.subarray(start, start + count));
    yield { examples: batch, count };
  }
}
