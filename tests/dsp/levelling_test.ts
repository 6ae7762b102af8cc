/** One level for every recording: the definition, other volumes, silence, streams. */
import { assert, assertEquals, assertThrows } from "@std/assert";
import { amplify, LEVELLING, RunningLevel, withLevel } from "../../dsp/levelling.ts";
import { frameCount, logMel, Spectrum } from "../../dsp/log_mel.ts";
import { LogMelStream } from "../../dsp/log_mel_stream.ts";
import { MelBank } from "../../dsp/mel.ts";
import { type FrontEnd, frontEnd } from "../../dsp/settings.ts";
import { Random } from "../../kernels/random.ts";

const levelled = withLevel(frontEnd, "percentile"), { nMels, hopLength, logOffset } = frontEnd;

/** Three seconds: buzzes with several pitches between pauses, with a little noise, at most `peak`. */
function speechLike(peak: number): Float32Array {
  let state = 7;
  const random = () => (state = (state * 1103515245 + 12345) % 2 ** 31) / 2 ** 31 - 0.5;
  return Float32Array.from({ length: 48000 }, (_, n) => {
    const spoken = n % 8000 < 5500 ? 1 : 0, pitch = 110 + 30 * Math.floor(n / 8000);
    let sum = 0;
    for (let h = 1; h < 30; h++) sum += Math.cos(2 * Math.PI * h * pitch * n / 16000) / h;
    return peak * (spoken * sum / 5 + 0.002 * random());
  });
}

/** The definition: everything in float64, the mel bank as a matrix, all frames sorted. */
function defined(samples: Float32Array, { percentile, magnitude, mostGain } = LEVELLING): Float64Array {
  const spectrum = new Spectrum(), bank = new MelBank(), matrix = bank.toMatrix(), T = frameCount(samples.length);
  const mel = new Float64Array(T * nMels), means: number[] = [];
  for (let t = 0; t < T; t++) {
    const magnitudes = spectrum.magnitude(samples, t * hopLength);
    let mean = 0;
    for (let b = 0; b < nMels; b++) {
      for (let k = 0; k < bank.bins; k++) mel[t * nMels + b] += magnitudes[k] * matrix[k * nMels + b];
      mean += mel[t * nMels + b] / nMels;
    }
    means.push(mean);
  }
  // number of frames below the decisive one
  const below = Math.floor(T * percentile / 100);
  const loud = means.find((own) => means.filter((other) => other < own).length === below)!;
  const gain = Math.min(mostGain, magnitude / loud);
  return mel.map((value) => Math.log(gain * value + logOffset));
}

const farthest = (a: ArrayLike<number>, b: ArrayLike<number>) => {
  assertEquals(a.length, b.length);
  return Array.from(a).reduce((most, value, i) => Math.max(most, Math.abs(value - b[i])), 0);
};

const gained = (samples: Float32Array, decibels: number) => samples.map((x) => x * 10 ** (decibels / 20));

Deno.test("logMel() of a front end that levels agrees with the definition in float64", () => {
  for (const peak of [0.9, 0.1, 0.003]) {
    const samples = speechLike(peak), found = logMel(samples, levelled);
    assert(farthest(found, defined(samples)) < 1e-6, `peak ${peak}: ${farthest(found, defined(samples))}`);
    assert(farthest(found, logMel(samples)) > 0.1, "it makes a difference");
  }
});

Deno.test("a recording has the same frames at -15, 0 and +15 dB, to 1e-4: the gain comes before the log offset", () => {
  const samples = speechLike(0.15), frames = logMel(samples, levelled);
  for (const decibels of [-15, 15]) {
    const other = logMel(gained(samples, decibels), levelled), error = farthest(other, frames);
    assert(error < 1e-4, `${decibels} dB: ${error}`);
    // a level change after the logarithm would scale the offset too
    const plain = logMel(gained(samples, decibels)), shift = decibels * Math.LN10 / 20;
    assert(farthest(plain.map((x) => x - shift), logMel(samples)) > 0.1);
  }
});

Deno.test("the gain is 40 dB at most: silence stays silence, and a recording 60 dB too quiet stays 20 dB too quiet", () => {
  assert(logMel(new Float32Array(16000), levelled).every((x) => x === Math.fround(Math.log(0.01))));
  assertEquals(logMel(new Float32Array(399), levelled).length, 0);
  const samples = speechLike(0.3), loud = logMel(samples, levelled), soft = logMel(gained(samples, -60), levelled);
  const mel = (frames: Float32Array) => Math.max(...frames.map((x) => Math.exp(x) - 0.01));
  const gain = 20 * Math.log10(LEVELLING.mostGain), own = 20 * Math.log10(mel(loud) / mel(logMel(samples)));
  assertEquals(gain, 40);
  assert(Math.abs(20 * Math.log10(mel(loud) / mel(soft)) - (60 - gain + own)) < 0.01);
});

Deno.test("withLevel() sets and removes a front end's levelling", () => {
  assertEquals(levelled, { ...frontEnd, levelling: { percentile: 90, magnitude: 3.4, mostGain: 100, frames: 60_000 } });
  assertEquals(withLevel(levelled, "none"), frontEnd);
  assertThrows(() => (levelled as { nMels: number }).nMels = 3, TypeError);
});

Deno.test("a raised floor is ln(g mel + 0.3): it hides most of the noise that 0.01 would show", () => {
  const floor = withLevel(frontEnd, "floor"), samples = speechLike(0.15);
  assertEquals(floor, { ...levelled, logOffset: 0.3 });
  const expected = logMel(samples, levelled).map((x) => Math.log(Math.exp(x) - 0.01 + 0.3));
  assert(farthest(logMel(samples, floor), expected) < 1e-5);
  const random = new Random(4), power = Math.sqrt(samples.reduce((sum, x) => sum + x * x, 0) / samples.length);
  const noisy = samples.map((x) => x + 0.1 * power * random.normal()); // noise at 20 dB
  const change = (settings: FrontEnd) => {
    const [a, b] = [logMel(samples, settings), logMel(noisy, settings)];
    return Math.sqrt(a.reduce((sum, x, i) => sum + (x - b[i]) ** 2, 0) / a.length);
  };
  assert(change(floor) < change(levelled) / 2, `${change(floor)}, ${change(levelled)}`);
});

Deno.test("LogMelStream equals logMel() bit for bit, when the level is known: at the end, or after the frames that count", () => {
  const samples = speechLike(0.05), early: FrontEnd = { ...levelled, levelling: { ...LEVELLING, frames: 120 } };
  for (const settings of [levelled, early]) {
    for (const sizes of [[160], [48000], [1, 777, 4096]]) {
      const stream = new LogMelStream(settings), found: number[] = [], before: number[] = [];
      for (let at = 0, turn = 0; at < samples.length; turn++) {
        const block = samples.subarray(at, at + sizes[turn % sizes.length]);
        found.push(...stream.push(block));
        if (found.length === 0) before.push(frameCount(at + block.length));
        at += block.length;
      }
      const late = stream.finish();
      if (settings === early) assertEquals([late.length, before.every((frames) => frames < 120)], [0, true]);
      else assertEquals(found.length, 0);
      assertEquals(Float32Array.of(...found, ...late), logMel(samples, settings));
    }
  }
});

Deno.test("amplify() gives the result of logMel() for louder samples", () => {
  const samples = speechLike(0.02);
  for (const decibels of [-15, 6, 15]) {
    const expected = logMel(gained(samples, decibels)), gain = 10 ** (decibels / 20);
    const error = farthest(amplify(logMel(samples), gain, logOffset), expected);
    assert(error < 1e-5, `${decibels} dB: ${error}`);
  }
});

Deno.test("RunningLevel uses the last 30 seconds, and before that a second at the common level", () => {
  const frames = (loudness: number, count: number) =>
    new Float32Array(count * nMels).fill(Math.log(loudness + logOffset));
  const gainAfter = (level: RunningLevel, loudness: number, count: number) => {
    level.push(frames(loudness, count));
    return Math.exp(level.apply(frames(loudness, 1))[0]) - logOffset;
  };
  const near = (found: number, expected: number) => assert(Math.abs(found / expected - 1) < 1e-4, `${found}`);
  const level = new RunningLevel(levelled);
  near(gainAfter(level, 0.34, 80), 0.34); // 0.8 s: not yet
  near(gainAfter(level, 0.34, 20), 3.4); // 1 s: as for a whole recording
  near(gainAfter(level, 6.8, 9), 6.8); // with 119 frames, these 9 do not determine the 90th percentile, but the initial ten do
  near(gainAfter(level, 6.8, 200), 3.4);
  near(gainAfter(level, 0.34, 2000), 0.34 * 3.4 / 0.34); // 209 loud ones of 2309 are too few
  near(gainAfter(level, 0.0001, 3000), 0.01); // half a minute later they are forgotten; at most 40 dB
  const plain = new RunningLevel(frontEnd), own = frames(1, 2);
  plain.push(own);
  assertEquals(plain.apply(own), own);
});

Deno.test("RunningLevel converges to the gain of the whole if a recording's level does not change", () => {
  const samples = speechLike(0.01), frames = logMel(samples), running = new RunningLevel(levelled);
  running.push(frames);
  // ten frames do not belong to the recording
  assert(farthest(running.apply(frames), logMel(samples, levelled)) < 0.2);
});
