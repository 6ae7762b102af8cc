/**
 * Measures the loudness of a recording and how much of it is clipped, because it was too loud for its converter. Clipped
 * means three or more samples of one channel in a row at full scale. A single one may be a peak that just fits.
 */

/** The threshold of full scale: the second largest 16-bit value. */
const FULL_SCALE = 32766 / 32768;

/** Samples in a row at full scale that count as clipped. */
const RUN = 3;

/** Accumulates blocks. */
export class Levels {
  /** The largest magnitude, 1 at full scale. */
  peak = 0;
  /** Number of clipped samples. */
  clipped = 0;
  /** Number of samples in all. */
  samples = 0;
  /** For each channel: the number of latest samples at full scale, with one sign. */
  #runs: Int32Array = new Int32Array(0);

  /** The share of clipped samples. */
  get clippedShare(): number {
    return this.samples === 0 ? 0 : this.clipped / this.samples;
  }

  /** Adds a block, [frames, channels], row-major. */
  add(block: Float32Array, channels: number): void {
    if (this.#runs.length !== channels) this.#runs = new Int32Array(channels);
    const runs = this.#runs;
    this.samples += block.length;
    const peak = largest(block);
    if (peak > this.peak) this.peak = peak;
    // true for most blocks: nothing is clipped
    if (peak < FULL_SCALE) {
      if (block.length > 0) runs.fill(0);
      return;
    }
    for (let i = 0, c = 0; i < block.length; i++) {
      const value = block[i], size = Math.abs(value);
      if (size < FULL_SCALE) runs[c] = 0;
      else {
        const sign = value < 0 ? -1 : 1;
        runs[c] = runs[c] * sign > 0 ? runs[c] + sign : sign;
        const length = runs[c] * sign;
        if (length === RUN) this.clipped += RUN;
        else if (length > RUN) this.clipped++;
      }
      if (++c === channels) c = 0;
    }
  }
}

/**
 * The largest magnitude of a block. Comparisons, which a processor predicts, are faster than Math.max, which has to
 * handle NaN and -0.
 */
function largest(block: Float32Array): number {
  let low = 0, high = 0;
  for (let i = 0; i < block.length; i++) {
    const value = block[i];
    if (value > high) high = value;
    else if (value < low) low = value;
  }
  return Math.max(high, -low);
}
