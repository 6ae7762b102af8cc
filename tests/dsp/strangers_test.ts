/**
 * Each simulated stranger is checked with an independent measure: powers, Fourier sums at single frequencies, decay.
 */
import { assert, assertEquals, assertThrows } from "@std/assert";
import { convolve, designFilter } from "../../dsp/fir.ts";
import { decodeG711, encodeMulaw } from "../../dsp/g711.ts";
import {
  addNoise,
  applyGain,
  babble,
  pinkNoise,
  reverberate,
  roomResponse,
  telephone,
  tilt,
} from "../../dsp/strangers.ts";
import { Random } from "../../kernels/random.ts";

const rate = 16000;

function drawFrom(seed: number): () => number {
  const random = new Random(seed);
  return () => random.uniform();
}

const tones = (hertz: readonly number[], length = rate) =>
  Float32Array.from(
    { length },
    (_, n) => hertz.reduce((sum, f) => sum + 0.1 * Math.cos(2 * Math.PI * f * n / rate), 0),
  );

/** Amplitude at a frequency, by the definition, over a middle part of whole periods: half a second. */
function amplitude(samples: Float32Array, hertz: number): number {
  const from = (samples.length - rate / 2) >> 1;
  let re = 0, im = 0;
  for (let n = from; n < from + rate / 2; n++) {
    re += samples[n] * Math.cos(2 * Math.PI * hertz * n / rate);
    im += samples[n] * Math.sin(2 * Math.PI * hertz * n / rate);
  }
  return Math.hypot(re, im) / (rate / 4);
}

const decibels = (ratio: number) => 20 * Math.log10(ratio);
const power = (samples: ArrayLike<number>) => Array.from(samples).reduce((sum, x) => sum + x * x, 0) / samples.length;
const near = (found: number, expected: number, by: number, what = "") =>
  assert(Math.abs(found - expected) <= by, `${what}: ${found}, expected ${expected}`);

Deno.test("convolve() is the sum of its definition, over several blocks", () => {
  const draw = drawFrom(1), x = Float32Array.from({ length: 3000 }, draw), h = Float64Array.from({ length: 301 }, draw);
  const y = convolve(x, h);
  assertEquals(y.length, 3300);
  for (let n = 0; n < y.length; n += 7) {
    let sum = 0;
    for (let m = Math.max(0, n - 2999); m <= Math.min(300, n); m++) sum += h[m] * x[n - m];
    near(y[n], sum, 1e-5 * 300, `sample ${n}`);
  }
  assertThrows(() => designFilter(() => 1, 10, rate), RangeError, "odd");
});

Deno.test("gain is exact, and clips nothing", () => {
  const samples = tones([440]), louder = applyGain(samples, 20);
  for (let n = 0; n < samples.length; n++) near(louder[n], 10 * samples[n], 1e-6);
  assertEquals(Math.fround(Math.max(...applyGain(samples, 40))), Math.fround(100 * samples[0]));
});

Deno.test("tilt raises each octave over the one below by the given amount, and does not change 1 kHz", () => {
  const hertz = [250, 500, 1000, 2000, 4000];
  for (const slope of [3, -4]) {
    const tilted = tilt(tones(hertz), slope);
    assertEquals(tilted.length, rate);
    for (const f of hertz) near(decibels(amplitude(tilted, f) / 0.1), slope * Math.log2(f / 1000), 0.2, `${f} Hz`);
  }
});

Deno.test("noise has the given ratio to the samples, and pink: every octave has the same power", () => {
  const samples = tones([300, 800], 4 * rate), noise = pinkNoise(samples.length, drawFrom(3));
  for (const ratio of [20, 10, -5]) {
    const noisy = addNoise(samples, noise, ratio), added = noisy.map((x, n) => x - samples[n]);
    near(10 * Math.log10(power(samples) / power(added)), ratio, 0.01);
  }
  // power of an octave: of its bins over half a second, averaged over several such stretches
  const octave = (from: number) => {
    let sum = 0;
    for (let part = 0; part + rate / 2 <= noise.length; part += rate / 2) {
      const stretch = noise.subarray(part, part + rate / 2);
      for (let f = from; f < 2 * from; f += 2 * Math.ceil(from / 100)) {
        sum += amplitude(stretch, f) ** 2 * Math.ceil(from / 100);
      }
    }
    return 10 * Math.log10(sum);
  };
  const levels = [250, 500, 1000, 2000, 4000].map(octave);
  assert(Math.max(...levels) - Math.min(...levels) < 1.5, `${levels}`);
  assertEquals(addNoise(new Float32Array(9), noise.subarray(0, 9), 10), new Float32Array(9));
  assertEquals(pinkNoise(99, drawFrom(3)), pinkNoise(99, drawFrom(3)));
});

Deno.test("babble has the given ratio to the samples, and its voices are equally loud", () => {
  const voices = [tones([500]), applyGain(tones([1500]), -30)], samples = tones([3000], 3 * rate);
  const noisy = addNoise(samples, babble(samples.length, voices, drawFrom(5)), 10);
  near(10 * Math.log10(power(samples) / power(noisy.map((x, n) => x - samples[n]))), 10, 0.01);
  const [low, high] = [500, 1500].map((f) => amplitude(noisy, f));
  near(decibels(low / high), 0, 0.1);
  near(decibels(0.1 / Math.hypot(low, high)), 10, 0.1);
});

Deno.test("telephone passes 500 to 3200 Hz, and nothing of 100 Hz and 6 kHz but the noise of mu-law", () => {
  const changed = telephone(tones([100, 500, 1000, 3200, 6000]));
  assertEquals(changed.length, rate);
  for (const f of [500, 1000, 3200]) near(decibels(amplitude(changed, f) / 0.1), 0, 0.5, `${f} Hz`);
  for (const f of [100, 6000]) assert(decibels(amplitude(changed, f) / 0.1) < -40, `${f} Hz: ${amplitude(changed, f)}`);
});

Deno.test("encodeMulaw() gives each of the code's values its own byte, and other values that of their step", () => {
  const all = Uint8Array.from({ length: 256 }, (_, byte) => byte), values = decodeG711(all, "mulaw");
  // 0x7f is the other zero
  assertEquals([...encodeMulaw(values)], [...all].map((byte) => byte === 0x7f ? 0xff : byte));
  const draw = drawFrom(7), samples = Float32Array.from({ length: 2000 }, () => 1.9 * draw() - 0.95);
  decodeG711(encodeMulaw(samples), "mulaw").forEach((x, n) => {
    near(x, samples[n], (Math.abs(samples[n]) + 33 / 8192) / 32 + 1e-6); // half a step
  });
  assertEquals([...encodeMulaw(Float32Array.of(2, -2))], [0x80, 0x00]);
});

Deno.test("room decays by 60 dB in its time, as Schroeder measures it, and preserves the energy", () => {
  for (const seconds of [0.3, 0.8]) {
    const response = roomResponse(seconds, drawFrom(9)), clap = new Float32Array(rate);
    clap[0] = 1;
    const changed = reverberate(clap, response);
    near(power(changed) * rate, 1, 0.001);
    near(changed[0] ** 2, 0.5, 0.001, "half of it comes straight");
    // remaining energy in dB; a line through -5 and -25 dB (ISO 3382)
    const left = new Float64Array(rate + 1);
    for (let n = rate - 1; n >= 1; n--) left[n] = left[n + 1] + changed[n] ** 2;
    const when = (level: number) => left.findIndex((energy, n) => n > 0 && 10 * Math.log10(energy / left[1]) < level);
    near(3 * (when(-25) - when(-5)) / rate, seconds, 0.05 * seconds);
  }
});
