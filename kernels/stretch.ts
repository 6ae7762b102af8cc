/**
 * The base class of all devices' buffers: a stretch of some memory, which can be cut into parts and compared with
 * others.
 */
import { type DeviceBuffer, SLICE_ALIGNMENT } from "./device.ts";

/** A stretch of words. */
export abstract class BufferStretch implements DeviceBuffer {
  /** Its memory: stretches of different memories are disjoint. */
  readonly memory: unknown;
  /** First word in it. */
  readonly offset: number;
  readonly length: number;

  /** `length` words of `memory`, from `offset` on. */
  constructor(memory: unknown, offset: number, length: number) {
    this.memory = memory;
    this.offset = offset;
    this.length = length;
  }

  slice(offset: number, length: number): this {
    if (!(Number.isInteger(offset) && offset >= 0 && offset % SLICE_ALIGNMENT === 0)) {
      throw new RangeError(`slice(): offset: expected a multiple of ${SLICE_ALIGNMENT} words, found ${offset}`);
    }
    if (!(Number.isInteger(length) && length > 0 && offset + length <= this.length)) {
      throw new RangeError(
        `slice(): expected a part of the ${this.length} words of the buffer, found ${length} words from ${offset} on`,
      );
    }
    return this.part(offset, length);
  }

  /** Creates the part for slice(), after the bounds check. */
  protected abstract part(offset: number, length: number): this;

  /** Whether the two share memory. */
  overlaps(other: BufferStretch): boolean {
    return this.memory === other.memory && this.offset < other.offset + other.length &&
      other.offset < this.offset + this.length;
  }

  /** Whether the two are the same stretch. */
  equals(other: BufferStretch): boolean {
    return this.memory === other.memory && this.offset === other.offset && this.length === other.length;
  }
}
