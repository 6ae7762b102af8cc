/**
 * A recording of any length, small enough to be drawn: the lowest and the highest sample of some hundred stretches, the mean
 * frame of some hundred others. When there are too many stretches, neighbours become one, so that an hour takes no more
 * memory than a second.
 */
import { type FrontEnd, frontEnd } from "../../dsp/settings.ts";

/** Stretches at most; there are half as many or more. */
const MOST = 1200;

/** Adds samples and frames up. */
export class Overview {
  /** Samples that it has seen. */
  samples = 0;
  /** Frames that it has seen. */
  frames = 0;
  /** How frames are made of samples. */
  readonly settings: FrontEnd;
  /** Samples a stretch, and the lowest and highest of each. */
  #sampleStep = 1;
  #low: number[] = [];
  #high: number[] = [];
  /** Frames a stretch, and the sum of each, band by band. */
  #frameStep = 1;
  #sums: Float64Array[] = [];

  /** An empty one. */
  constructor(settings: FrontEnd = frontEnd) {
    this.settings = settings;
  }

  /** Adds samples, at the front end's rate. */
  addSamples(samples: Float32Array): void {
    for (const sample of samples) {
      const bin = Math.floor(this.samples++ / this.#sampleStep);
      if (bin === MOST) {
        // the first of a stretch that does not fit: halve, and it begins the next
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

  /** Stretches of the waveform: where each begins, in seconds. */
  get waveform(): { t: number; low: number; high: number }[] {
    const time = (bin: number) => bin * this.#sampleStep / this.settings.sampleRate;
    return this.#low.map((low, bin) => ({ t: time(bin), low, high: this.#high[bin] }));
  }

  /** Mean frames, [columns, nMels], and the frames that each stands for. */
  get logMel(): { columns: Float32Array; step: number } {
    const { nMels } = this.settings, columns = new Float32Array(this.#sums.length * nMels);
    this.#sums.forEach((sums, bin) => {
      const count = Math.min(this.#frameStep, this.frames - bin * this.#frameStep);
      for (let band = 0; band < nMels; band++) columns[bin * nMels + band] = sums[band] / count;
    });
    return { columns, step: this.#frameStep };
  }
}

/** Each two neighbours as one. */
function pairs<T>(values: readonly T[], join: (a: T, b: T) => T): T[] {
  return Array.from({ length: values.length / 2 }, (_, i) => join(values[2 * i], values[2 * i + 1]));
}
