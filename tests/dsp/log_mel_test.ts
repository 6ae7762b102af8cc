import { assert, assertEquals, assertThrows } from "@std/assert";
import { join } from "@std/path";
import { RealFft } from "../../dsp/fft.ts";
import { frameCount, hann, logMel, Spectrum } from "../../dsp/log_mel.ts";
import { hzToMel, MelBank } from "../../dsp/mel.ts";
import { decodeRecording } from "../../dsp/recording.ts";
import { frontEnd } from "../../dsp/settings.ts";
import { emodbDir, noEmodb } from "../emodb.ts";
import { readGolden } from "../golden.ts";

const golden = await readGolden("front_end.safetensors");

function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  assertEquals(a.length, b.length);
  let largest = 0;
  for (let i = 0; i < a.length; i++) {
    const difference = Math.abs(a[i] - b[i]);
    if (!(difference <= largest)) largest = difference; // NaN is kept
  }
  return largest;
}

Deno.test("RealFft agrees with the definition at every power of two to 1024", () => {
  for (let length = 4; length <= 1024; length *= 2) {
    const x = Float64Array.from({ length }, (_, n) => Math.sin(n * n * 0.7) + 0.3 * Math.cos(3 * n));
    const fft = new RealFft(length);
    fft.transform(x);
    for (let k = 0; k <= length / 2; k++) {
      let re = 0, im = 0;
      for (let n = 0; n < length; n++) {
        re += x[n] * Math.cos(2 * Math.PI * (n * k % length) / length);
        im -= x[n] * Math.sin(2 * Math.PI * (n * k % length) / length);
      }
      const error = Math.hypot(fft.re[k] - re, fft.im[k] - im);
      assert(error < 1e-13 * length, `N ${length}, k ${k}: off by ${error}`);
    }
  }
});

Deno.test("RealFft refuses lengths that are not powers of two", () => {
  for (const length of [0, 1, 2, 3, 12, 511, -8, NaN, 2.5]) assertThrows(() => new RealFft(length), RangeError);
  assertThrows(() => new RealFft(8).transform(new Float64Array(7)), RangeError);
});

Deno.test("transformFrame() is transform() of the windowed samples, followed by zeros, for windows of even and odd length", () => {
  const samples = Float32Array.from({ length: 100 }, (_, n) => Math.sin(n * n * 0.3));
  for (const [length, size, start] of [[64, 50, 3], [64, 49, 51], [32, 32, 68], [32, 1, 99]]) {
    const window = hann(size + 1).slice(1), whole = new RealFft(length), frame = new RealFft(length);
    whole.transform(Float64Array.from({ length }, (_, n) => n < size ? samples[start + n] * window[n] : 0));
    frame.transform(new Float64Array(length).fill(NaN));
    frame.transformFrame(samples, start, window);
    assertEquals([frame.re, frame.im], [whole.re, whole.im]);
    assert(frame.re.some((value) => value !== 0));
  }
  assertThrows(() => new RealFft(32).transformFrame(samples, 0, hann(33)), RangeError, "found 33 values");
  assertThrows(() => new RealFft(32).transformFrame(samples, 90, hann(11)), RangeError, "from sample 90 of 100");
});

Deno.test("hzToMel() is HTK's: 1000 Hz are 999.9855 mel, up to the rounding of 1127", () => {
  // HTK's book says 2595 log10(1 + f / 700), which is 1126.99 ln(1 + f / 700); its code rounds the factor to 1127.
  assert(Math.abs(hzToMel(1000) * 2595 / (1127 * Math.LN10) - 999.9855) < 1e-4);
  assertEquals(hzToMel(0), 0);
});

Deno.test("hann() is periodic: its samples at n and length - n are equal, and the middle is 1", () => {
  const w = hann(400);
  assertEquals(w[0], 0);
  assertEquals(w[200], 1);
  for (let n = 1; n < 200; n++) assert(Math.abs(w[n] - w[400 - n]) < 1e-15);
});

/** The bank as a matrix, [bins, nMels]: its response to a magnitude of 1 in each bin alone. */
function matrixOf(bank: MelBank): Float64Array {
  const matrix = new Float64Array(bank.bins * bank.nMels).fill(NaN);
  for (let k = 0; k < bank.bins; k++) {
    const one = new Float64Array(bank.bins);
    one[k] = 1;
    bank.apply(one, matrix.subarray(k * bank.nMels, (k + 1) * bank.nMels));
  }
  return matrix;
}

Deno.test("MelBank is the stored bank", () => {
  assertEquals(golden.mel_filterbank.shape, [257, 64]);
  assert(largestDifference(matrixOf(new MelBank()), golden.mel_filterbank.data) < 1e-7);
});

Deno.test("MelBank.apply() is linear: the product with its matrix", () => {
  const bank = new MelBank({ ...frontEnd, nMels: 40, fMin: 0, fMax: 8000 });
  const magnitude = Float64Array.from({ length: 257 }, (_, k) => 1 + Math.sin(k));
  const mel = new Float64Array(40).fill(NaN);
  bank.apply(magnitude, mel);
  const matrix = matrixOf(bank);
  for (let b = 0; b < 40; b++) {
    let sum = 0;
    for (let k = 0; k < 257; k++) sum += matrix[k * 40 + b] * magnitude[k];
    assert(Math.abs(mel[b] - sum) < 1e-12);
  }
  assert(matrix.slice(0, 40).every((weight) => weight === 0), "the DC bin belongs to no band");
});

Deno.test("MelBank refuses bands beyond half the sample rate", () => {
  assertThrows(() => new MelBank({ ...frontEnd, fMax: 8001 }), Error, "125 to 8001 Hz");
  assertThrows(() => new MelBank({ ...frontEnd, fMin: 7500 }), RangeError);
});

Deno.test("Spectrum.magnitude() gives the stored magnitudes of a chirp", () => {
  const spectrum = new Spectrum();
  const samples = golden["chirp.samples"].data as Float32Array;
  const expected = golden["chirp.magnitude"].data;
  for (let t = 0; t < 20; t++) {
    const frame = spectrum.magnitude(samples, t * 160);
    assert(largestDifference(frame, expected.subarray(t * 257, (t + 1) * 257)) < 1e-5); // of up to 50: float32's rounding
  }
});

Deno.test("logMel() gives the stored frames of a chirp", () => {
  const frames = logMel(golden["chirp.samples"].data as Float32Array);
  assertEquals([frameCount(16000), 64], golden["chirp.log_mel"].shape);
  assert(largestDifference(frames, golden["chirp.log_mel"].data) < 2e-6);
});

const emodb = emodbDir();

for (const name of ["03a01Fa", "14a07Wc"]) {
  Deno.test({
    name: `logMel() gives the stored frames of Emo-DB's ${name}${emodb ? "" : ` (${noEmodb})`}`,
    ignore: !emodb,
    fn: async () => {
      const file = join(emodb!, "wav", `${name}.wav`);
      const { samples } = decodeRecording(await Deno.readFile(file), file);
      const { shape, data } = golden[`${name}.log_mel`];
      assertEquals([frameCount(samples.length), 64], shape);
      assert(largestDifference(logMel(samples), data) < 2e-6);
    },
  });
}

Deno.test("frameCount() counts whole frames only", () => {
  assertEquals([0, 399, 400, 559, 560, 16000].map((n) => frameCount(n)), [0, 0, 1, 1, 2, 98]);
  assertEquals(logMel(new Float32Array(399)).length, 0);
});

Deno.test("logMel() follows other settings: frames, bands, offset", () => {
  const settings = { ...frontEnd, nMels: 40, windowLength: 512, hopLength: 256, logOffset: 1 };
  const frames = logMel(new Float32Array(2048), settings);
  assertEquals(frames.length, 7 * 40);
  assert(frames.every((value) => value === 0));
  assertThrows(
    () => logMel(new Float32Array(2048), { ...frontEnd, windowLength: 600 }),
    Error,
    "windowLength: expected at most the FFT's 512 samples, found 600",
  );
});
