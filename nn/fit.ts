/**
 * Fitting a network to soft targets: epochs of shuffled batches, Adam, a rate that decays, and early stopping by what is
 * monitored of a validation set, which ends with the best weights put back.
 *
 * Between any two steps a fit can be written down whole, as a {@link FitState}: weights, Adam's moments, the totals so far, the
 * best weights, and its place. Shuffling draws by place and not from a stream, so a fit that goes on from a state computes what
 * it would have computed, to the bit.
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
 * What of the validation set is monitored, to stop early and to put the best weights back: its loss, the share of it that is
 * right, or nothing: then every epoch is run, and the last one's weights stay.
 */
export type Monitor = "loss" | "accuracy" | "nothing";

/** All, the paper's first: it does not say, and Keras's default is the loss. */
export const MONITORS: readonly Monitor[] = ["loss", "accuracy", "nothing"];

/** How to fit; the defaults are the paper's (section 4.1). */
export interface FitOptions {
  /** Examples a step. Default 128. */
  batch?: number;
  /** Epochs at most. Default 20. */
  epochs?: number;
  /** Epochs without a better one before it stops. Default 3. */
  patience?: number;
  /** What makes an epoch the better one; of two as accurate, the one of the lower loss. Default loss. */
  monitor?: Monitor;
  /** Rate of a step, by the epochs that are done, with the part of its own. Default: 0.001, times 0.8 every two epochs. */
  learningRate?: (epoch: number) => number;
  /** Decay of a running average of the weights, which validates, and stays in the end ({@link WeightAverage}). Default 0: none. */
  average?: number;
  /** Epochs after which it ends, its schedule being that of all epochs. Default: all. */
  stopAfter?: number;
  /** What the shuffling is keyed by: seed, fold, stage. */
  path: readonly number[];
  /** Called now and then with how far it is. */
  onProgress?: (progress: FitProgress) => void;
  /** Called after each epoch, while the network has its weights; it is waited for. */
  onEpoch?: (epoch: EpochRecord) => Promise<void> | void;
  /** Called between two steps, every tenth of a second, and waited for; "end" ends the fit before its next step: the epoch is its last. */
  onPause?: () => Promise<Pause> | Pause;
  /** Stops it: `fit` saves its state, then throws the signal's reason. */
  signal?: AbortSignal;
  /** Where an earlier fit of the same network to the same data stood: it goes on from there. */
  state?: FitState;
  /** Keeps a state; called after each epoch, every `saveEvery` seconds within one, and when it is stopped. */
  save?: (state: FitSnapshot) => Promise<void> | void;
  /** Seconds. Default 600. */
  saveEvery?: number;
}

/** How far a fit is. */
export interface FitProgress {
  /** Which. */
  epoch: number;
  /** Steps of this epoch enqueued so far. */
  step: number;
  /** Steps of an epoch. */
  steps: number;
  /** Mean loss of this epoch's examples so far: of those whose loss has been read. */
  loss: number;
  /** How many these are; a step or more behind `step`. */
  examples: number;
  /** The first epoch after which it may stop: patience will then be at its end, if no epoch is better. */
  earliest: number;
}

/** What an epoch gave. Losses are means over examples, in nats; accuracies fractions of 1. */
export interface EpochRecord {
  /** Which. */
  epoch: number;
  /** Over the epoch, while the weights moved. */
  loss: number;
  /** As loss. */
  accuracy: number;
  /** After the epoch, if there is a validation set. */
  validationLoss?: number;
  /** As validationLoss. */
  validationAccuracy?: number;
  /** Adam's rate at its first step. */
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

/** Where a fit is between two steps. */
export interface FitPlace {
  /** The epoch it is in; as many are finished. */
  epoch: number;
  /** Steps of this epoch that are made; all of them where only its validation is left. */
  step: number;
  /** Steps of Adam taken. */
  adamSteps: number;
  /** What the finished epochs gave. */
  records: EpochRecord[];
  /** The best of them, from 0; -1 before there is one. */
  bestEpoch: number;
  /** Seconds spent in this epoch. */
  seconds: number;
  /** Running totals of this epoch's loss (METRICS). */
  metrics: Float32Array;
}

/** The arrays of a fit, each laid out as `Parameters.weights` is. */
export interface FitArrays<A> {
  /** Weights. */
  weights: A;
  /** Adam's first moments. */
  m: A;
  /** Adam's second moments. */
  v: A;
  /** The best epoch's weights, where they are others. */
  best?: A;
  /** The running average of the weights, where there is one. */
  average?: A;
}

/** A fit between two steps: all that it takes to go on. */
export interface FitState extends FitPlace, FitArrays<Float32Array> {}

/** The same, its arrays still on the device: to be read before the fit goes on. */
export interface FitSnapshot extends FitPlace, FitArrays<DeviceArray> {}

/**
 * Fits the network's parameters to `training`, and leaves it with the weights that did best on `validation`, or the last ones if
 * there is none or nothing of it is monitored.
 *
 * @throws {NonFiniteError} naming epoch and step where the loss is no longer finite
 * @throws the signal's reason where it is aborted, and what `save` throws
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

  /** Writes down where the fit stands. @param metrics of `step` steps of this epoch */
  const keep = async (epoch: number, step: number, metrics: Float32Array) => {
    if (!save) return;
    totalsOf(metrics, epoch);
    // weights that are not finite are worth nothing, and the next step's loss would tell
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
  /** Between two steps, now and then. @param metrics of the epoch's training, if that is over */
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

/** Whether an epoch takes the place of the best one before it. */
function isBetter(epoch: EpochRecord, best: EpochRecord, monitor: Monitor): boolean {
  if (monitor === "nothing") return true;
  const gain = monitor === "accuracy" ? epoch.validationAccuracy! - best.validationAccuracy! : 0;
  return gain > 0 || (gain === 0 && epoch.validationLoss! < best.validationLoss!);
}

/** Whether every number is finite: what is not stays so in a sum. */
async function allFinite(device: Device, values: DeviceBuffer): Promise<boolean> {
  const total = device.allocate(1, "a sum of the weights");
  device.sum({ x: values, total, length: values.length });
  const [sum] = await device.read(total);
  device.release(total);
  return Number.isFinite(sum);
}
