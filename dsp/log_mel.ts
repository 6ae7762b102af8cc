/**
 * Log-mel frames: the network's input.
 *
 *   frame t = samples[t hop ... t hop + window) * hann,   hann[i] = 0.5 - 0.5 cos(2 pi i / window)       (periodic)
 *   logMel[t, b] = ln(sum_k bank[k, b] |FFT(frame t)[k]| + offset)
 *
 * If the front end levels recordings, mel is first multiplied by one gain (`levelling.ts`).
 *
 * No padding: samples [n] give T = 1 + floor((n - window) / hop) frames, and none if n < window. The arithmetic is
 * float64, the result float32 [T, nMels].
 */
import { RealFft } from "./fft.ts";
import { gainOf, logOf } from "./levelling.ts";
import { MelBank } from "./mel.ts";
import { type FrontEnd, frontEnd } from "./settings.ts";

/** Number of frames of `samples` samples: 1 + floor((samples - windowLength) / hopLength), or 0. */
export function frameCount(samples: number, settings: FrontEnd = frontEnd): number {
  return Math.max(0, 1 + Math.floor((samples - settings.windowLength) / settings.hopLength));
}

/**
 * The log-mel frames of a recording.
 *
 * @param samples [n] at `settings.sampleRate`
 * @returns [T, nMels] row-major, T = {@linkcode frameCount}(n)
 * @throws {RangeError} if the settings contradict themselves
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 * import { frameCount, logMel } from "@epr/epr/dsp";
 *
 * const silence = new Float32Array(16000); // a second
 * const frames = logMel(silence);
 * assert(frameCount(16000) === 98 && frames.length === 98 * 64);
 * assert(frames.every((value) => value === Math.fround(Math.log(0.01))));
 * ```
 */
export function logMel(samples: Float32Array, settings: FrontEnd = frontEnd): Float32Array<ArrayBuffer> {
  const { nMels, logOffset, levelling } = settings;
  if (levelling) {
    const mel = melFrames(samples, settings);
    return logOf(mel, mel.length > 0 ? gainOf(mel, nMels, levelling) : 1, logOffset);
  }
  return eachFrame(samples, settings, (mel) => Math.log(mel + logOffset));
}

/**
 * Mel magnitudes: the values before gain, offset and logarithm.
 *
 * @param samples [n] at `settings.sampleRate`
 * @returns [T, nMels] row-major
 */
export function melFrames(samples: Float32Array, settings: FrontEnd = frontEnd): Float32Array<ArrayBuffer> {
  return eachFrame(samples, settings, (mel) => mel);
}

function eachFrame(samples: Float32Array, settings: FrontEnd, value: (mel: number) => number) {
  const { nMels, hopLength } = settings, frames = frameCount(samples.length, settings);
  const { spectrum, bank, mel } = tablesFor(settings);
  const out = new Float32Array(frames * nMels);
  for (let t = 0; t < frames; t++) {
    bank.apply(spectrum.magnitude(samples, t * hopLength), mel);
    for (let b = 0; b < nMels; b++) out[t * nMels + b] = value(mel[b]);
  }
  return out;
}

/** Tables and buffers to compute a frame. */
interface Tables {
  spectrum: Spectrum;
  bank: MelBank;
  mel: Float64Array;
}

/**
 * Tables for each settings object, made once: a corpus is many short recordings, and the tables cost as much as some 20
 * frames.
 */
const tables = new WeakMap<FrontEnd, Tables>();

function tablesFor(settings: FrontEnd): Tables {
  let known = tables.get(settings);
  if (known === undefined) {
    known = { spectrum: new Spectrum(settings), bank: new MelBank(settings), mel: new Float64Array(settings.nMels) };
    // only frozen settings are cached: the others can still change
    if (Object.isFrozen(settings)) tables.set(settings, known);
  }
  return known;
}

/** Magnitude spectra of windowed frames. */
export class Spectrum {
  readonly #window: Float64Array;
  readonly #fft: RealFft;
  readonly #magnitude: Float64Array;

  /**
   * Computes the window and the tables.
   *
   * @throws {RangeError} if the FFT is shorter than the window, or its length is not a power of two
   */
  constructor(settings: FrontEnd = frontEnd) {
    const { windowLength, fftLength } = settings;
    if (!(windowLength <= fftLength)) {
      throw new RangeError(`windowLength: expected at most the FFT's ${fftLength} samples, found ${windowLength}`);
    }
    this.#window = hann(windowLength);
    this.#fft = new RealFft(fftLength);
    this.#magnitude = new Float64Array(fftLength / 2 + 1);
  }

  /** The magnitudes [fftLength/2 + 1] of the frame that begins at sample `start`, in an array that the next call reuses. */
  magnitude(samples: Float32Array, start: number): Float64Array {
    const magnitude = this.#magnitude, { re, im } = this.#fft;
    this.#fft.transformFrame(samples, start, this.#window);
    // Not Math.hypot: it guards against overflow, which cannot happen here, at ten times the cost.
    for (let k = 0; k < magnitude.length; k++) magnitude[k] = Math.sqrt(re[k] * re[k] + im[k] * im[k]);
    return magnitude;
  }
}

/** The periodic Hann window [n]: one period of a raised cosine, whose last sample does not repeat the first. */
export function hann(n: number): Float64Array {
  return Float64Array.from({ length: n }, (_, i) => 0.5 - 0.5 * Math.cos(2 * Math.PI * i / n));
}
