/**
 * How loud a recording is, and how much of it was cut off because it was too loud for its converter: samples of one channel
 * at full scale, three or more in a row. A single one may be a peak that just fits.
 */

/** What counts as full scale: the largest value but one of 16 bits. */
const FULL_SCALE = 32766 / 32768;

/** Samples in a row at full scale from which on they count as cut off. */
const RUN = 3;

/** Adds blocks up. */
export class Levels {
  /** The largest magnitude, 1 at full scale. */
  peak = 0;
  /** Samples that are cut off. */
  clipped = 0;
  /** Samples in all. */
  samples = 0;
  /** Of each channel: samples at full scale, with one sign, that came last. */
  #runs: Int32Array = new Int32Array(0);

  /** The share of samples that are cut off. */
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
    // most blocks: nothing in them is cut off
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

/** The largest magnitude of a block; by comparisons, which a processor foresees, where Math.max would have to mind NaN and -0. */
function largest(block: Float32Array): number {
  let low = 0, high = 0;
  for (let i = 0; i < block.length; i++) {
    const value = block[i];
    if (value > high) high = value;
    else if (value < low) low = value;
  }
  return Math.max(high, -low);
}
