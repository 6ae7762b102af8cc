/**
 * Sorts the samples of a node by rank, without allocation, and without comparisons if that is faster.
 *
 * Three algorithms, for a node of m samples whose ranks span a range r:
 * - m small: insertion sort;
 * - r not much larger than m (few distinct values, as in images): one counting sort over the range;
 * - otherwise: two counting sorts, by the low and the high half of the bits (radix sort); r < 2^31 keeps a half at 16 bits.
 *
 * @module
 */

const SMALL = 20;

/** Buffers for sorting up to `capacity` samples, reused for every node. */
export class RankSorter {
  /** The sort keys; fill the first m, then call {@link sort}. */
  ranks: Int32Array;
  /** The samples that belong to the ranks. */
  samples: Int32Array;
  #spareRanks: Int32Array;
  #spareSamples: Int32Array;
  #ends: Int32Array;

  /** @param capacity largest number of samples of a node */
  constructor(capacity: number) {
    this.ranks = new Int32Array(capacity);
    this.samples = new Int32Array(capacity);
    this.#spareRanks = new Int32Array(capacity);
    this.#spareSamples = new Int32Array(capacity);
    // half the bits of a range up to n need about sqrt(n) buckets; a single pass needs up to max(256, 2 n)
    this.#ends = new Int32Array(Math.max(256, 2 * capacity) + 1);
  }

  /**
   * Sorts the first `m` of `ranks`, all within `low .. high`, and `samples` with them. May replace both arrays with
   * others.
   */
  sort(m: number, low: number, high: number): void {
    const range = high - low + 1;
    if (m <= SMALL) {
      this.#insert(m);
    } else if (range <= Math.max(256, 2 * m)) {
      this.#count(m, low, 0, range);
    } else {
      const bits = (33 - Math.clz32(range)) >> 1;
      this.#count(m, low, 0, 1 << bits);
      this.#count(m, low, bits, 1 << bits);
    }
  }

  #insert(m: number): void {
    const { ranks, samples } = this;
    for (let i = 1; i < m; i++) {
      const rank = ranks[i], sample = samples[i];
      let j = i - 1;
      for (; j >= 0 && ranks[j] > rank; j--) {
        ranks[j + 1] = ranks[j];
        samples[j + 1] = samples[j];
      }
      ranks[j + 1] = rank;
      samples[j + 1] = sample;
    }
  }

  /** One stable counting sort by `((rank - low) >> shift) % buckets`; `buckets` is a power of two, or more than any digit. */
  #count(m: number, low: number, shift: number, buckets: number): void {
    const { ranks, samples } = this, ends = this.#ends;
    const spareRanks = this.#spareRanks, spareSamples = this.#spareSamples;
    const mask = (1 << (32 - Math.clz32(buckets - 1))) - 1;
    for (let b = 0; b <= buckets; b++) ends[b] = 0;
    for (let i = 0; i < m; i++) ends[(((ranks[i] - low) >> shift) & mask) + 1]++;
    for (let b = 1; b < buckets; b++) ends[b] += ends[b - 1]; // ends[b] is now where bucket b begins
    for (let i = 0; i < m; i++) {
      const place = ends[((ranks[i] - low) >> shift) & mask]++;
      spareRanks[place] = ranks[i];
      spareSamples[place] = samples[i];
    }
    this.ranks = spareRanks;
    this.samples = spareSamples;
    this.#spareRanks = ranks;
    this.#spareSamples = samples;
  }
}
