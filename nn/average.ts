/**
 * A running average of a network's weights: steadier than the weights of a single step, which jump around a minimum (Polyak & Juditsky
 * 1992). After step t
 *
 *     average += share (weights - average),   share = max(1 - decay, 1 / t)
 *
 * so it is first the plain mean of all steps, and later decays with `decay`. The running statistics of a batch norm are averaged too,
 * since they are part of the weights.
 */
import type { DeviceBuffer } from "../kernels/device.ts";
import type { Parameters } from "./parameters.ts";

/** The average of one network's weights. */
export class WeightAverage {
  /** In the layout of `Parameters.weights`. */
  readonly buffer: DeviceBuffer;
  readonly #parameters: Parameters;
  readonly #decay: number;
  /** The weights themselves, while the network uses the average. */
  readonly #aside: DeviceBuffer;
  #swapped = false;

  /**
   * Zero until the first step.
   *
   * @param decay decay per step, 0 to below 1; 0.99 averages over about a hundred steps
   * @throws {RangeError} if it is not from 0 to below 1
   */
  constructor(parameters: Parameters, decay: number) {
    if (!(decay >= 0 && decay < 1)) {
      throw new RangeError(`The decay of an average: expected a number >= 0 and < 1, found ${decay}`);
    }
    [this.#parameters, this.#decay] = [parameters, decay];
    const { device, weights: { length } } = parameters;
    this.buffer = device.allocate(length, "the average of the weights");
    this.#aside = device.allocate(length, "the weights, while their average is used");
    for (const x of [this.buffer, this.#aside]) device.fill({ x, length, value: 0 });
  }

  /** The weights that the steps update, wherever they are at the moment. */
  get raw(): DeviceBuffer {
    return this.#swapped ? this.#aside : this.#parameters.weights;
  }

  /** Enqueues the update of the average. @param step of Adam, from 1 */
  update(step: number): void {
    const { device, weights } = this.#parameters;
    device.blend({ x: weights, y: this.buffer, length: weights.length, share: Math.max(1 - this.#decay, 1 / step) });
  }

  /** Runs a function while the network uses the average. */
  async during<T>(use: () => Promise<T>): Promise<T> {
    const { device, weights } = this.#parameters, { length } = weights;
    device.copy({ x: weights, y: this.#aside, length });
    device.copy({ x: this.buffer, y: weights, length });
    this.#swapped = true;
    try {
      return await use();
    } finally {
      this.#swapped = false;
      device.copy({ x: this.#aside, y: weights, length });
    }
  }

  /** Releases the buffers. */
  release(): void {
    for (const buffer of [this.buffer, this.#aside]) this.#parameters.device.release(buffer);
  }
}
