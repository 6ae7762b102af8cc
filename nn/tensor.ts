/**
 * A tensor: a shape, its numbers on the device, and its gradient of the loss if one is required. A {@link Tape} creates
 * tensors and frees them; {@link Parameters} creates tensors and keeps them.
 */
import type { DeviceBuffer } from "../kernels/device.ts";

/** Options of a {@link Tensor}. */
export interface TensorOptions {
  /** Whether it needs the loss's gradient. */
  requiresGradient?: boolean;
  /** Whether it is the output of a ReLU fused into the previous kernel. */
  rectified?: boolean;
  /** The buffer for the gradient, if it already exists (parameters). */
  gradient?: DeviceBuffer;
}

/** A shaped array on a device. */
export class Tensor {
  /** Sizes of the dimensions, outermost first; activations are [batch, height, width, channels]. */
  readonly shape: readonly number[];
  /** The numbers, row-major. */
  readonly buffer: DeviceBuffer;
  /** Whether it needs the loss's gradient. */
  readonly requiresGradient: boolean;
  /**
   * Whether it is the output of a fused ReLU. The operation that writes its gradient then writes zero wherever the
   * tensor is not positive (the kernels' `mask`), so the gradient is already that before the ReLU.
   */
  readonly rectified: boolean;
  /** The loss's gradient, of the same shape; valid after `Tape.backward()` has reached the tensor. */
  gradient?: DeviceBuffer;
  /** Whether `gradient` already has a value of this backward pass: the next operation then adds instead of writing. */
  hasGradient = false;

  /**
   * Gives a buffer a shape.
   *
   * @throws RangeError if the buffer's length does not match the shape
   */
  constructor(shape: readonly number[], buffer: DeviceBuffer, options: TensorOptions = {}) {
    if (sizeOf(shape) !== buffer.length) {
      throw new RangeError(
        `A tensor [${shape}]: expected a buffer of ${sizeOf(shape)} numbers, found ${buffer.length}`,
      );
    }
    this.shape = shape;
    this.buffer = buffer;
    this.requiresGradient = options.requiresGradient ?? false;
    this.rectified = options.rectified ?? false;
    this.gradient = options.gradient;
  }

  /** Number of elements. */
  get length(): number {
    return this.buffer.length;
  }
}

/** Product of the sizes of a shape. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((a, b) => a * b, 1);
}
