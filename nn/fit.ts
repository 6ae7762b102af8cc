/**
 * Fitting a network to soft targets: epochs of shuffled batches, Adam, a rate that decays, and early stopping on the loss
 * of a validation set, which ends with the best weights put back.
 *
 * Kernels are only enqueued here. The loss adds up on the device and is read at most every tenth of a second, one step
 * behind, so that the device never waits for us, and the event loop turns (Ctrl-C is heard).
 */
import type { Device, DeviceBuffer } from "../kernels/device.ts";
import { METRICS } from "../kernels/kernels.ts";
import { Random } from "../kernels/random.ts";
import { Adam, learningRateAt } from "./adam.ts";
import { batches, type Dataset } from "./dataset.ts";
import { Tape } from "./tape.ts";
import type { Network } from "./vgg_e.ts";

/** How to fit; the defaults are the paper's (section 4.1). */
export interface FitOptions {
  /** Examples a step. Default 128. */
  batch?: number;
  /** Epochs at most. Default 20. */
  epochs?: number;
  /** Epochs without a better validation loss before it stops. Default 3. */
  patience?: number;
  /** Rate of an epoch counted from 0. Default: 0.001, times 0.8 every two epochs. */
  learningRate?: (epoch: number) => number;
  /** What the shuffling is keyed by: seed, fold, stage. */
  path: readonly number[];
  /** Called now and then with how far it is. */
  onProgress?: (progress: FitProgress) => void;
  /** Called after each epoch. */
  onEpoch?: (epoch: EpochRecord) => void;
  /** Stops it: `fit` then throws the signal's reason. */
  signal?: AbortSignal;
}

/** How far a fit is. */
export interface FitProgress {
  /** Counted from 0. */
  epoch: number;
  /** Steps of this epoch enqueued so far. */
  step: number;
  /** Steps of an epoch. */
  steps: number;
  /** Mean loss of this epoch's examples so far. */
  loss: number;
}

/** What an epoch gave. Losses are means over examples, in nats; accuracies fractions of 1. */
export interface EpochRecord {
  /** Counted from 0. */
  epoch: number;
  /** Over the epoch, while the weights moved. */
  loss: number;
  /** As loss. */
  accuracy: number;
  /** After the epoch, if there is a validation set. */
  validationLoss?: number;
  /** As validationLoss. */
  validationAccuracy?: number;
  /** Adam's rate in it. */
  learningRate: number;
  /** How long it took, with the validation. */
  seconds: number;
}

/** What a fit gave. */
export interface FitResult {
  /** Every epoch that was run. */
  epochs: EpochRecord[];
  /** The epoch whose weights the network now has. */
  bestEpoch: number;
  /** Steps of Adam taken. */
  steps: number;
}

const YIELD_MS = 100;

/** Sums of a pass over a dataset, read off a metrics buffer. */
interface Totals {
  loss: number;
  accuracy: number;
}

/**
 * Fits the network's parameters to `training`, and leaves it with the weights that did best on `validation`, or the last ones if
 * there is none.
 *
 * @throws Error naming epoch and step where the loss is no longer finite; the signal's reason where it is aborted
 */
export async function fit(
  network: Network,
  training: Dataset,
  validation: Dataset | undefined,
  options: FitOptions,
): Promise<FitResult> {
  const { batch = 128, epochs = 20, patience = 3, learningRate = learningRateAt, path, onEpoch } = options;
  const { parameters } = network, { device } = parameters;
  const adam = new Adam(parameters);
  const best = validation && device.allocate(parameters.weights.length, "the best weights so far");
  const run = new Pass(network, batch, options);
  const records: EpochRecord[] = [];
  let bestEpoch = -1;
  try {
    for (let epoch = 0; epoch < epochs; epoch++) {
      const started = performance.now();
      const rate = learningRate(epoch);
      const order = new Random(...path, epoch).shuffle(Int32Array.from({ length: training.length }, (_, i) => i));
      const { loss, accuracy } = await run.over(training, order, epoch, () => adam.step(rate));
      const record: EpochRecord = { epoch, loss, accuracy, learningRate: rate, seconds: 0 };
      if (validation && best) {
        const checked = await run.over(validation, Int32Array.from({ length: validation.length }, (_, i) => i), epoch);
        [record.validationLoss, record.validationAccuracy] = [checked.loss, checked.accuracy];
        if (bestEpoch < 0 || checked.loss < records[bestEpoch].validationLoss!) {
          bestEpoch = epoch;
          device.copy({ x: parameters.weights, y: best, length: best.length });
        }
      } else bestEpoch = epoch;
      record.seconds = (performance.now() - started) / 1000;
      records.push(record);
      onEpoch?.(record);
      if (epoch - bestEpoch >= patience) break;
    }
    if (best) device.copy({ x: best, y: parameters.weights, length: best.length });
    return { epochs: records, bestEpoch, steps: adam.steps };
  } finally {
    run.release();
    adam.release();
    if (best) device.release(best);
  }
}

/** Passes over datasets, with or without learning, that share their input and metrics buffers. */
class Pass {
  readonly #network: Network;
  readonly #device: Device;
  readonly #batch: number;
  readonly #options: FitOptions;
  readonly #metrics: DeviceBuffer;
  #yielded = performance.now();

  constructor(network: Network, batch: number, options: FitOptions) {
    this.#network = network;
    this.#device = network.parameters.device;
    this.#batch = batch;
    this.#options = options;
    this.#metrics = this.#device.allocate(METRICS.length, "running totals of the loss");
  }

  /** One pass in this order; with `learn`, each batch's gradients are made and then it is called. */
  async over(data: Dataset, order: Int32Array, epoch: number, learn?: () => void): Promise<Totals> {
    const device = this.#device, { signal, onProgress } = this.#options;
    device.fill({ x: this.#metrics, length: METRICS.length, value: 0 });
    const steps = Math.ceil(order.length / this.#batch);
    let step = 0;
    let reading: Promise<Float32Array> | undefined;
    for (const { examples, count } of batches(order, this.#batch)) {
      this.#step(data, examples, count, ++step, learn);
      if (performance.now() - this.#yielded < YIELD_MS) continue;
      if (reading) {
        const totals = this.#totals(await reading, epoch);
        if (learn) onProgress?.({ epoch, step, steps, loss: totals.loss });
      }
      reading = device.read(this.#metrics); // waited for a step or more later
      await new Promise((resolve) => setTimeout(resolve, 0));
      this.#yielded = performance.now();
      signal?.throwIfAborted();
    }
    await reading;
    return this.#totals(await device.read(this.#metrics), epoch);
  }

  #step(data: Dataset, examples: Int32Array, count: number, step: number, learn?: () => void): void {
    const network = this.#network;
    const tape = new Tape(this.#device, { recording: learn !== undefined });
    const x = tape.input([examples.length, ...network.inputShape]);
    const targets = tape.input([examples.length, network.classes]);
    data.load(examples, x.buffer, targets.buffer);
    const logits = network.forward(tape, x);
    tape.softmaxCrossEntropy(logits, targets, { count, step, metrics: this.#metrics });
    if (learn) {
      tape.backward();
      learn();
    }
    tape.release();
    this.#device.flush();
  }

  #totals(metrics: Float32Array, epoch: number): Totals {
    const rows = metrics[METRICS.rows];
    if (metrics[METRICS.badStep] !== 0) {
      throw new Error(
        `The loss of epoch ${epoch + 1}, step ${metrics[METRICS.badStep]} is not finite: try a lower learning rate`,
      );
    }
    return { loss: metrics[METRICS.loss] / rows, accuracy: metrics[METRICS.hits] / rows };
  }

  release(): void {
    this.#device.release(this.#metrics);
  }
}

/** Batches whose probabilities are read together. */
const GROUP = 8;

/**
 * The network's probabilities for every example, in order: [length, classes].
 *
 * @param options batch: examples at a time, rounded up to a multiple of 64 so that results lie aligned
 */
export async function predictProbabilities(
  network: Network,
  data: Dataset,
  options: { batch?: number; signal?: AbortSignal; onProgress?: (done: number) => void } = {},
): Promise<Float32Array> {
  const { parameters: { device }, classes, inputShape } = network;
  const batch = Math.ceil((options.batch ?? 128) / 64) * 64;
  const out = new Float32Array(data.length * classes);
  const group = device.allocate(GROUP * batch * classes, "probabilities");
  try {
    let waiting = 0, done = 0;
    for (const { examples } of batches(Int32Array.from({ length: data.length }, (_, i) => i), batch)) {
      const tape = new Tape(device, { recording: false });
      const x = tape.input([batch, ...inputShape]);
      data.load(examples, x.buffer);
      const logits = network.forward(tape, x);
      const probabilities = group.slice(waiting * batch * classes, batch * classes);
      device.softmax({ logits: logits.buffer, probabilities, rows: batch, classes });
      tape.release();
      device.flush();
      if (++waiting < GROUP && done + waiting * batch < data.length) continue;
      const read = await device.read(group);
      const count = Math.min(waiting * batch, data.length - done);
      out.set(read.subarray(0, count * classes), done * classes);
      done += count;
      waiting = 0;
      options.onProgress?.(done);
      options.signal?.throwIfAborted();
    }
    return out;
  } finally {
    device.release(group);
  }
}
