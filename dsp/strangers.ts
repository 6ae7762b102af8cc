/**
 * Makes a known voice strange: other microphones, rooms, telephone lines and background voices, as functions of samples at 16 kHz.
 * They replace recordings that do not exist, to measure how robust a model is.
 *
 *     gain        x 10^(dB / 20)
 *     tilt        dB per octave, around 1 kHz: a dull or a shrill microphone
 *     noise       x + a n,   a such that 10 log10(sum x^2 / sum (a n)^2) is the given ratio; pauses count too
 *     telephone   300 to 3400 Hz, 8 kHz, mu-law
 *     room        x * h,     h a direct sound and noise that falls by 60 dB in the given time, both of equal energy
 *
 * Only the telephone's code clips at full scale. The caller supplies the random numbers.
 */
import { convolve, designFilter, filterBy } from "./fir.ts";
import { decodeG711, encodeMulaw } from "./g711.ts";
import { resample } from "./resample.ts";
import { frontEnd } from "./settings.ts";

/** Draws a number, 0 <= x < 1. */
export type Draw = () => number;

const { sampleRate } = frontEnd;

/** Amplifies by a number of dB, or attenuates if negative. */
export function applyGain(samples: Float32Array, decibels: number): Float32Array<ArrayBuffer> {
  const factor = 10 ** (decibels / 20);
  return Float32Array.from(samples, (x) => factor * x);
}

/** The frequency that a tilt does not change, and the frequency below which the gain is constant, Hz. */
const PIVOT = 1000, LOWEST = 62.5;

/** A filter whose gain rises by `decibels` dB per octave. */
function tiltFilter(decibels: number): Float64Array {
  const gain = (hertz: number) => 10 ** (decibels * Math.log2(Math.max(LOWEST, hertz) / PIVOT) / 20);
  return designFilter(gain, 1023, sampleRate);
}

/** Tilts the spectrum by `decibels` dB per octave, around 1 kHz, from 62.5 Hz up. */
export function tilt(samples: Float32Array, decibels: number): Float32Array<ArrayBuffer> {
  return filterBy(tiltFilter(decibels), samples);
}

let pink: Float64Array | undefined;

/** Pink noise: equal power in each octave, from 62.5 Hz up. */
export function pinkNoise(length: number, draw: Draw): Float32Array<ArrayBuffer> {
  pink ??= tiltFilter(-10 * Math.log10(2));
  return filterBy(pink, Float32Array.from({ length }, () => 2 * draw() - 1));
}

/**
 * Several voices at once, equally loud. Each starts at a random place and repeats.
 *
 * @param voices their samples, at least one
 */
export function babble(length: number, voices: readonly Float32Array[], draw: Draw): Float32Array<ArrayBuffer> {
  const out = new Float32Array(length);
  for (const voice of voices) {
    const scale = 1 / Math.sqrt(power(voice) || 1), from = Math.floor(draw() * voice.length);
    for (let n = 0; n < length; n++) out[n] += scale * voice[(from + n) % voice.length];
  }
  return out;
}

/** Adds noise [n] to samples [n] at a ratio in dB. If either is silent, the samples stay unchanged. */
export function addNoise(samples: Float32Array, noise: Float32Array, ratio: number): Float32Array<ArrayBuffer> {
  const own = power(noise), scale = own > 0 ? Math.sqrt(power(samples) / own) * 10 ** (-ratio / 20) : 0;
  return Float32Array.from(samples, (x, n) => x + scale * noise[n]);
}

let line: Float64Array | undefined;

/** Passes samples through a telephone line and back to 16 kHz. */
export function telephone(samples: Float32Array): Float32Array<ArrayBuffer> {
  line ??= designFilter((hertz) => hertz >= 300 && hertz <= 3400 ? 1 : 0, 511, sampleRate);
  const coded = encodeMulaw(resample(filterBy(line, samples), sampleRate, 8000));
  return fit(resample(decodeG711(coded, "mulaw"), 8000, sampleRate), samples.length);
}

/**
 * The impulse response of a room: the direct sound, and noise that decays by 60 dB in `seconds` seconds. Its energy is
 * 1.
 */
export function roomResponse(seconds: number, draw: Draw): Float64Array {
  const length = Math.ceil(seconds * sampleRate), response = new Float64Array(length);
  let tail = 0;
  for (let n = 1; n < length; n++) {
    response[n] = (2 * draw() - 1) * 10 ** (-3 * n / length);
    tail += response[n] ** 2;
  }
  const direct = Math.SQRT1_2, scale = direct / Math.sqrt(tail);
  for (let n = 1; n < length; n++) response[n] *= scale;
  response[0] = direct;
  return response;
}

/** Samples in a room, at their original length: the reverberation after the end is dropped. */
export function reverberate(samples: Float32Array, response: Float64Array): Float32Array<ArrayBuffer> {
  return convolve(samples, response).slice(0, samples.length);
}

/** The first `length` samples, padded with silence. */
export function fit(samples: Float32Array, length: number): Float32Array<ArrayBuffer> {
  const out = new Float32Array(length);
  out.set(samples.subarray(0, length));
  return out;
}

function power(samples: Float32Array): number {
  let sum = 0;
  for (const x of samples) sum += x * x;
  return sum / samples.length;
}
