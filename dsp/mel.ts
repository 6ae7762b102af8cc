/**
 * The mel bank: triangular bands, equally spaced and of equal width on the mel scale, which is close to how pitch is heard.
 *
 *   mel(f) = 1127 ln(1 + f / 700)                                                                (HTK's definition)
 *   bank[k, b] = max(0, min((mel_k - lower_b) / (centre_b - lower_b), (upper_b - mel_k) / (upper_b - centre_b)))
 *
 * where mel_k is the frequency of Fourier bin k and the edges of nMels + 2 equal steps from fMin to fMax; the triangles
 * are straight in mel, not in Hz. The DC bin belongs to no band. Each bin lies in two bands at most, so the bank is kept
 * by band: where it begins and its few weights.
 */
import { type FrontEnd, frontEnd } from "./settings.ts";

/** Hz to mel, HTK's scale: 1000 Hz is 999.99 mel. */
export function hzToMel(hz: number): number {
  return 1127 * Math.log(1 + hz / 700);
}

/** A mel bank, ready to apply to magnitudes. */
export class MelBank {
  /** Bands. */
  readonly nMels: number;
  /** Fourier bins, `fftLength / 2 + 1`. */
  readonly bins: number;
  /** First bin of each band, [nMels]. */
  readonly #start: Uint32Array;
  /** Where each band's weights begin in `#weights`, [nMels + 1]. */
  readonly #offset: Uint32Array;
  readonly #weights: Float64Array;

  /**
   * Makes the bank that the settings describe.
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
        // In steps from the band's lower edge: 1 at the centre, 2 at the upper edge.
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

  /** The band energies `mel` [nMels] of the magnitudes of one frame, [bins]. */
  apply(magnitude: Float64Array, mel: Float64Array): void {
    const weights = this.#weights;
    for (let b = 0; b < this.nMels; b++) {
      const end = this.#offset[b + 1];
      let sum = 0;
      for (let w = this.#offset[b], k = this.#start[b]; w < end; w++, k++) sum += weights[w] * magnitude[k];
      mel[b] = sum;
    }
  }

  /** The whole bank as a matrix, [bins, nMels] row-major: as a model in another format has it. */
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
