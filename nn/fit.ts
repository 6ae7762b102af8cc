/**
 * Fitting a network to soft targets: epochs of shuffled batches, Adam, a decaying learning rate, and early stopping by a
 * monitored quantity of a validation set, which restores the best weights.
 *
 * Between any two steps a fit can be saved completely as a {@link FitState}: weights, Adam's moments, the totals so far, the
 * best weights, and its position. Shuffling is keyed by position and does not consume a stream, so a resumed fit computes the
 * same result as an uninterrupted one, bit for bit.
 */
import type { Device, DeviceBuffer } from "../kernels/device.ts";
import { METRICS } from "../kernels/table.ts";
import { Adam, learningRateAt } from "./adam.ts";
import { WeightAverage } from "./average.ts";
import type { Dataset } from "./dataset.ts";
import { DeviceArray } from "./device_array.ts";
import { inOrder, NonFiniteError, orderOf, Pass, type Pause, type Totals, totalsOf } from "./pass.ts";
import type { Network } from "./vgg_e.ts";

/**
 * The validation quantity that early stopping and the choice of the best weights monitor: loss, accuracy or nothing. With
 * "nothing" every epoch runs, and the last epoch's weights stay.
 */
export type Monitor = "loss" | "accuracy" | "nothing";

/** All monitors, the default first: the paper does not specify one, and Keras's default is the loss. */
export const MONITORS: readonly Monitor[] = ["loss", "accuracy", "nothing"];

/** How to fit; the defaults are the paper's (section 4.1). */
export interface FitOptions {
  /** Examples per step. Default 128. */
  batch?: number;
  /** Largest number of epochs. Default 20. */
  epochs?: number;
  /** Epochs without improvement before it stops. Default 3. */
  patience?: number;
  /** What makes an epoch better; among equal accuracies, the lower loss. Default: loss. */
  monitor?: Monitor;
  /**
   * Learning rate of a step, given the finished epochs plus the fraction of the current one. Default: 0.001, times 0.8
   * every two epochs.
   */
  learningRate?: (epoch: number) => number;
  /**
   * Decay of a running average of the weights. Validation uses the average, and it becomes the result ({@link
   * WeightAverage}). Default 0: none.
   */
  average?: number;
  /** Epochs after which the fit ends, although its schedule covers all epochs. Default: all. */
  stopAfter?: number;
  /** The key of the shuffling: seed, fold, stage. */
  path: readonly number[];
  /** Receives the progress at intervals. */
  onProgress?: (progress: FitProgress) => void;
  /** Called after each epoch, while the network has its weights; the fit awaits it. */
  onEpoch?: (epoch: EpochRecord) => Promise<void> | void;
  /**
   * Called between two steps, every tenth of a second, and awaited; "end" ends the fit before its next step: the epoch
   * is its last.
   */
  onPause?: () => Promise<Pause> | Pause;
  /** Stops the fit: `fit` saves its state, then throws the signal's reason. */
  signal?: AbortSignal;
  /** The state of an earlier fit of the same network to the same data; the fit resumes from it. */
  state?: FitState;
  /** Saves a state; called after each epoch, every `saveEvery` seconds within one, and when the fit is stopped. */
  save?: (state: FitSnapshot) => Promise<void> | void;
  /** Seconds. Default 600. */
  saveEvery?: number;
}

/** Progress of a fit. */
export interface FitProgress {
  /** The current epoch. */
  epoch: number;
  /** Steps of this epoch enqueued so far. */
  step: number;
  /** Steps per epoch. */
  steps: number;
  /** Mean loss of this epoch's examples so far, as far as it has been read. */
  loss: number;
  /** Number of these examples; one or more steps behind `step`. */
  examples: number;
  /** The first epoch after which the fit may stop, if no epoch improves on the best. */
  earliest: number;
}

/** Results of an epoch. Losses are means over examples, in nats; accuracies are fractions of 1. */
export interface EpochRecord {
  /** The epoch's index. */
  epoch: number;
  /** During the epoch, while the weights change. */
  loss: number;
  /** During the epoch. */
  accuracy: number;
  /** After the epoch, if there is a validation set. */
  validationLoss?: number;
  /** After the epoch, if there is a validation set. */
  validationAccuracy?: number;
  /** Adam's learning rate at the first step. */
  learningRate: number;
  /** Duration, including validation. */
  seconds: number;
}

/** Result of a fit. */
export interface FitResult {
  /** All epochs that ran. */
  epochs: EpochRecord[];
  /** The epoch whose weights the network has now. */
  bestEpoch: number;
  /** Number of Adam steps taken. */
  steps: number;
}

/** Position of a fit between two steps. */
export interface FitPlace {
  /** The current epoch, which is also the number of finished epochs. */
  epoch: number;
  /** Finished steps of this epoch; all of them if only the validation remains. */
  step: number;
  /** Number of Adam steps taken. */
  adamSteps: number;
  /** Results of the finished epochs. */
  records: EpochRecord[];
  /** The best of them, from 0; -1 if there is none yet. */
  bestEpoch: number;
  /** Seconds spent in this epoch. */
  seconds: number;
  /** Running totals of this epoch's loss (METRICS). */
  metrics: Float32Array;
}

/** The arrays of a fit, each in the layout of `Parameters.weights`. */
export interface FitArrays<A> {
  /** Weights. */
  weights: A;
  /** Adam's first moments. */
  m: A;
  /** Adam's second moments. */
  v: A;
  /** The best epoch's weights, if different. */
  best?: A;
  /** The running average of the weights, if there is one. */
  average?: A;
}

/** A fit between two steps, with everything needed to resume it. */
export interface FitState extends FitPlace, FitArrays<Float32Array> {}

/** The same with its arrays still on the device. Read them before the fit continues. */
export interface FitSnapshot extends FitPlace, FitArrays<DeviceArray> {}

/**
 * Fits the network's parameters to `training`, and leaves it with the best weights on `validation`, or with the last weights if
 * there is no validation set or nothing is monitored.
 *
 * @throws {NonFiniteError} with epoch and step, if the loss is no longer finite
 * @throws the signal's reason if aborted, and whatever `save` throws
 */
export async function fit(
  network: Network,
  training: Dataset,
  validation: Dataset | undefined,
  options: FitOptions,
): Promise<FitResult> {
  const { batch = 128, epochs = 20, learningRate = learningRateAt, path, state, save, signal, monitor = "loss" } =
    options;
  const until = Math.min(epochs, options.stopAfter ?? epochs);
  const patience = monitor === "nothing" ? epochs : options.patience ?? 3;
  const { parameters } = network, { device, weights } = parameters;
  const adam = new Adam(parameters);
  const average = options.average ? new WeightAverage(parameters, options.average) : undefined;
  const best = validation && device.allocate(weights.length, "the best weights so far");
  const pass = new Pass(network, batch);
  const steps = Math.ceil(training.length / batch);
  const records = [...state?.records ?? []];
  let bestEpoch = state?.bestEpoch ?? -1;
  let began = performance.now() - 1000 * (state?.seconds ?? 0), saved = performance.now();
  if (state) {
    const { m, v } = adam;
    for (const [buffer, values] of [[weights, state.weights], [m, state.m], [v, state.v]] as const) {
      device.write(buffer, values);
    }
    if (average) device.write(average.buffer, state.average!);
    if (best) device.write(best, state.best ?? state.average ?? state.weights);
    adam.steps = state.adamSteps;
  }

  /** Saves the fit's state. @param metrics of `step` steps of this epoch */
  const keep = async (epoch: number, step: number, metrics: Float32Array) => {
    if (!save) return;
    totalsOf(metrics, epoch);
    // weights that are not finite are not worth saving, and the next step's loss reports them
    const raw = average?.raw ?? weights;
    if (!await allFinite(device, raw)) throw new NonFiniteError(epoch, step + 1);
    const [w, m, v] = [raw, adam.m, adam.v].map((buffer) => new DeviceArray(device, buffer));
    const other = best && bestEpoch >= 0 && !(step === 0 && bestEpoch === epoch - 1);
    const seconds = step === 0 ? 0 : (performance.now() - began) / 1000;
    const place = { epoch, step, adamSteps: adam.steps, records: [...records], bestEpoch, seconds };
    await save({
      ...{ ...place, metrics, weights: w, m, v },
      ...(other && { best: new DeviceArray(device, best) }),
      ...(average && { average: new DeviceArray(device, average.buffer) }),
    });
    saved = performance.now();
  };
  /** Runs between two steps at intervals. @param metrics of the epoch's training, if it has ended */
  const pause = async (epoch: number, step: number, metrics?: Float32Array) => {
    const due = performance.now() - saved > 1000 * (options.saveEvery ?? 600);
    if (due || signal?.aborted) await keep(epoch, step, metrics ?? await pass.totals());
    signal?.throwIfAborted();
  };
  let ended = false;
  const stops = () => records.length > 0 && records.length - 1 - bestEpoch >= patience;
  try {
    for (let epoch = state?.epoch ?? 0; epoch < until && !stops() && !ended; epoch++, began = performance.now()) {
      let step = epoch === state?.epoch ? state.step : 0;
      const metrics = await pass.over(training, {
        order: orderOf(training, path, epoch),
        epoch,
        path,
        learn: () => {
          adam.step(learningRate(epoch + step++ / steps));
          average?.update(adam.steps);
        },
        from: epoch === state?.epoch ? state : undefined,
        onPause: async (step, totals?: Totals) => {
          const earliest = Math.min(epochs - 1, Math.max(epoch, (bestEpoch < 0 ? 0 : bestEpoch) + patience));
          if (totals) {
            const { loss, examples } = totals;
            options.onProgress?.({ epoch, step, steps, loss, examples, earliest });
          }
          await pause(epoch, step);
          ended = await options.onPause?.() === "end";
          if (ended) return "end";
        },
      });
      const { loss, accuracy } = totalsOf(metrics, epoch);
      const record: EpochRecord = { epoch, loss, accuracy, learningRate: learningRate(epoch), seconds: 0 };
      const look = async () => {
        if (!validation || !best) return;
        const order = inOrder(validation.length);
        const onPause = () => pause(epoch, steps, metrics);
        const checked = await pass.over(validation, { order, epoch, onPause })
          .then((metrics) => totalsOf(metrics, epoch))
          .catch((error) => {
            throw error instanceof NonFiniteError ? new NonFiniteError(epoch, steps + 1, true) : error;
          });
        [record.validationLoss, record.validationAccuracy] = [checked.loss, checked.accuracy];
        if (bestEpoch < 0 || isBetter(record, records[bestEpoch], monitor)) {
          bestEpoch = epoch;
          device.copy({ x: weights, y: best, length: best.length });
        }
      };
      const finish = async () => {
        await look();
        if (!validation) bestEpoch = epoch;
        record.seconds = (performance.now() - began) / 1000;
        records.push(record);
        await options.onEpoch?.(record);
      };
      await (average ? average.during(finish) : finish());
      await keep(epoch + 1, 0, new Float32Array(METRICS.length));
      signal?.throwIfAborted();
    }
    const last = best ?? average?.buffer;
    if (last) device.copy({ x: last, y: weights, length: last.length });
    return { epochs: records, bestEpoch, steps: adam.steps };
  } finally {
    pass.release();
    adam.release();
    average?.release();
    if (best) device.release(best);
  }
}

/** Whether an epoch replaces the best one before it. */
function isBetter(epoch: EpochRecord, best: EpochRecord, monitor: Monitor): boolean {
  if (monitor === "nothing") return true;
  const gain = monitor === "accuracy" ? epoch.validationAccuracy! - best.validationAccuracy! : 0;
  return gain > 0 || (gain === 0 && epoch.validationLoss! < best.validationLoss!);
}

/** Whether every number is finite: a sum with NaN or infinity is not finite. */
async function allFinite(device: Device, values: DeviceBuffer): Promise<boolean> {
  const total = device.allocate(1, "a sum of the weights");
  device.sum({ x: values, total, length: values.length });
  const [sum] = await device.read(total);
  device.release(total);
  return Number.isFinite(sum);
}
