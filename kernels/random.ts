/**
 * Counter-based random numbers: a number depends only on a key and a position, not on earlier draws. So a GPU thread, a
 * wasm worker and TypeScript draw the same dropout mask in any order, and a resumed run shuffles like an uninterrupted
 * one.
 *
 * The generator is Threefry-2x32 with 20 rounds (Salmon, Moraes, Dror & Shaw, "Parallel random numbers: as easy as 1,
 * 2, 3", SC 2011): a block cipher of additions, rotations and xors on 32-bit words, which every device supports.
 *
 * @module
 */

/** Two unsigned 32-bit words: key and result of {@link threefry2x32}. */
export type Words = readonly [number, number];

const ROTATIONS = [13, 15, 26, 6, 17, 29, 16, 24];

/**
 * One block of Threefry-2x32-20: encrypts the counter under the key.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * // the test vector published with the Random123 library
 * assertEquals(threefry2x32([0, 0], [0, 0]), [0x6b200159, 0x99ba4efe]);
 * ```
 */
export function threefry2x32(key: Words, counter: Words): Words {
  const schedule = [key[0], key[1], 0x1bd11bda ^ key[0] ^ key[1]];
  let a = (counter[0] + schedule[0]) | 0;
  let b = (counter[1] + schedule[1]) | 0;
  for (let round = 0; round < 20; round++) {
    a = (a + b) | 0;
    const r = ROTATIONS[round % 8];
    b = ((b << r) | (b >>> (32 - r))) ^ a;
    if (round % 4 === 3) {
      const injection = (round + 1) / 4;
      a = (a + schedule[injection % 3]) | 0;
      b = (b + schedule[(injection + 1) % 3] + injection) | 0;
    }
  }
  return [a >>> 0, b >>> 0];
}

/**
 * A key for one purpose, e.g. `randomKey(seed, fold, stage, step, layer)`: different paths give unrelated streams.
 * Each part is an integer of at most 53 bits.
 */
export function randomKey(...path: number[]): Words {
  let key: Words = [0, 0];
  for (const part of path) {
    if (!Number.isSafeInteger(part)) throw new RangeError(`A random key: expected whole numbers, found ${part}`);
    key = threefry2x32(key, [part >>> 0, Math.floor(part / 2 ** 32) >>> 0]);
  }
  return key;
}

/**
 * A stream of random numbers for one purpose, drawn in order.
 *
 * @example
 * ```ts
 * import { assertStrictEquals } from "@std/assert";
 * const first = new Random(1, 2), again = new Random(1, 2);
 * assertStrictEquals(first.uniform(), again.uniform());
 * ```
 */
export class Random {
  #key: Words;
  #next = 0;
  #spare = 0;
  #hasSpare = false;

  /**
   * Creates the stream of a path.
   *
   * @param path the stream's purpose, as in {@link randomKey}; the first part is usually the seed
   */
  constructor(...path: number[]) {
    this.#key = randomKey(...path);
  }

  /** A whole number, 0 to 2^32 - 1. */
  uint32(): number {
    if (this.#hasSpare) {
      this.#hasSpare = false;
      return this.#spare;
    }
    const place = this.#next++;
    const [a, b] = threefry2x32(this.#key, [place >>> 0, Math.floor(place / 2 ** 32)]);
    this.#spare = b;
    this.#hasSpare = true;
    return a;
  }

  /** A number in [0, 1), with 32 random bits. */
  uniform(): number {
    return this.uint32() / 2 ** 32;
  }

  /** A whole number in [0, n), each equally likely (rejection, no modulo bias); 1 <= n <= 2^32. */
  below(n: number): number {
    if (!(Number.isInteger(n) && n >= 1 && n <= 2 ** 32)) {
      throw new RangeError(`below(): expected a whole number from 1 to 2^32, found ${n}`);
    }
    const limit = 2 ** 32 - (2 ** 32 % n);
    for (;;) {
      const word = this.uint32();
      if (word < limit) return word % n;
    }
  }

  /** A draw from the standard normal distribution (Box-Muller). */
  normal(): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()));
    return radius * Math.cos(2 * Math.PI * this.uniform());
  }

  /** Shuffles in place, with every order equally likely (Fisher-Yates), and returns its argument. */
  shuffle<T extends { length: number; [index: number]: unknown }>(items: T): T {
    for (let i = items.length - 1; i > 0; i--) {
      const j = this.below(i + 1);
      const held = items[i];
      items[i] = items[j];
      items[j] = held;
    }
    return items;
  }
}
