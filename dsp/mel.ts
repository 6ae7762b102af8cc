/**
 * The mel bank: triangular bands, equally spaced and of equal width on the mel scale, which approximates how people
 * perceive pitch.
 *
 *   mel(f) = 1127 ln(1 + f / 700)                                                                (HTK's definition)
 *   bank[k, b] = max(0, min((mel_k - lower_b) / (centre_b - lower_b), (upper_b - mel_k) / (upper_b - centre_b)))
 *
 * where mel_k is the frequency of Fourier bin k, and the band edges divide fMin to fMax into equal steps, nMels + 2 edges
 * in all. The triangles are linear in mel, not in Hz. The DC bin belongs to no band. Each bin lies in at most two bands, so
 * the bank stores for each band its first bin and its few weights.
 */
import { type FrontEnd, frontEnd } from "./settings.ts";

/** Hz to mel, HTK's scale: 1000 Hz is 999.99 mel. */
export function hzToMel(hz: number): number {
  return 1127 * Math.log(1 + hz / 700);
}

/** A mel bank that can be applied to magnitudes. */
export class MelBank {
  /** Number of bands. */
  readonly nMels: number;
  /** Number of Fourier bins, `fftLength / 2 + 1`. */
  readonly bins: number;
  /** First bin of each band, [nMels]. */
  readonly #start: Uint32Array;
  /** Offset of each band's weights in `#weights`, [nMels + 1]. */
  readonly #offset: Uint32Array;
  readonly #weights: Float64Array;

  /**
   * Builds the bank from the settings.
   *
   * @throws {RangeError} if the bands don't lie within 0 Hz and half the sample rate
   */
  constructor(settings: FrontEnd = frontEnd) {
    const { sampleRate, fftLength, nMels, fMin, fMax } = settings;
    if (!(0 <= fMin && fMin < fMax && fMax <= sampleRate / 2)) {
      throw new RangeError(`Mel bands: expected 0 <= fMin < fMax <= ${sampleRate / 2} Hz, found ${fMin} to ${fMax} Hz`);
    }
    this.nMels = nMels;
    this.bins = fftLength / 2 + 1;
    const low = hzToMel(fMin), step = (hzToMel(fMax) - low) / (nMels + 1);
    const binMel = Float64Array.from({ length: this.bins }, (_, k) => hzToMel(k * sampleRate / fftLength));
    const weights: number[] = [];
    this.#start = new Uint32Array(nMels);
    this.#offset = new Uint32Array(nMels + 1);
    for (let b = 0; b < nMels; b++) {
      for (let k = 1; k < this.bins; k++) {
        // Distance from the band's lower edge in steps: 1 at the centre, 2 at the upper edge.
        const at = (binMel[k] - low) / step - b;
        const weight = Math.min(at, 2 - at);
        if (weight <= 0) continue;
        if (weights.length === this.#offset[b]) this.#start[b] = k;
        weights.push(weight);
      }
      this.#offset[b + 1] = weights.length;
    }
    this.#weights = Float64Array.from(weights);
  }

  /** Computes the band energies `mel` [nMels] of one frame's magnitudes [bins]. */
  apply(magnitude: Float64Array, mel: Float64Array): void {
    const weights = this.#weights;
    for (let b = 0; b < this.nMels; b++) {
      const end = this.#offset[b + 1];
      let sum = 0;
      for (let w = this.#offset[b], k = this.#start[b]; w < end; w++, k++) sum += weights[w] * magnitude[k];
      mel[b] = sum;
    }
  }

  /** The whole bank as a matrix, [bins, nMels] row-major, for model formats that store one. */
  toMatrix(): Float64Array {
    const matrix = new Float64Array(this.bins * this.nMels);
    for (let b = 0; b < this.nMels; b++) {
      for (let w = this.#offset[b], k = this.#start[b]; w < this.#offset[b + 1]; w++, k++) {
        matrix[k * this.nMels + b] = this.#weights[w];
      }
    }
    return matrix;
  }
}
