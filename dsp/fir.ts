/**
 * FIR filters: taps designed from a gain for each frequency, and convolution by Fourier transforms.
 *
 *     taps[m] = w[m] / N (G(0) + 2 sum_k G(k rate / N) cos(2 pi k (m - (N-1)/2) / N)),   w a Hann window      (N odd)
 *     y[n]    = sum_m taps[m] x[n - m]
 *
 * The taps are symmetric, so they delay every frequency by (N-1)/2 samples. {@linkcode filterBy} removes this delay.
 */
import { RealFft } from "./fft.ts";
import { hann } from "./log_mel.ts";

/**
 * Designs the taps of a filter with a given magnitude response.
 *
 * @param gain the factor at a frequency in Hz
 * @param length number of taps, odd; gain changes narrower than 2 rate / length are smoothed
 * @throws {RangeError} if the length is even
 */
export function designFilter(gain: (hertz: number) => number, length: number, sampleRate: number): Float64Array {
  if (length % 2 !== 1) throw new RangeError(`A filter: expected an odd number of taps, found ${length}`);
  const half = (length - 1) / 2, window = hann(length + 1);
  const gains = Float64Array.from({ length: half + 1 }, (_, k) => gain(k * sampleRate / length));
  return Float64Array.from({ length }, (_, m) => {
    let sum = gains[0];
    for (let k = 1; k <= half; k++) sum += 2 * gains[k] * Math.cos(2 * Math.PI * k * (m - half) / length);
    return window[m + 1] * sum / length;
  });
}

/** Filters samples [n] with symmetric taps, without delay: [n]. */
export function filterBy(taps: Float64Array, samples: Float32Array): Float32Array<ArrayBuffer> {
  const late = (taps.length - 1) / 2;
  return convolve(samples, taps).slice(late, late + samples.length);
}

/**
 * The convolution of samples [n] with taps [m]: [n + m - 1]. Blocks of samples are transformed, multiplied and transformed back; the
 * ends of neighbouring blocks overlap and add up.
 */
export function convolve(samples: Float32Array, taps: Float64Array): Float32Array<ArrayBuffer> {
  const length = 2 ** Math.ceil(Math.log2(Math.max(1024, 4 * taps.length))), step = length - taps.length + 1;
  const fft = new RealFft(length), block = new Float64Array(length), half = length / 2;
  block.set(taps);
  fft.transform(block);
  const re = fft.re.slice(), im = fft.im.slice(), out = new Float64Array(samples.length + taps.length - 1);
  for (let at = 0; at < samples.length; at += step) {
    block.fill(0);
    block.set(samples.subarray(at, at + step));
    fft.transform(block);
    // the inverse is a real transform too: of Re - Im at each of the N frequencies (Bracewell 1983)
    for (let k = 0; k <= half; k++) {
      const a = fft.re[k] * re[k] - fft.im[k] * im[k], b = fft.re[k] * im[k] + fft.im[k] * re[k];
      block[k] = a - b;
      if (k > 0 && k < half) block[length - k] = a + b;
    }
    fft.transform(block);
    for (let n = 0, end = Math.min(length, out.length - at); n < end; n++) {
      const k = n <= half ? n : length - n, sign = n <= half ? -1 : 1;
      out[at + n] += (fft.re[k] + sign * fft.im[k]) / length;
    }
  }
  return Float32Array.from(out);
}
