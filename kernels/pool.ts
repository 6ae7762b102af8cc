/**
 * Reuse of buffers. Released buffers wait, by length, and the one made first is handed out first: a training step that
 * allocates and releases in the same order as the one before gets the very same buffers, so bind groups can be cached,
 * and after the first step nothing is created.
 */
import type { MemoryStatus } from "./device.ts";

/** What the pool needs to know of a buffer. */
export interface PoolBuffer {
  /** Words. */
  readonly length: number;
}

/** Hands out buffers of type `B`, making new ones with the device's own `create`. */
export class BufferPool<B extends PoolBuffer> {
  #create: (length: number, purpose: string) => B;
  #order = new Map<B, number>(); // every buffer that there is, with its number
  #made = 0;
  #live = new Set<B>();
  #free = new Map<number, B[]>(); // by length, latest made first, so that pop() gives the earliest
  #liveWords = 0;
  #createdWords = 0;

  /** @param create makes a buffer of `length` words, or throws an Error that says what was wanted */
  constructor(create: (length: number, purpose: string) => B) {
    this.#create = create;
  }

  /** A buffer of `length` words, reused if one waits. */
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

  /** Takes a buffer back. Throws an Error where it is not a live buffer of this pool. */
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

  /** Counts of what is live and what was ever made. */
  get status(): MemoryStatus {
    return {
      liveBuffers: this.#live.size,
      liveBytes: 4 * this.#liveWords,
      createdBuffers: this.#order.size,
      createdBytes: 4 * this.#createdWords,
    };
  }

  /** Forgets every buffer that waits, and gives them to be destroyed: what was taken once will not be wanted again. */
  drop(): B[] {
    const waiting = [...this.#free.values()].flat();
    this.#free.clear();
    for (const buffer of waiting) {
      this.#order.delete(buffer);
      this.#createdWords -= buffer.length;
    }
    return waiting;
  }

  /** Every buffer that there is, e.g. to destroy them. */
  buffers(): Iterable<B> {
    return this.#order.keys();
  }
}
