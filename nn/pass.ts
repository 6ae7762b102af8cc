/**
 * A pass over a dataset, batch by batch, with or without learning. `fit()` repeats it, and the diagnosis of a fault uses
 * it.
 *
 * This file only enqueues kernels. The loss accumulates on the device and is read at most every tenth of a second, one step
 * behind. So the device never waits, and the event loop runs (Ctrl-C works).
 */
import { ordinal } from "../base/numbering.ts";
import type { Device, DeviceBuffer } from "../kernels/device.ts";
import { METRICS } from "../kernels/table.ts";
import { Random } from "../kernels/random.ts";
import { batches, type Dataset } from "./dataset.ts";
import { Tape } from "./tape.ts";
import type { Network } from "./vgg_e.ts";

const YIELD_MS = 100;

/** Means over the examples seen so far. */
export interface Totals {
  /** Number of examples. */
  examples: number;
  /** In nats. */
  loss: number;
  /** A fraction of 1. */
  accuracy: number;
}

/** A loss that is not finite. */
export class NonFiniteError extends Error {
  /** The class name. */
  override name = "NonFiniteError";
  /** The epoch. */
  readonly epoch: number;
  /**
   * The first step of that epoch whose loss is not finite, from 1; the number of steps plus one if only validation
   * shows it.
   */
  readonly step: number;

  /** Writes epoch and step into the message, counted from 1. */
  constructor(epoch: number, step: number, validation = false) {
    const where = `epoch ${ordinal(epoch)}, ` + (validation ? "in validation," : `step ${step}`);
    super(`The loss of ${where} is not finite`);
    [this.epoch, this.step] = [epoch, step];
  }
}

/** Decision of a pause: "end" ends the pass before its next step; anything else continues. */
export type Pause = "end" | void;

/** Options of a pass. */
export interface PassOptions {
  /** The indices of the examples, in the order of the pass. */
  order: Int32Array;
  /** From 0; used in errors only. */
  epoch: number;
  /** The key of random masks: seed, fold, stage. Only learning draws. */
  path?: readonly number[];
  /** Called in each step when its gradients are complete; if not set, nothing is learned. */
  learn?: () => void;
  /** Steps already done, and the running totals at that point: the pass resumes there. */
  from?: { step: number; metrics: Float32Array };
  /**
   * Called at intervals between two steps, and awaited.
   *
   * @param step steps done so far
   * @param totals totals of one or more steps before; undefined at first
   */
  onPause?: (step: number, totals?: Totals) => Promise<Pause> | Pause;
}

/** Passes over datasets with a shared buffer of totals. */
export class Pass {
  readonly #network: Network;
  readonly #device: Device;
  readonly #batch: number;
  readonly #metrics: DeviceBuffer;
  #yielded = performance.now();

  /** @param batch examples per step */
  constructor(network: Network, batch: number) {
    this.#network = network;
    this.#device = network.parameters.device;
    this.#batch = batch;
    this.#metrics = this.#device.allocate(METRICS.length, "running totals of the loss");
  }

  /**
   * Runs a pass and returns the running totals (see METRICS).
   *
   * @throws {NonFiniteError} if a loss is not finite
   */
  async over(data: Dataset, { order, epoch, path = [], learn, from, onPause }: PassOptions): Promise<Float32Array> {
    const device = this.#device;
    if (from) device.write(this.#metrics, from.metrics);
    else device.fill({ x: this.#metrics, length: METRICS.length, value: 0 });
    let step = from?.step ?? 0;
    let reading: Promise<Float32Array> | undefined;
    for (const { examples, count } of batches(order.subarray(step * this.#batch), this.#batch)) {
      this.step(data, { examples, count, step: ++step, path: [...path, epoch] }, learn);
      if (performance.now() - this.#yielded < YIELD_MS) continue;
      const totals = reading && totalsOf(await reading, epoch);
      reading = device.read(this.#metrics); // awaited one or more steps later
      reading.catch(() => {}); // or never, if the pause ends the pass
      await new Promise((resolve) => setTimeout(resolve, 0));
      const decided = await onPause?.(step, totals);
      this.#yielded = performance.now();
      if (decided === "end") break;
    }
    await reading;
    const metrics = await this.totals();
    totalsOf(metrics, epoch);
    return metrics;
  }

  /**
   * Enqueues one step.
   *
   * @param batch count: number of its examples that count; step: its number in the epoch, from 1; path: the key of masks, including
   * the epoch
   */
  step(
    data: Dataset,
    { examples, count, step, path }: { examples: Int32Array; count: number; step: number; path: readonly number[] },
    learn?: () => void,
  ): void {
    const network = this.#network;
    const tape = new Tape(this.#device, { recording: learn !== undefined, count, path: [...path, step] });
    const x = tape.input([examples.length, ...network.inputShape]);
    const targets = tape.input([examples.length, network.classes]);
    data.load(examples, x.buffer, targets.buffer, learn && path);
    const logits = network.forward(tape, x);
    tape.softmaxCrossEntropy(logits, targets, { count, step, metrics: this.#metrics });
    if (learn) {
      tape.backward();
      learn();
    }
    tape.release();
    this.#device.flush();
  }

  /** The running totals after the last enqueued step. */
  totals(): Promise<Float32Array> {
    return this.#device.read(this.#metrics);
  }

  /** Releases the buffer. */
  release(): void {
    this.#device.release(this.#metrics);
  }
}

/**
 * Enqueues one forward pass for inference, without recording.
 *
 * @param examples at most `rows`
 * @param rows rows of the batch; the dataset fills those beyond the examples
 * @param probabilities [rows, classes], receives the probabilities; if not set, only the logits are computed
 */
export function forwardBatch(
  network: Network,
  data: Dataset,
  examples: Int32Array,
  rows: number,
  probabilities?: DeviceBuffer,
): void {
  const { parameters: { device }, classes, inputShape } = network, tape = new Tape(device, { recording: false });
  const x = tape.input([rows, ...inputShape]);
  data.load(examples, x.buffer);
  const logits = network.forward(tape, x);
  if (probabilities) device.softmax({ logits: logits.buffer, probabilities, rows, classes });
  tape.release();
  device.flush();
}

/** The order in which an epoch visits the examples: the dataset's own, or each once, shuffled. */
export function orderOf(data: Dataset, path: readonly number[], epoch: number): Int32Array {
  return data.order?.(path, epoch) ?? shuffled(data.length, path, epoch);
}

/** 0 to length - 1 in random order. @param path the key of the draw */
export function shuffled(length: number, path: readonly number[], epoch: number): Int32Array {
  return new Random(...path, epoch).shuffle(inOrder(length));
}

/** 0, 1, ... length - 1. */
export function inOrder(length: number): Int32Array {
  return Int32Array.from({ length }, (_, i) => i);
}

/**
 * Means from running totals.
 *
 * @throws {NonFiniteError} if a step's loss was not finite
 */
export function totalsOf(metrics: Float32Array, epoch: number): Totals {
  if (metrics[METRICS.badStep] !== 0) throw new NonFiniteError(epoch, metrics[METRICS.badStep]);
  const rows = metrics[METRICS.rows];
  return { examples: rows, loss: metrics[METRICS.loss] / rows, accuracy: metrics[METRICS.hits] / rows };
}
