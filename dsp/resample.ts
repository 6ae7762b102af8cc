/**
 * Resampling by a windowed sinc: each output sample is the band-limited signal's value at the output's time.
 *
 *   y[m] = sum_k x[k] h(t_m - k),    t_m = m from / to  (in input samples),    h(t) = 2 fc sinc(2 fc t) kaiser(t / half)
 *
 * `t_m` has only `to / gcd(from, to)` different fractional parts, the *phases*. For each phase the taps h are tabulated
 * once (polyphase filtering). If a pair of rates has too many phases for a table (24414 to 16000 Hz has 8000), the taps
 * are interpolated linearly between 512 phases, with an error below -115 dB.
 *
 * The pass band ends at 7/16 of the target's rate or 0.44 of the source's, whichever is lower; the stop band begins at
 * 8.5/16 or 0.56. To 16 kHz that is 7 and 8.5 kHz, so aliases reach down to 7.5 kHz, where the highest mel band ends. h
 * is symmetric about 0, so there is no delay. The signal counts as zero beyond its ends.
 */

/** Stop-band attenuation of the Kaiser window's design, in dB. It gives a pass-band ripple of 1e-4 dB. */
const attenuation = 100;

/** Largest table (2 MB of taps); beyond it, phases are interpolated. */
const largestTable = 1 << 18;

/**
 * Phases tabulated for interpolation. If the rate decreases a lot, there are fewer, since h is then wider and smoother.
 */
const interpolatedPhases = 512;

/** Rates above this, in Hz, are mistakes. The bound keeps the table small and every count exact. */
const highestRate = 1e7;

/**
 * Resamples a whole signal.
 *
 * @param x samples [n] at `from` Hz
 * @param from the signal's rate, a positive integer, in Hz
 * @param to the new rate, a positive integer, in Hz
 * @returns samples [ceil(n to / from)]
 * @throws {RangeError} if a rate is no positive integer up to 10 MHz
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 * import { resample } from "@epr/epr/dsp";
 *
 * const second = Float32Array.from({ length: 44100 }, (_, i) => Math.sin(2 * Math.PI * 1000 * i / 44100));
 * const y = resample(second, 44100, 16000);
 * assert(y.length === 16000 && Math.abs(y[8004] - 1) < 1e-4); // a quarter of a period of 16 samples
 * ```
 */
export function resample(x: Float32Array, from: number, to: number): Float32Array<ArrayBuffer> {
  const resampler = new Resampler(from, to);
  const head = resampler.push(x);
  const tail = resampler.finish();
  const y = new Float32Array(head.length + tail.length);
  y.set(head);
  y.set(tail, head.length);
  return y;
}

/**
 * Resamples a signal that arrives in blocks of any size. The concatenated result equals that of {@linkcode resample}
 * for the whole signal, bit for bit.
 */
export class Resampler {
  readonly #kernel: Kernel;
  /** Input samples: `#window[0]` is sample number `#first` of the signal. */
  readonly #window: Float64Array;
  #first: number;
  #filled: number;
  /** Number of samples received, and number returned. */
  #received = 0;
  #given = 0;
  /** Time of the next output: sample number `#index` of the input plus `#remainder / upsampling` of a sample. */
  #index = 0;
  #remainder = 0;

  /**
   * Prepares the filter for a pair of rates.
   *
   * @param from the signal's rate, a positive integer, in Hz
   * @param to the new rate, a positive integer, in Hz
   * @throws {RangeError} if a rate is no positive integer up to 10 MHz
   */
  constructor(from: number, to: number) {
    this.#kernel = kernelFor(from, to);
    const { half } = this.#kernel;
    this.#window = new Float64Array(2 * half + 8192);
    // The taps of output 0 reach back to sample -(half - 1): the silence before the signal.
    this.#first = 1 - half;
    this.#filled = half - 1;
  }

  /** Takes the next samples [n] and returns the outputs that no later sample can change. */
  push(block: Float32Array): Float32Array<ArrayBuffer> {
    if (this.#kernel.half === 0) return block.slice() as Float32Array<ArrayBuffer>;
    const { half, up, down } = this.#kernel;
    this.#received += block.length;
    // Output m is ready when sample floor(m down / up) + half has arrived.
    const ready = Math.max(this.#given, Math.ceil((this.#received - half) * up / down));
    const out = new Float32Array(ready - this.#given);
    this.#take(block, out);
    return out;
  }

  /** Ends the signal and returns the remaining outputs. */
  finish(): Float32Array<ArrayBuffer> {
    const { half, up, down } = this.#kernel;
    if (half === 0) return new Float32Array(0);
    const out = new Float32Array(Math.ceil(this.#received * up / down) - this.#given);
    this.#take(new Float32Array(half + 1), out);
    return out;
  }

  /** Passes the block through the window and fills `out` with the next outputs. */
  #take(block: Float32Array, out: Float32Array): void {
    const window = this.#window;
    let done = 0;
    for (let taken = 0; taken < block.length;) {
      const count = Math.min(block.length - taken, window.length - this.#filled);
      for (let i = 0; i < count; i++) window[this.#filled + i] = block[taken + i];
      this.#filled += count;
      taken += count;
      done = this.#filter(out, done);
      // Drops the samples before the next output's first tap.
      const stale = Math.min(this.#filled, this.#index - this.#kernel.half + 1 - this.#first);
      window.copyWithin(0, stale, this.#filled);
      this.#first += stale;
      this.#filled -= stale;
    }
    this.#given += done;
  }

  /**
   * Writes `out` from `done` on, as far as the window's samples and `out` reach; returns the number of outputs written
   * so far.
   */
  #filter(out: Float32Array, done: number): number {
    const { half, up, down, phases, taps } = this.#kernel;
    const window = this.#window, length = 2 * half;
    const exact = phases === up;
    const stepIndex = Math.floor(down / up), stepRemainder = down % up;
    const last = this.#first + this.#filled - 1 - half;
    let index = this.#index, remainder = this.#remainder;
    for (; index <= last && done < out.length; done++) {
      const start = index - half + 1 - this.#first;
      if (exact) {
        out[done] = dot(window, start, taps, remainder * length, length);
      } else {
        const phase = remainder / up * phases, below = Math.floor(phase);
        const a = dot(window, start, taps, below * length, length);
        const b = dot(window, start, taps, (below + 1) * length, length);
        out[done] = a + (b - a) * (phase - below);
      }
      index += stepIndex;
      remainder += stepRemainder;
      if (remainder >= up) {
        remainder -= up;
        index++;
      }
    }
    this.#index = index;
    this.#remainder = remainder;
    return done;
  }
}

/**
 * sum_j x[xAt + j] h[hAt + j], j < n, n a multiple of 4. Four separate sums, since each add of a single sum would wait
 * for the previous one.
 */
function dot(x: Float64Array, xAt: number, h: Float64Array, hAt: number, n: number): number {
  let a = 0, b = 0, c = 0, d = 0;
  for (let j = 0; j < n; j += 4) {
    a += x[xAt + j] * h[hAt + j];
    b += x[xAt + j + 1] * h[hAt + j + 1];
    c += x[xAt + j + 2] * h[hAt + j + 2];
    d += x[xAt + j + 3] * h[hAt + j + 3];
  }
  return (a + b) + (c + d);
}

interface Kernel {
  /** `to / from` in lowest terms. */
  up: number;
  down: number;
  /** Taps on either side, an even number; 0 if the rates are equal. */
  half: number;
  /** Rows of the table without the last, which is row 0 one sample later. Equal to `up` if the table is exact. */
  phases: number;
  /** [phases + 1, 2 half]: row p holds h(p / phases + half - 1 - j) for j = 0 ... 2 half - 1. */
  taps: Float64Array;
}

/** The kernels used last: a corpus has one rate and many files, and building a table takes some milliseconds. */
const kernels = new Map<string, Kernel>();

function kernelFor(from: number, to: number): Kernel {
  for (const rate of [from, to]) {
    if (!Number.isInteger(rate) || rate <= 0 || rate > highestRate) {
      throw new RangeError(
        `Resampling: expected rates that are whole numbers from 1 to ${highestRate} Hz, found ${from} to ${to} Hz`,
      );
    }
  }
  const key = `${from} ${to}`;
  let kernel = kernels.get(key);
  if (!kernel) {
    if (kernels.size >= 8) kernels.clear();
    kernels.set(key, kernel = makeKernel(from, to));
  }
  return kernel;
}

function makeKernel(from: number, to: number): Kernel {
  const divisor = gcd(from, to);
  const up = to / divisor, down = from / divisor;
  if (up === down) return { up, down, half: 0, phases: 1, taps: new Float64Array(0) };

  // Band edges and cutoff in cycles an input sample.
  const pass = Math.min(0.4375 * to / from, 0.44);
  const stop = Math.min(0.53125 * to / from, 0.56);
  const cutoff = (pass + stop) / 2;
  // Kaiser's rules for the window's length and shape.
  const length = (attenuation - 7.95) / (2.285 * 2 * Math.PI * (stop - pass));
  const beta = 0.1102 * (attenuation - 8.7);
  const half = 2 * Math.ceil(length / 4 + 0.5);

  const exact = up * 2 * half <= largestTable;
  const phases = exact ? up : Math.ceil(interpolatedPhases * Math.min(1, to / from));
  const taps = new Float64Array((phases + 1) * 2 * half);
  for (let p = 0; p <= phases; p++) {
    for (let j = 0; j < 2 * half; j++) {
      const t = p / phases + half - 1 - j;
      const edge = Math.max(0, 1 - (t / half) ** 2);
      taps[p * 2 * half + j] = 2 * cutoff * sinc(2 * cutoff * t) * besselI0(beta * Math.sqrt(edge)) / besselI0(beta);
    }
  }
  return { up, down, half, phases, taps };
}

function gcd(a: number, b: number): number {
  return b === 0 ? a : gcd(b, a % b);
}

function sinc(x: number): number {
  return x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
}

/** The modified Bessel function of order zero, by its power series: sum (x/2)^2k / k!^2. */
function besselI0(x: number): number {
  let term = 1, sum = 1;
  for (let k = 1; term > 1e-17 * sum; k++) {
    term *= (x / (2 * k)) ** 2;
    sum += term;
  }
  return sum;
}
