/**
 * A tensor: a shape, the numbers on the device, and, where something upstream has to learn, the gradient of the loss to
 * them. Tensors are made by a {@link Tape}, which also frees them, or by {@link Parameters}, which keeps them.
 */
import type { DeviceBuffer } from "../kernels/device.ts";

/** How a {@link Tensor} is made. */
export interface TensorOptions {
  /** Whether the loss's gradient to it is wanted. */
  requiresGradient?: boolean;
  /** Whether it came out of a ReLU that is fused into the kernel before. */
  rectified?: boolean;
  /** Where the gradient goes, if it has its place already (parameters). */
  gradient?: DeviceBuffer;
}

/** A shaped array on a device. */
export class Tensor {
  /** Sizes, outermost first; activations are [batch, height, width, channels]. */
  readonly shape: readonly number[];
  /** The numbers, row-major. */
  readonly buffer: DeviceBuffer;
  /** Whether the loss's gradient to it is wanted. */
  readonly requiresGradient: boolean;
  /**
   * Whether it came out of a fused ReLU. Then whoever writes its gradient writes zero where the tensor is not positive
   * (the kernels' `mask`), so that the gradient is already the one before the ReLU.
   */
  readonly rectified: boolean;
  /** The loss's gradient to it, of the same shape; there after `Tape.backward()` has come by. */
  gradient?: DeviceBuffer;
  /** Whether `gradient` holds something of this backward pass: the next to come adds instead of writing. */
  hasGradient = false;

  /**
   * Puts a shape on a buffer.
   *
   * @throws RangeError where the buffer has another length than the shape
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

  /** How many numbers. */
  get length(): number {
    return this.buffer.length;
  }
}

/** Product of the sizes of a shape. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((a, b) => a * b, 1);
}
