/**
 * Adam (Kingma & Ba 2015) as in Keras, and the paper's learning-rate schedule.
 *
 * m and v are running means of the gradient and of its square. Both start at zero, so they are too small at first. The
 * correction 1 / (1 - beta^t) is folded into the rate, as the end of the paper's section 2 proposes. Epsilon is therefore added
 * to an uncorrected square root: "epsilon-hat", 1e-7 in Keras.
 */
import type { DeviceBuffer } from "../kernels/device.ts";
import type { Parameters } from "./parameters.ts";

/** Keras's defaults. */
export const ADAM = { beta1: 0.9, beta2: 0.999, epsilon: 1e-7 } as const;

/** Moments of one network's gradients, and the steps that use them. */
export class Adam {
  readonly #parameters: Parameters;
  /** Running mean of the gradients, in the same layout. */
  readonly m: DeviceBuffer;
  /** Running mean of their squares. */
  readonly v: DeviceBuffer;
  /** Number of steps taken. */
  steps = 0;

  /** Moments start at zero. */
  constructor(parameters: Parameters) {
    const { device, weights } = parameters;
    this.#parameters = parameters;
    this.m = device.allocate(weights.length, "Adam's first moments");
    this.v = device.allocate(weights.length, "Adam's second moments");
    for (const x of [this.m, this.v]) device.fill({ x, length: weights.length, value: 0 });
  }

  /** Moves the weights against their gradients. */
  step(learningRate: number): void {
    const t = ++this.steps;
    const { device, weights, gradients } = this.#parameters;
    const rate = learningRate * Math.sqrt(1 - ADAM.beta2 ** t) / (1 - ADAM.beta1 ** t);
    device.adam({ weights, gradients, m: this.m, v: this.v, length: weights.length, rate, ...ADAM });
  }

  /** Releases the moments. */
  release(): void {
    for (const buffer of [this.m, this.v]) this.#parameters.device.release(buffer);
  }
}

/**
 * The paper's schedule (section 4.1): 0.001, times a decay of 0.8 every two epochs.
 *
 * @param epoch the epoch, including the finished fraction of the current one
 */
export function learningRateAt(epoch: number, initial = 0.001, decay = 0.8): number {
  return initial * decay ** Math.floor(epoch / 2);
}

/**
 * Half a cosine from the initial rate down to zero after the last epoch (Loshchilov & Hutter 2017, without restarts).
 *
 * @param epoch the epoch, including the finished fraction of the current one
 */
export function cosineRate(epoch: number, epochs: number, initial = 0.001): number {
  return initial * (1 + Math.cos(Math.PI * Math.min(1, epoch / epochs))) / 2;
}
