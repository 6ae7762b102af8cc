/**
 * Estimates the cost of a job, for `--dry-run`. Operations and disk space are counted; memory and time are measured with a few
 * steps of the network on the device.
 *
 * A network learns the folds' training utterances for at most `epochs` epochs, and evaluates its validation utterances after each.
 * Then it profiles its held-out utterances and, unless it is the last of a chain, its training utterances. A forward pass is about
 * a third of a training step.
 */
import type { Device } from "../kernels/device.ts";
import { ArrayDataset, oneHot } from "../nn/dataset.ts";
import { fit } from "../nn/fit.ts";
import { summarise, trainingFlops, VggE } from "../nn/vgg_e.ts";
import { strideOf } from "../refinery/fold_data.ts";
import { countFits } from "../refinery/fold_work.ts";
import { segmentsOf } from "../refinery/segment_dataset.ts";
import { networkOptions } from "../refinery/derived_settings.ts";
import type { Settings } from "../refinery/settings.ts";
import { crossValidationOf, type Experiment } from "../runs/plan.ts";

/** Segments of one fold. */
export interface FoldCost {
  /** The fold. */
  fold: number;
  /** Segments of the held-out utterances. */
  heldOut: number;
  /** Segments for learning. */
  learning: number;
  /** Segments for early stopping. */
  validation: number;
  /** Upper bound of each stage's floating-point operations. */
  stageFlops: number[];
}

/** Upper bounds for the whole job: early stopping reduces them. */
export interface Cost {
  /** One entry per fold. */
  folds: FoldCost[];
  /** Total number of operations. */
  flops: number;
  /** Measured training speed in segments per second. */
  segmentsPerSecond: number;
  /** Total time in seconds at that speed. */
  seconds: number;
  /** Bytes on the device in training, including the frames. */
  memory: number;
  /** Size of the run folder in bytes. */
  disk: number;
}

/** Number of timed steps, after the same number of warm-up steps. */
const STEPS = 3;

/** Counts and measures; writes nothing. Rejects with the signal's reason if aborted. */
export async function estimateCost(experiment: Experiment, signal: AbortSignal): Promise<Cost> {
  const { features, device, settings, onlyFold } = experiment, cv = crossValidationOf(experiment);
  const only = onlyFold === undefined ? Array.from({ length: settings.folds }, (_, fold) => fold) : [onlyFold];
  const { epochs, stages } = settings, classes = features.emotions.length;
  const layers = summarise(networkOptions(settings, classes));
  const training = trainingFlops(layers), forward = layers.reduce((sum, { flops }) => sum + flops, 0);
  const segments = (utterances: number[], stride = 1) => segmentsOf(features, utterances, stride).length;
  const perFold = only.map((fold): FoldCost => {
    const drawn = cv.divide(fold), heldOut = segments(cv.heldOut(fold)), stride = strideOf(settings, features);
    const learning = segments(drawn.learning, stride), validation = segments(drawn.validation, stride);
    const stageFlops = Array.from({ length: stages }, (_, stage) => {
      const profiled = heldOut + (stage + 1 < stages ? segments(cv.training(fold)) : 0), { members } = settings;
      const fits = countFits(settings, stage) * epochs * (learning * training + validation * forward);
      return fits + members * profiled * forward;
    });
    return { fold, heldOut, learning, validation, stageFlops };
  });
  const flops = perFold.reduce((sum, { stageFlops }) => sum + stageFlops.reduce((a, b) => a + b), 0);
  const { secondsPerSegment, memory } = await measure(device, settings, classes, signal);
  const parameters = layers.reduce((sum, layer) => sum + layer.parameters, 0);
  const rows = perFold.reduce((sum, { heldOut }) => sum + heldOut, 0);
  return {
    folds: perFold,
    flops,
    segmentsPerSecond: 1 / secondsPerSegment,
    seconds: flops / training * secondsPerSegment,
    memory: memory + features.frames.byteLength,
    disk: stages * (only.length * 4 * parameters + rows * (4 * classes + 24)),
  };
}

/** Runs a few training steps on noise. */
async function measure(
  device: Device,
  settings: Settings,
  classes: number,
  signal: AbortSignal,
): Promise<{ secondsPerSegment: number; memory: number }> {
  const { batch, seed } = settings;
  const network = new VggE(device, networkOptions(settings, classes)).initialise(seed);
  const count = STEPS * batch, size = network.inputShape.reduce((a, b) => a * b, 1);
  const x = Float32Array.from({ length: count * size }, (_, i) => Math.sin(i * i)); // any numbers are suitable
  const labels = Int32Array.from({ length: count }, (_, i) => i % classes);
  const data = new ArrayDataset(device, x, oneHot(labels, classes), network.inputShape);
  try {
    const { epochs } = await fit(network, data, undefined, { batch, epochs: 2, path: [seed], signal });
    const memory = device.memory.createdBytes - x.byteLength; // a real job has frames there instead
    return { secondsPerSegment: epochs[1].seconds / count, memory };
  } finally {
    data.release();
    network.parameters.release();
  }
}
