/**
 * Batch normalisation on a tape (Ioffe & Szegedy 2015): y = gamma (x - mean) / sqrt(variance + epsilon) + beta, for each channel.
 * Training uses the moments of the batch, and keeps running averages of them; inference uses the averages.
 */
import type { Device } from "../kernels/device.ts";
import type { Recorder } from "./recorder.ts";
import type { Tensor } from "./tensor.ts";

/** Parameters and running statistics of a batch norm. */
export interface BatchNormParameters {
  /** [channels] */
  gamma: Tensor;
  /** [channels] */
  beta: Tensor;
  /** [2, channels]: running averages of means and variances, updated by every recorded pass. */
  running: Tensor;
}

/**
 * The constant added to variances, as in Keras; and the weight of a full batch in the running averages (less for a
 * short one).
 */
export const BATCH_NORM = { epsilon: 1e-3, share: 0.1 } as const;

/**
 * See `Tape.batchNorm`. `count`: number of examples that count; default: all.
 *
 * @throws RangeError if a parameter has another size
 */
export function batchNorm(
  device: Device,
  recorder: Recorder,
  x: Tensor,
  { gamma, beta, running }: BatchNormParameters,
  { relu, ...pass }: { relu: boolean; recording: boolean; count: number | undefined },
): Tensor {
  const batch = x.shape[0], columns = x.shape[x.shape.length - 1], rows = x.length / columns;
  for (
    const [name, { length }, expected] of [["gamma", gamma, columns], ["running", running, 2 * columns]] as const
  ) {
    if (length !== expected) {
      throw new RangeError(`batchNorm: ${name} for x [${x.shape}]: expected ${expected} numbers, found ${length}`);
    }
  }
  const shape = { rows, columns, epsilon: BATCH_NORM.epsilon };
  const y = recorder.output(x.shape, [x, gamma, beta], "normalised activations", relu);
  const moments = pass.recording ? recorder.own(2 * columns, "a batch's moments") : running.buffer;
  const count = rows / batch * (pass.count ?? batch);
  if (pass.recording) {
    device.moments({ x: x.buffer, moments, rows: count, columns });
    const share = BATCH_NORM.share * count / rows;
    device.blend({ x: moments, y: running.buffer, length: 2 * columns, share });
  }
  device.normalise({ ...shape, x: x.buffer, moments, gamma: gamma.buffer, beta: beta.buffer, y: y.buffer, relu });
  recorder.record(y, (dy) => {
    recorder.receive([x, gamma, beta], ([dx, dGamma, dBeta]) => {
      const all = { x: x.buffer, dy, moments, gamma: gamma.buffer, dx, dGamma, dBeta };
      device.normaliseGradient({ ...shape, ...all, count });
      recorder.passOn(x, dx, dx);
    });
    recorder.free(moments);
  });
  return y;
}

/** See `Tape.foldBatchNorm`. */
export function foldIntoLayer(
  device: Device,
  recorder: Recorder,
  weights: Tensor,
  bias: Tensor,
  { gamma, beta, running }: BatchNormParameters,
): [Tensor, Tensor] {
  const columns = bias.length, { epsilon } = BATCH_NORM, relu = false;
  // Weights are scaled as activations of mean 0 are normalised, without the shift. reluGradient() keeps what its mask selects.
  const [variances, mask] = [1, 2].map(() => recorder.own(2 * columns, "variances"));
  device.write(mask, Float32Array.from({ length: 2 * columns }, (_, i) => Number(i >= columns)));
  device.reluGradient({ dy: running.buffer, mask, dx: variances, length: 2 * columns });
  const [folded, shifted] = [weights, bias].map(({ shape }) => recorder.make(shape, "weights with a batch norm"));
  const scale = { columns, epsilon, relu, gamma: gamma.buffer };
  const rows = weights.length / columns; // and beta: the first half of `variances` is 0
  device.normalise({ ...scale, rows, x: weights.buffer, moments: variances, beta: variances, y: folded.buffer });
  const moments = running.buffer;
  device.normalise({ ...scale, rows: 1, x: bias.buffer, moments, beta: beta.buffer, y: shifted.buffer });
  return [folded, shifted];
}
