/**
 * A device that runs the definitions of `reference.ts`: float64, one thread, slow and correct. Everything above the
 * kernels can be tested in double precision on it (a finite difference agrees with a gradient to nine digits), and it
 * is the shortest example of a device.
 */
import { checkBuffer } from "./check.ts";
import type { Device, DeviceBuffer, MemoryStatus } from "./device.ts";
import { kernelMethods, type Versions } from "./methods.ts";
import { BufferPool } from "./pool.ts";
import { reference } from "./reference.ts";
import { BufferStretch } from "./stretch.ts";

/** A buffer of float64 values. */
export class ReferenceBuffer extends BufferStretch {
  constructor(readonly values: Float64Array) {
    super(values.buffer, values.byteOffset / 8, values.length);
  }

  protected override part(offset: number, length: number): this {
    return new ReferenceBuffer(this.values.subarray(offset, offset + length)) as this;
  }
}

/** The float64 values behind a buffer of a reference device, for reading or changing. */
export function referenceValues(buffer: DeviceBuffer): Float64Array {
  return (buffer as ReferenceBuffer).values;
}

/** The definitions, which need no context. */
const DEFINITIONS = Object.fromEntries(
  Object.entries(reference).map(([kernel, define]) => [kernel, (_: undefined, args: never) => define(args)]),
) as Versions<undefined, Float64Array>;

class ReferenceDevice extends kernelMethods(DEFINITIONS, { own: ReferenceBuffer, unwrap: referenceValues })
  implements Device {
  readonly kind = "reference";
  readonly description = "the definitions, float64";
  #pool = new BufferPool((length) => new ReferenceBuffer(new Float64Array(length).fill(NaN)));

  constructor() {
    super(() => undefined);
  }

  get memory(): MemoryStatus {
    return this.#pool.status;
  }

  allocate(length: number, purpose: string): DeviceBuffer {
    return this.#pool.allocate(length, purpose);
  }

  release(buffer: DeviceBuffer): void {
    this.#pool.release(buffer as ReferenceBuffer);
  }

  write(buffer: DeviceBuffer, data: Float32Array | Int32Array | Uint32Array): void {
    checkBuffer("write()", buffer, data.length, ReferenceBuffer);
    buffer.values.set(data);
  }

  read(buffer: DeviceBuffer): Promise<Float32Array> {
    return Promise.resolve(new Float32Array(referenceValues(buffer)));
  }

  flush(): void {}

  close(): void {}
}

/** A {@link Device} of the definitions. */
export function createReferenceDevice(): Device {
  return new ReferenceDevice();
}
