/**
 * A voice by source and filter (Fant 1960; Klatt, "Software for a cascade/parallel formant synthesizer", JASA 67, 1980):
 *
 *     glottal pulses -> spectral tilt -+
 *                                      +-> F1 -> F2 -> ... -> F6 -+-> sound
 *     breath noise ---------------------                          |
 *     frication noise -> one resonance ----------------------------
 *
 * A pulse is the derivative of the glottal flow t^2 - t^3 while the folds are open (KLGLOTT88; Klatt & Klatt, JASA 87,
 * 1990) and zero while they are closed. A formant of frequency f and bandwidth b is the two-pole resonator
 *
 *     y[n] = A x[n] + B y[n-1] + C y[n-2],   C = -exp(-2 pi b T),  B = 2 exp(-pi b T) cos(2 pi f T),  A = 1 - B - C
 *
 * A track controls the voice: one value of each parameter every 5 ms. Amplitudes and pitch are interpolated linearly.
 *
 * @module
 */
import type { Random } from "../kernels/random.ts";

/** Samples a second. */
export const VOICE_RATE = 16000;
/** Samples from one point of a track to the next: 5 ms. */
export const TRACK_STEP = 80;
/** Number of resonators in the cascade: enough to fill 8 kHz. */
export const FORMANTS = 6;

/** The voice's parameters, one value every {@link TRACK_STEP} samples in each array. */
export interface VoiceTrack {
  /** pitch, Hz */
  pitch: Float64Array;
  /** amplitude of the glottal pulses */
  voicing: Float64Array;
  /** amplitude of the breath noise that passes through the formants */
  breath: Float64Array;
  /** amplitude of the noise at a constriction */
  frication: Float64Array;
  /** resonance of that noise, Hz */
  fricationHz: Float64Array;
  /** share of a period in which the folds are open, 0 to 1: low is pressed, high is breathy */
  openQuotient: Float64Array;
  /** pole of the one-pole low pass on the pulses, 0 to 1: high is soft */
  tilt: Float64Array;
  /** standard deviation of a period's length, as a share of the length */
  jitter: Float64Array;
  /** formant frequencies, Hz, [point][formant] in one array */
  formants: Float64Array;
  /** their bandwidths, Hz */
  bandwidths: Float64Array;
}

/** A track of `points` points, all zero. */
export function emptyTrack(points: number): VoiceTrack {
  const track = (width = 1) => new Float64Array(points * width);
  return {
    pitch: track(),
    voicing: track(),
    breath: track(),
    frication: track(),
    fricationHz: track(),
    openQuotient: track(),
    tilt: track(),
    jitter: track(),
    formants: track(FORMANTS),
    bandwidths: track(FORMANTS),
  };
}

/** Writes a resonator's A, B and C into `out` at `at`. */
function resonator(frequency: number, bandwidth: number, out: Float64Array, at: number): void {
  const radius = Math.exp(-Math.PI * bandwidth / VOICE_RATE);
  const c = -radius * radius;
  const b = 2 * radius * Math.cos(2 * Math.PI * frequency / VOICE_RATE);
  out[at] = 1 - b - c;
  out[at + 1] = b;
  out[at + 2] = c;
}

/**
 * A table of white noise with unit variance, so that each sample costs one look-up: 4.1 s, longer than an utterance.
 */
export function noiseTable(random: Random): Float32Array {
  return Float32Array.from({ length: 65536 }, () => random.normal());
}

/**
 * Synthesises a track.
 *
 * @param random draws the irregularity of the pulses, and the start within `noise` (from {@link noiseTable})
 * @returns {@link TRACK_STEP} samples a point, 16 kHz, within (-1, 1): a soft limiter compresses louder samples
 */
export function speak(track: VoiceTrack, noise: Float32Array, random: Random): Float32Array {
  const points = track.pitch.length;
  const samples = new Float32Array(points * TRACK_STEP);
  const coefficients = new Float64Array(3 * FORMANTS), hiss = new Float64Array(3);
  const state = new Float64Array(2 * FORMANTS);
  let hiss1 = 0, hiss2 = 0, tilted = 0;
  let noiseAt = random.below(noise.length);
  // the current period: its length and the time since its start, in samples, and its amplitude (shimmer)
  let period = 0, elapsed = 0, loudness = 1;

  for (let p = 0; p < points; p++) {
    const next = Math.min(p + 1, points - 1);
    for (let f = 0; f < FORMANTS; f++) {
      resonator(track.formants[p * FORMANTS + f], track.bandwidths[p * FORMANTS + f], coefficients, 3 * f);
    }
    resonator(track.fricationHz[p], 900, hiss, 0);
    const pole = track.tilt[p], open = track.openQuotient[p];
    for (let i = 0; i < TRACK_STEP; i++) {
      const share = i / TRACK_STEP;
      const between = (values: Float64Array) => values[p] + share * (values[next] - values[p]);

      if (elapsed >= period) {
        elapsed -= period;
        const irregular = track.jitter[p];
        period = VOICE_RATE / between(track.pitch) * (1 + Math.max(-0.3, Math.min(0.3, irregular * random.normal())));
        loudness = 1 + Math.max(-0.5, Math.min(0.5, 4 * irregular * random.normal()));
      }
      const openFor = open * period;
      const t = elapsed / openFor;
      let pulse = 0;
      if (t < 1) pulse = 2 * t - 3 * t * t;
      // the folds closed between two samples: adding the fraction of the step during which they were open reduces
      // aliasing
      else if (elapsed - openFor < 1) pulse = elapsed - openFor - 1;
      elapsed++;
      tilted = (1 - pole) * pulse * loudness + pole * tilted;

      const breathNoise = noise[noiseAt];
      noiseAt = (noiseAt + 1) & 65535;
      // air flows while the folds are open, so breath pulses at the pitch
      let x = between(track.voicing) * tilted + between(track.breath) * breathNoise * (t < 1 ? 1 : 0.4);
      for (let f = 0; f < FORMANTS; f++) {
        const y = coefficients[3 * f] * x + coefficients[3 * f + 1] * state[2 * f] +
          coefficients[3 * f + 2] * state[2 * f + 1];
        state[2 * f + 1] = state[2 * f];
        state[2 * f] = y;
        x = y;
      }
      // minus the previous sample: a high pass, since noise at the teeth has no low frequencies
      const rough = between(track.frication) * (breathNoise - noise[(noiseAt + 65534) & 65535]);
      const sharp = hiss[0] * rough + hiss[1] * hiss1 + hiss[2] * hiss2;
      hiss2 = hiss1;
      hiss1 = sharp;
      samples[p * TRACK_STEP + i] = Math.tanh(x + sharp);
    }
  }
  return samples;
}
