/** Buffers of the CPU device: stretches of the shared memory. */
import { type DeviceBuffer, SLICE_ALIGNMENT } from "../device.ts";

/** A buffer at an address. */
export class CpuBuffer implements DeviceBuffer {
  /** @param address of its first byte in the shared memory */
  constructor(readonly address: number, readonly length: number) {}

  slice(offset: number, length: number): CpuBuffer {
    if (!(Number.isInteger(offset) && offset >= 0 && offset % SLICE_ALIGNMENT === 0)) {
      throw new RangeError(`A slice begins at a multiple of ${SLICE_ALIGNMENT} words, found ${offset}`);
    }
    if (!(Number.isInteger(length) && length > 0 && offset + length <= this.length)) {
      throw new RangeError(`A slice of ${length} words from ${offset} on does not lie in a buffer of ${this.length}`);
    }
    return new CpuBuffer(this.address + 4 * offset, length);
  }
}

/**
 * Address of a kernel's argument.
 *
 * @throws TypeError where it is no buffer of this device, RangeError where it holds fewer than `words` words
 */
export function addressOf(buffer: DeviceBuffer, words: number, name: string): number {
  if (!(buffer instanceof CpuBuffer)) throw new TypeError(`${name} is no buffer of the CPU device`);
  if (!(buffer.length >= words)) throw new RangeError(`${name} holds ${buffer.length} words, ${words} are wanted`);
  return buffer.address;
}

/** Throws a RangeError unless each size is a whole number, at least 1. */
export function checkSizes(sizes: Record<string, number>): void {
  for (const [name, size] of Object.entries(sizes)) {
    if (!(Number.isInteger(size) && size >= 1)) {
      throw new RangeError(`${name} is a whole number, at least 1; found ${size}`);
    }
  }
}
