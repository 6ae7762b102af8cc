/**
 * Reuse of buffers. Released buffers wait, sorted by length, and the one created first is reused first. A training step
 * that allocates and releases in the same order as the previous one gets the same buffers, so bind groups can be
 * cached, and nothing is created after the first step.
 */
import type { MemoryStatus } from "./device.ts";

/** The properties of a buffer that the pool needs. */
export interface PoolBuffer {
  /** Words. */
  readonly length: number;
}

/** Allocates buffers of type `B`, and creates new ones with the device's `create`. */
export class BufferPool<B extends PoolBuffer> {
  #create: (length: number, purpose: string) => B;
  #order = new Map<B, number>(); // all existing buffers, with their numbers
  #made = 0;
  #live = new Set<B>();
  #free = new Map<number, B[]>(); // by length, latest created first, so that pop() returns the earliest
  #liveWords = 0;
  #createdWords = 0;

  /** @param create creates a buffer of `length` words, or throws an Error with the requested size */
  constructor(create: (length: number, purpose: string) => B) {
    this.#create = create;
  }

  /** A buffer of `length` words, reused if one is waiting. */
  allocate(length: number, purpose: string): B {
    if (!(Number.isInteger(length) && length > 0)) {
      throw new RangeError(`A buffer for ${purpose}: expected a whole number of words >= 1, found ${length}`);
    }
    let buffer = this.#free.get(length)?.pop();
    if (!buffer) {
      buffer = this.#create(length, purpose);
      this.#order.set(buffer, this.#made++);
      this.#createdWords += length;
    }
    this.#live.add(buffer);
    this.#liveWords += length;
    return buffer;
  }

  /** Releases a buffer. Throws an Error if it is not a live buffer of this pool. */
  release(buffer: B): void {
    if (!this.#live.delete(buffer)) {
      throw new Error(
        "release(): expected a live buffer of this device, found a slice, one already released, or another device's",
      );
    }
    this.#liveWords -= buffer.length;
    const waiting = this.#free.get(buffer.length) ?? [];
    this.#free.set(buffer.length, waiting);
    const number = this.#order.get(buffer)!;
    let place = waiting.length;
    while (place > 0 && this.#order.get(waiting[place - 1])! < number) place--;
    waiting.splice(place, 0, buffer);
  }

  /** Counts of live and of created buffers. */
  get status(): MemoryStatus {
    return {
      liveBuffers: this.#live.size,
      liveBytes: 4 * this.#liveWords,
      createdBuffers: this.#order.size,
      createdBytes: 4 * this.#createdWords,
    };
  }

  /** Forgets every waiting buffer and returns them for destruction: they were needed once, and won't be again. */
  drop(): B[] {
    const waiting = [...this.#free.values()].flat();
    this.#free.clear();
    for (const buffer of waiting) {
      this.#order.delete(buffer);
      this.#createdWords -= buffer.length;
    }
    return waiting;
  }

  /** All existing buffers, e.g. to destroy them. */
  buffers(): Iterable<B> {
    return this.#order.keys();
  }
}
