/**
 * A stretch of a GPU buffer. Buffers are padded to 16 bytes, and so are bindings, so that a kernel may see any of them as
 * `array<vec4f>`; slices begin at multiples of 256 bytes, so padded bindings never overlap.
 *
 * @module
 */
import { type DeviceBuffer, SLICE_ALIGNMENT } from "../device.ts";

/** A {@link DeviceBuffer} of the WebGPU device. */
export class GpuBuffer implements DeviceBuffer {
  /** The buffer it lies in. */
  readonly gpu: GPUBuffer;
  /** That buffer's number on its device. */
  readonly id: number;
  /** First word. */
  readonly offset: number;
  readonly length: number;
  /** Names this stretch: equal for equal stretches of one buffer. */
  readonly key: string;

  /** @param gpu holds at least offset + length words, padded to 4 */
  constructor(gpu: GPUBuffer, id: number, offset: number, length: number) {
    this.gpu = gpu;
    this.id = id;
    this.offset = offset;
    this.length = length;
    this.key = `${id}:${offset}:${length}`;
  }

  slice(offset: number, length: number): GpuBuffer {
    if (!(Number.isInteger(offset) && offset >= 0 && offset % SLICE_ALIGNMENT === 0)) {
      throw new RangeError(`A slice begins at a multiple of ${SLICE_ALIGNMENT} words, found ${offset}`);
    }
    if (!(Number.isInteger(length) && length > 0 && offset + length <= this.length)) {
      throw new RangeError(`A slice of ${length} words at ${offset} does not fit a buffer of ${this.length}`);
    }
    return new GpuBuffer(this.gpu, this.id, this.offset + offset, length);
  }

  /** Size in bytes of a binding: padded to 16. */
  get bindingBytes(): number {
    return 16 * Math.ceil(this.length / 4);
  }

  /** Whether the two share memory. */
  overlaps(other: GpuBuffer): boolean {
    return this.id === other.id && this.offset < other.offset + other.length &&
      other.offset < this.offset + this.length;
  }
}
