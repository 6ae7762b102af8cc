/**
 * What makes a known voice a stranger: other microphones, rooms, lines and company, as functions of samples at 16 kHz. They stand in
 * for recordings that nobody has, to see what a model can bear.
 *
 *     gain        x 10^(dB / 20)
 *     tilt        so many dB an octave, around 1 kHz: a dull or a shrill microphone
 *     noise       x + a n,   a such that 10 log10(sum x^2 / sum (a n)^2) is the given ratio; pauses count as the rest
 *     telephone   300 to 3400 Hz, 8 kHz, mu-law
 *     room        x * h,     h a direct sound and noise that falls by 60 dB in the given time, both of one energy
 *
 * Nothing is cut off at full scale, but by the telephone's code. Random numbers are the caller's.
 */
import { convolve, designFilter, filterBy } from "./fir.ts";
import { decodeG711, encodeMulaw } from "./g711.ts";
import { resample } from "./resample.ts";
import { frontEnd } from "./settings.ts";

/** Draws a number, 0 <= x < 1. */
export type Draw = () => number;

const { sampleRate } = frontEnd;

/** Louder, or softer, by so many dB. */
export function applyGain(samples: Float32Array, decibels: number): Float32Array<ArrayBuffer> {
  const factor = 10 ** (decibels / 20);
  return Float32Array.from(samples, (x) => factor * x);
}

/** Frequency that a tilt leaves alone, and that under which it changes nothing more, Hz. */
const PIVOT = 1000, LOWEST = 62.5;

/** A filter that rises by so many dB an octave. */
function tiltFilter(decibels: number): Float64Array {
  const gain = (hertz: number) => 10 ** (decibels * Math.log2(Math.max(LOWEST, hertz) / PIVOT) / 20);
  return designFilter(gain, 1023, sampleRate);
}

/** Tilts the spectrum by so many dB an octave, around 1 kHz, from 62.5 Hz up. */
export function tilt(samples: Float32Array, decibels: number): Float32Array<ArrayBuffer> {
  return filterBy(tiltFilter(decibels), samples);
}

let pink: Float64Array | undefined;

/** Pink noise: as much power in each octave, from 62.5 Hz up. */
export function pinkNoise(length: number, draw: Draw): Float32Array<ArrayBuffer> {
  pink ??= tiltFilter(-10 * Math.log10(2));
  return filterBy(pink, Float32Array.from({ length }, () => 2 * draw() - 1));
}

/**
 * Voices of others at once, each as strong as the next, each from where it is drawn on, over and over.
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

/** Samples and noise [n], so many dB under them. Of silence, or with silence, they stay what they are. */
export function addNoise(samples: Float32Array, noise: Float32Array, ratio: number): Float32Array<ArrayBuffer> {
  const own = power(noise), scale = own > 0 ? Math.sqrt(power(samples) / own) * 10 ** (-ratio / 20) : 0;
  return Float32Array.from(samples, (x, n) => x + scale * noise[n]);
}

let line: Float64Array | undefined;

/** A telephone line, and back to 16 kHz. */
export function telephone(samples: Float32Array): Float32Array<ArrayBuffer> {
  line ??= designFilter((hertz) => hertz >= 300 && hertz <= 3400 ? 1 : 0, 511, sampleRate);
  const coded = encodeMulaw(resample(filterBy(line, samples), sampleRate, 8000));
  return fit(resample(decodeG711(coded, "mulaw"), 8000, sampleRate), samples.length);
}

/** What a room answers to a clap: the clap itself, and noise that falls by 60 dB in so many seconds. Its energy is 1. */
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

/** Samples in a room, as long as they were: what resounds afterwards is left out. */
export function reverberate(samples: Float32Array, response: Float64Array): Float32Array<ArrayBuffer> {
  return convolve(samples, response).slice(0, samples.length);
}

/** The first so many samples, filled up with silence. */
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
