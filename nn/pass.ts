/**
 * A pass over a dataset, batch by batch, with learning or without: what `fit()` repeats, and what a fault is looked for in.
 *
 * Kernels are only enqueued here. The loss adds up on the device and is read at most every tenth of a second, one step
 * behind, so that the device never waits for us, and the event loop turns (Ctrl-C is heard).
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
  /** How many. */
  examples: number;
  /** In nats. */
  loss: number;
  /** A fraction of 1. */
  accuracy: number;
}

/** A loss that is not finite. */
export class NonFiniteError extends Error {
  /** Of the class. */
  override name = "NonFiniteError";
  /** Which. */
  readonly epoch: number;
  /** The first step of that epoch whose loss is so, from 1; one more than there are where only validation shows it. */
  readonly step: number;

  /** Names them as people count. */
  constructor(epoch: number, step: number, validation = false) {
    const where = `epoch ${ordinal(epoch)}, ` + (validation ? "in validation," : `step ${step}`);
    super(`The loss of ${where} is not finite`);
    [this.epoch, this.step] = [epoch, step];
  }
}

/** What a pause decides: "end" ends the pass before its next step, anything else lets it run. */
export type Pause = "end" | void;

/** One pass. */
export interface PassOptions {
  /** The numbers of the examples, in the order in which they are taken. */
  order: Int32Array;
  /** From 0; only errors say it. */
  epoch: number;
  /** What random masks are keyed by: seed, fold, stage. Only learning draws. */
  path?: readonly number[];
  /** Called in each step when its gradients are made; not set: nothing is learned. */
  learn?: () => void;
  /** Steps that were made before, and the running totals as they were then: the pass goes on from there. */
  from?: { step: number; metrics: Float32Array };
  /**
   * Called now and then between two steps, and waited for.
   *
   * @param step steps made so far
   * @param totals of a step or more before; not there at first
   */
  onPause?: (step: number, totals?: Totals) => Promise<Pause> | Pause;
}

/** Passes over datasets that share their buffer of totals. */
export class Pass {
  readonly #network: Network;
  readonly #device: Device;
  readonly #batch: number;
  readonly #metrics: DeviceBuffer;
  #yielded = performance.now();

  /** @param batch examples a step */
  constructor(network: Network, batch: number) {
    this.#network = network;
    this.#device = network.parameters.device;
    this.#batch = batch;
    this.#metrics = this.#device.allocate(METRICS.length, "running totals of the loss");
  }

  /**
   * Makes a pass, and gives the running totals (see METRICS).
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
      reading = device.read(this.#metrics); // waited for a step or more later
      reading.catch(() => {}); // or not at all, where the pause ends the pass
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
   * @param batch count: examples of it that count; step: its number in the epoch, from 1; path: what masks are keyed by, with
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

  /** The running totals after the last step that was enqueued. */
  totals(): Promise<Float32Array> {
    return this.#device.read(this.#metrics);
  }

  /** Gives the buffer back. */
  release(): void {
    this.#device.release(this.#metrics);
  }
}

/**
 * Enqueues one forward pass as in inference, nothing recorded.
 *
 * @param examples at most `rows`
 * @param rows of the batch, those beyond the examples being whatever the dataset makes of them
 * @param probabilities [rows, classes], where they are put; not set: the logits are left behind
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

/** The order in which an epoch takes the examples of a dataset: its own, or each once, shuffled. */
export function orderOf(data: Dataset, path: readonly number[], epoch: number): Int32Array {
  return data.order?.(path, epoch) ?? shuffled(data.length, path, epoch);
}

/** 0 to length - 1 in an order of chance. @param path what it is keyed by */
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
