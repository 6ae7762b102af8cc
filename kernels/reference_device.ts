/**
 * A device that runs the definitions of `reference.ts`: float64, one thread, slow, and right. It lets everything above
 * the kernels be tested in double precision (a finite difference agrees with a gradient to nine digits), and it is the
 * shortest example of what a device has to do.
 */
import { type Device, type DeviceBuffer, type MemoryStatus, SLICE_ALIGNMENT } from "./device.ts";
import type { Kernels } from "./kernels.ts";
import { BufferPool } from "./pool.ts";
import { reference } from "./reference.ts";

class ReferenceBuffer implements DeviceBuffer {
  constructor(readonly values: Float64Array) {}

  get length(): number {
    return this.values.length;
  }

  slice(offset: number, length: number): DeviceBuffer {
    if (offset % SLICE_ALIGNMENT !== 0 || offset < 0 || offset + length > this.length) {
      throw new RangeError(`No slice of ${length} words at ${offset} in a buffer of ${this.length}`);
    }
    return new ReferenceBuffer(this.values.subarray(offset, offset + length));
  }
}

/** The float64 values behind a buffer of a reference device, to look at or to change. */
export function referenceValues(buffer: DeviceBuffer): Float64Array {
  return (buffer as ReferenceBuffer).values;
}

/** A {@link Device} of the definitions. */
export function createReferenceDevice(): Device {
  const pool = new BufferPool((length) => new ReferenceBuffer(new Float64Array(length).fill(NaN)));
  const device = {
    kind: "reference" as const,
    description: "the definitions, float64",
    get memory(): MemoryStatus {
      return pool.status;
    },
    allocate: (length: number, purpose: string) => pool.allocate(length, purpose),
    release: (buffer: DeviceBuffer) => pool.release(buffer as ReferenceBuffer),
    write: (buffer: DeviceBuffer, data: ArrayLike<number>) => referenceValues(buffer).set(data),
    read: (buffer: DeviceBuffer) => Promise.resolve(new Float32Array(referenceValues(buffer))),
    flush: () => {},
    close: () => {},
  };
  // each kernel, called with the arrays behind its buffers
  const kernels = Object.entries(reference).map(([name, definition]) => [
    name,
    (args: Record<string, unknown>) => {
      const arrays = Object.entries(args).map(([key, a]) => [key, a instanceof ReferenceBuffer ? a.values : a]);
      (definition as (args: unknown) => void)(Object.fromEntries(arrays));
    },
  ]);
  return Object.defineProperties(
    Object.fromEntries(kernels),
    Object.getOwnPropertyDescriptors(device),
  ) as typeof device & Kernels<DeviceBuffer>;
}
