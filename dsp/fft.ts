/**
 * The Fourier transform of real samples.
 *
 *   X[k] = sum_n x[n] exp(-2 pi i n k / N),   k = 0 ... N/2   (the rest mirrors these)
 *
 * N real samples are packed as N/2 complex ones, z[n] = x[2n] + i x[2n+1]. Their transform Z contains the transforms of
 * the even and of the odd samples. Symmetry separates the two, and together they give X. Z is computed in place, radix 4,
 * decimation in time: samples in bit-reversed order, then log4(N/2) rounds of butterflies (the first of radix 2 if
 * log2(N/2) is odd). Everything is float64. The tables are computed once, and a transform allocates nothing.
 */

/**
 * A real FFT of one length.
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 * import { RealFft } from "@epr/epr/dsp";
 *
 * const fft = new RealFft(8);
 * fft.transform(Float64Array.of(1, 0, -1, 0, 1, 0, -1, 0)); // a cosine of two periods
 * assert(fft.re[2] === 4 && fft.re[0] === 0 && fft.im[2] === 0);
 * ```
 */
export class RealFft {
  /** N, the number of samples. */
  readonly length: number;
  /** Real parts of the last transform, [N/2 + 1]. */
  readonly re: Float64Array;
  /** Imaginary parts of the last transform, [N/2 + 1]. */
  readonly im: Float64Array;
  /** cos and -sin of 2 pi k / N, k < N: exp(-2 pi i k / N). */
  readonly #cos: Float64Array;
  readonly #sin: Float64Array;
  /** Position of sample n of z before the first round. */
  readonly #order: Uint32Array;

  /**
   * Computes the tables.
   *
   * @param length N, a power of two, at least 4
   * @throws {RangeError} if it is not
   */
  constructor(length: number) {
    if (!Number.isInteger(Math.log2(length)) || length < 4) {
      throw new RangeError(`An FFT's length: expected a power of two >= 4, found ${length}`);
    }
    this.length = length;
    const half = length / 2;
    this.re = new Float64Array(half + 1);
    this.im = new Float64Array(half + 1);
    this.#cos = Float64Array.from({ length }, (_, k) => Math.cos(2 * Math.PI * k / length));
    this.#sin = Float64Array.from({ length }, (_, k) => -Math.sin(2 * Math.PI * k / length));
    // Exact at quarter turns: sin(pi) is 1e-16 in floating point, and would leave a mirror image in the spectrum.
    for (const k of [length / 4, 3 * length / 4]) this.#cos[k] = 0;
    this.#sin[half] = 0;
    this.#order = new Uint32Array(half);
    for (let n = 1; n < half; n++) this.#order[n] = this.#order[n >> 1] >> 1 | (n & 1 ? half >> 1 : 0);
  }

  /**
   * Transforms `x` [N] into {@linkcode RealFft.re} and {@linkcode RealFft.im}.
   *
   * @throws {RangeError} if `x` has another length
   */
  transform(x: Float64Array): void {
    if (x.length !== this.length) {
      throw new RangeError(`An FFT's input: expected ${this.length} samples, found ${x.length}`);
    }
    const { re, im } = this, order = this.#order;
    for (let n = 0; n < order.length; n++) {
      re[order[n]] = x[2 * n];
      im[order[n]] = x[2 * n + 1];
    }
    this.#complex(order.length);
  }

  /**
   * Transforms a frame of a longer signal, x[n] = samples[start + n] window[n], and 0 past the window.
   *
   * @param samples of which `window.length` are read, from `start` on
   * @param window N values at most
   * @throws {RangeError} if the window is longer than N, or the signal ends before it
   */
  transformFrame(samples: Float32Array, start: number, window: Float64Array): void {
    const { re, im, length } = this, order = this.#order, pairs = window.length >> 1;
    if (window.length > length || start + window.length > samples.length) {
      const found = `${window.length} values from sample ${start} of ${samples.length}`;
      throw new RangeError(`A window for an FFT of ${length} points: expected one within both, found ${found}`);
    }
    for (let n = 0, at = start; n < pairs; n++, at += 2) {
      re[order[n]] = samples[at] * window[2 * n];
      im[order[n]] = samples[at + 1] * window[2 * n + 1];
    }
    for (let n = pairs; n < order.length; n++) re[order[n]] = im[order[n]] = 0;
    if (window.length % 2 === 1) re[order[pairs]] = samples[start + 2 * pairs] * window[2 * pairs];
    this.#complex(order.length);
  }

  #complex(n: number): void {
    this.#butterflies(n);
    this.#unpack(n);
  }

  /** Z from bit-reversed z, both [n] in place. */
  #butterflies(n: number): void {
    const { re, im } = this;
    const cos = this.#cos, sin = this.#sin;
    // The first round needs no twiddle factors (w = 1), so it multiplies nothing. q is the length of the finished
    // transforms.
    let q: number;
    if (Math.log2(n) % 2 === 1) {
      for (let k = 0; k < n; k += 2) {
        const r = re[k + 1], i = im[k + 1];
        re[k + 1] = re[k] - r;
        im[k + 1] = im[k] - i;
        re[k] += r;
        im[k] += i;
      }
      q = 2;
    } else {
      for (let p = 0; p < n; p += 4) {
        const evenR = re[p] + re[p + 1],
          evenI = im[p] + im[p + 1],
          oddR = re[p + 2] + re[p + 3],
          oddI = im[p + 2] + im[p + 3];
        const even2R = re[p] - re[p + 1], even2I = im[p] - im[p + 1];
        const odd2R = re[p + 2] - re[p + 3], odd2I = im[p + 2] - im[p + 3];
        re[p] = evenR + oddR;
        im[p] = evenI + oddI;
        re[p + 2] = evenR - oddR;
        im[p + 2] = evenI - oddI;
        re[p + 1] = even2R + odd2I;
        im[p + 1] = even2I - odd2R;
        re[p + 3] = even2R - odd2I;
        im[p + 3] = even2I + odd2R;
      }
      q = 4;
    }

    // Four transforms a, c, b, d of length q (of samples 0, 2, 1, 3 mod 4, the order that bit reversal produces) combine
    // into one of length 4q, with w = exp(-2 pi i k / 4q): a + w^2 c + (w b + w^3 d) and its rotations by quarter turns.
    for (; q < n; q *= 4) {
      const stride = this.length / (4 * q);
      for (let k = 0; k < q; k++) {
        const w1r = cos[k * stride], w1i = sin[k * stride];
        const w2r = cos[2 * k * stride], w2i = sin[2 * k * stride];
        const w3r = cos[3 * k * stride], w3i = sin[3 * k * stride];
        for (let p = k; p < n; p += 4 * q) {
          const pc = p + q, pb = p + 2 * q, pd = p + 3 * q;
          const cr = re[pc] * w2r - im[pc] * w2i, ci = re[pc] * w2i + im[pc] * w2r;
          const br = re[pb] * w1r - im[pb] * w1i, bi = re[pb] * w1i + im[pb] * w1r;
          const dr = re[pd] * w3r - im[pd] * w3i, di = re[pd] * w3i + im[pd] * w3r;
          const evenR = re[p] + cr, evenI = im[p] + ci, oddR = br + dr, oddI = bi + di;
          const even2R = re[p] - cr, even2I = im[p] - ci, odd2R = br - dr, odd2I = bi - di;
          re[p] = evenR + oddR;
          im[p] = evenI + oddI;
          re[pb] = evenR - oddR;
          im[pb] = evenI - oddI;
          // -i (odd2R + i odd2I) = odd2I - i odd2R
          re[pc] = even2R + odd2I;
          im[pc] = even2I - odd2R;
          re[pd] = even2R - odd2I;
          im[pd] = even2I + odd2R;
        }
      }
    }
  }

  /**
   * X[k] = E[k] + exp(-2 pi i k / N) O[k], where the transforms of the even and the odd samples are
   * E[k] = (Z[k] + conj Z[n-k]) / 2 and O[k] = (Z[k] - conj Z[n-k]) / 2i; k and n-k are done together, in place.
   */
  #unpack(n: number): void {
    const { re, im } = this;
    const cos = this.#cos, sin = this.#sin;
    const zr = re[0], zi = im[0];
    re[0] = zr + zi;
    re[n] = zr - zi;
    im[0] = im[n] = 0;
    for (let k = 1; k <= n / 2; k++) {
      const m = n - k;
      const er = (re[k] + re[m]) / 2, ei = (im[k] - im[m]) / 2;
      const or = (im[k] + im[m]) / 2, oi = (re[m] - re[k]) / 2;
      const tr = or * cos[k] - oi * sin[k], ti = or * sin[k] + oi * cos[k];
      re[k] = er + tr;
      im[k] = ei + ti;
      re[m] = er - tr;
      im[m] = ti - ei;
    }
  }
}
