/**
 * The front end's settings, as data in one place: how 16 kHz samples become log-mel frames and segments.
 *
 *   samples [n] -> frames [T, windowLength] -> magnitudes [T, fftLength/2 + 1] -> log-mel [T, nMels] -> segments [segmentFrames, nMels]
 *
 * The values are those of the VGGish front end (Hershey et al. 2017, "CNN architectures for large-scale audio classification"): 64
 * bands, 125-7500 Hz, log offset 0.01. The segment of 32 frames (335 ms) is the paper's.
 */

/** How recordings are brought to one level. */
export interface Levelling {
  /** The frame that determines a recording's level: this percentage of its frames is quieter. */
  readonly percentile: number;
  /** The mean mel magnitude of that frame after levelling. */
  readonly magnitude: number;
  /** The largest gain, as a factor: it limits the amplification of the noise in a silent recording. */
  readonly mostGain: number;
  /** Number of frames, from the first, over which the level is measured. */
  readonly frames: number;
}

/** Settings of the front end. Lengths are in samples at `sampleRate` unless noted otherwise. */
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
  /** How recordings are brought to one level before the logarithm; default: no levelling. */
  readonly levelling?: Levelling;
}

/** The front end that EPR uses everywhere. For a variant, spread it: `{ ...frontEnd, nMels: 40 }`. */
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
