/**
 * Reduces a recording of any length to a size that can be drawn: the lowest and highest sample of some hundred stretches,
 * and the mean frame of some hundred others. When there are too many stretches, neighbours are merged, so an hour takes no
 * more memory than a second.
 */
import { type FrontEnd, frontEnd } from "../../dsp/settings.ts";

/** Most stretches; there are at least half as many. */
const MOST = 1200;

/** Accumulates samples and frames. */
export class Overview {
  /** Number of samples so far. */
  samples = 0;
  /** Number of frames so far. */
  frames = 0;
  /** The front end that computes the frames. */
  readonly settings: FrontEnd;
  /** Samples per stretch, and the lowest and highest of each. */
  #sampleStep = 1;
  #low: number[] = [];
  #high: number[] = [];
  /** Frames per stretch, and the sum of each, band by band. */
  #frameStep = 1;
  #sums: Float64Array[] = [];

  /** Starts empty. */
  constructor(settings: FrontEnd = frontEnd) {
    this.settings = settings;
  }

  /** Adds samples, at the front end's rate. */
  addSamples(samples: Float32Array): void {
    for (const sample of samples) {
      const bin = Math.floor(this.samples++ / this.#sampleStep);
      if (bin === MOST) {
        // the first sample of a stretch that does not fit: merge, and start the next stretch with it
        this.#low = pairs(this.#low, Math.min);
        this.#high = pairs(this.#high, Math.max);
        this.#sampleStep *= 2;
        [this.#low[MOST / 2], this.#high[MOST / 2]] = [sample, sample];
        continue;
      }
      this.#low[bin] = Math.min(this.#low[bin] ?? sample, sample);
      this.#high[bin] = Math.max(this.#high[bin] ?? sample, sample);
    }
  }

  /** Adds log-mel frames, [frames, nMels]. */
  addFrames(frames: Float32Array): void {
    const { nMels } = this.settings;
    for (let at = 0; at < frames.length; at += nMels) {
      if (Math.floor(this.frames / this.#frameStep) === MOST) {
        this.#sums = pairs(this.#sums, (a, b) => a.map((sum, i) => sum + b[i]));
        this.#frameStep *= 2;
      }
      const bin = Math.floor(this.frames++ / this.#frameStep);
      const sums = this.#sums[bin] ??= new Float64Array(nMels);
      for (let band = 0; band < nMels; band++) sums[band] += frames[at + band];
    }
  }

  /** Stretches of the waveform, each with its start in seconds. */
  get waveform(): { t: number; low: number; high: number }[] {
    const time = (bin: number) => bin * this.#sampleStep / this.settings.sampleRate;
    return this.#low.map((low, bin) => ({ t: time(bin), low, high: this.#high[bin] }));
  }

  /** Mean frames, [columns, nMels], and the number of frames in each. */
  get logMel(): { columns: Float32Array; step: number } {
    const { nMels } = this.settings, columns = new Float32Array(this.#sums.length * nMels);
    this.#sums.forEach((sums, bin) => {
      const count = Math.min(this.#frameStep, this.frames - bin * this.#frameStep);
      for (let band = 0; band < nMels; band++) columns[bin * nMels + band] = sums[band] / count;
    });
    return { columns, step: this.#frameStep };
  }
}

/** Merges each two neighbours. */
function pairs<T>(values: readonly T[], join: (a: T, b: T) => T): T[] {
  return Array.from({ length: values.length / 2 }, (_, i) => join(values[2 * i], values[2 * i + 1]));
}
