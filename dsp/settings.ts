/**
 * The front end's choices, in one place and as data: how 16 kHz samples become log-mel frames and segments.
 *
 *   samples [n] -> frames [T, windowLength] -> magnitudes [T, fftLength/2 + 1] -> log-mel [T, nMels] -> segments [segmentFrames, nMels]
 *
 * These are the figures of the VGGish front end (Hershey et al. 2017, "CNN architectures for large-scale audio
 * classification"): 64 bands, 125-7500 Hz, log offset 0.01. The segment of 32 frames (335 ms) is the paper's.
 */

/** How recordings are brought to one level. */
export interface Levelling {
  /** Which frame tells how loud a recording is: that which so many percent of its frames are quieter than. */
  readonly percentile: number;
  /** What the mean mel magnitude of that frame becomes. */
  readonly magnitude: number;
  /** The largest gain, as a factor: it bounds what becomes of the noise in a silent recording. */
  readonly mostGain: number;
  /** Frames, from the first, that the level is measured over. */
  readonly frames: number;
}

/** What the front end does to a recording. Lengths are in samples at `sampleRate` unless they say otherwise. */
export interface FrontEnd {
  /** Rate that every recording is resampled to, in Hz. */
  readonly sampleRate: number;
  /** Samples a frame: 400 is 25 ms. */
  readonly windowLength: number;
  /** Samples from one frame to the next: 160 is 10 ms. */
  readonly hopLength: number;
  /** Points of the Fourier transform, a power of two and at least `windowLength`. */
  readonly fftLength: number;
  /** Mel bands a frame. */
  readonly nMels: number;
  /** Lower edge of the lowest band, in Hz. */
  readonly fMin: number;
  /** Upper edge of the highest band, in Hz. */
  readonly fMax: number;
  /** Added before the logarithm, so that silence is log(0.01) and not minus infinity. */
  readonly logOffset: number;
  /** Frames a segment. */
  readonly segmentFrames: number;
  /** How recordings are brought to one level before the logarithm; not set: they are not. */
  readonly levelling?: Levelling;
}

/** The front end that EPR uses everywhere. For another, spread it: `{ ...frontEnd, nMels: 40 }`. */
export const frontEnd: FrontEnd = Object.freeze({
  sampleRate: 16000,
  windowLength: 400,
  hopLength: 160,
  fftLength: 512,
  nMels: 64,
  fMin: 125,
  fMax: 7500,
  logOffset: 0.01,
  segmentFrames: 32,
});
