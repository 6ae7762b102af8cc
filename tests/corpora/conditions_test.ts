/** Copies for multi-condition training: each against a measure of its own, then as parts of the features. */
import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { copiesOf, copyCount } from "../../corpora/conditions.ts";
import { digestOf } from "../../corpora/feature_frames.ts";
import { extractFeatures } from "../../corpora/features.ts";
import { openCorpus } from "../../corpora/open.ts";
import { makeVoices } from "../../corpora/synthetic.ts";
import { logMel } from "../../dsp/log_mel.ts";
import { telephone } from "../../dsp/strangers.ts";
import { Random } from "../../kernels/random.ts";
import { readWithWorkers, tone, withFolder } from "./folders.ts";

const random = new Random(9), burst = Float32Array.from({ length: 8000 }, () => 0.1 * (random.uniform() - 0.5));
const digests = Array.from({ length: 40 }, (_, i) => digestOf(Float32Array.of(i)));
/** One copy, without those after it. */
function copyOf(samples: Float32Array, digest: string, copy: number): Float32Array {
  for (const made of copiesOf(samples, digest, "multi")) if (copy-- === 0) return made;
  throw new Error("there is no such copy");
}
const power = (samples: Float32Array) => samples.reduce((sum, x) => sum + x * x, 0) / samples.length;

Deno.test("a recording has five copies of its own length, always the same; another recording has others", () => {
  const copies = [...copiesOf(burst, digests[0], "multi")];
  assertEquals([copies.length, copyCount("multi"), copyCount("clean")], [5, 5, 0]);
  assertEquals([...copiesOf(burst, digests[0], "clean")], []);
  for (const copy of copies) assert(copy.length === burst.length && copy.every(Number.isFinite));
  assertEquals([...copiesOf(burst, digests[0], "multi")], copies);
  const others = [...copiesOf(burst, digests[1], "multi")];
  assertEquals(copies[0], telephone(burst));
  for (const i of [1, 2, 3, 4]) assertNotEquals(others[i], copies[i]);
});

Deno.test("the noise and the babble of copies are 0 to 25 dB below the recording, uniformly", () => {
  for (const copy of [1, 2]) {
    const ratios = digests.map((digest) => {
      const noisy = copyOf(burst, digest, copy);
      return 10 * Math.log10(power(burst) / power(noisy.map((x, i) => x - burst[i])));
    });
    assert(ratios.every((ratio) => ratio > -0.01 && ratio < 25.01), ratios.join(" "));
    assert(Math.min(...ratios) < 3 && Math.max(...ratios) > 22 && ratios.filter((r) => r < 12).length > 10);
  }
});

Deno.test("babble is voices: its spectrum has the pitch's harmonics, which noise has not, and others in each copy", () => {
  const second = new Float32Array(16000).fill(1e-3);
  // highest autocorrelation of 40 ms at the lags of 80 to 320 Hz, median over the second: voiced speech repeats
  const periodic = (samples: Float32Array) => {
    const peaks: number[] = [];
    for (let from = 0; from + 1000 <= samples.length; from += 320) {
      const at = (lag: number) => {
        let [product, own, later] = [0, 0, 0];
        for (let n = from; n < from + 640; n++) {
          product += samples[n] * samples[n + lag];
          own += samples[n] ** 2;
          later += samples[n + lag] ** 2;
        }
        return product / Math.sqrt(own * later);
      };
      peaks.push(Math.max(...Array.from({ length: 150 }, (_, i) => at(50 + i))));
    }
    return peaks.sort((a, b) => a - b)[peaks.length >> 1];
  };
  const added = (copy: number, digest: string) => copyOf(second, digest, copy).map((x) => x - 1e-3);
  for (const digest of digests.slice(0, 5)) {
    const [noise, voices] = [periodic(added(1, digest)), periodic(added(2, digest))];
    assert(voices > noise + 0.1, `${voices}, noise ${noise}`);
  }
  assertNotEquals(added(2, digests[0]), added(2, digests[1]));
});

Deno.test("the voices are of as many speakers, at about one level, and always the same", () => {
  const voices = makeVoices(8, 3);
  assertEquals(voices.length, 8);
  assertEquals(new Set(voices.map(({ length }) => length)).size > 4, true);
  for (const voice of voices) {
    assert(voice.length > 16000 && voice.every((x) => Math.abs(x) < 1));
    assert(Math.abs(10 * Math.log10(power(voice) / 0.07 ** 2)) < 12, `${power(voice)}`);
  }
  assertEquals(makeVoices(8, 3), voices);
  assertNotEquals(makeVoices(8, 4)[0], voices[0]);
});

Deno.test("a room rings on after the sound, for 0.2 to 0.8 s; a microphone tilts the spectrum by at most 4 dB an octave", () => {
  const click = new Float32Array(16000);
  click[100] = 1;
  const low = [500, 4000].map((hz) =>
    Float32Array.from({ length: 8000 }, (_, n) => Math.sin(2 * Math.PI * hz * n / 16000))
  );
  const seconds: number[] = [], tilts: number[] = [];
  for (const digest of digests) {
    const room = copyOf(click, digest, 3);
    // from 10 to 60 ms after the click: the slope of the energy gives the time of a fall by 60 dB
    const early = power(room.subarray(260, 580)), late = power(room.subarray(1060, 1380));
    seconds.push(60 * 0.05 / (10 * Math.log10(early / late)));
    const [dull, shrill] = low.map((sine) => power(copyOf(sine, digest, 4).subarray(2000, 6000)));
    tilts.push(10 * Math.log10(shrill / dull) / 3);
  }
  assert(seconds.every((s) => s > 0.12 && s < 1.3), seconds.join(" "));
  assert(Math.min(...seconds) < 0.35 && Math.max(...seconds) > 0.6, seconds.join(" "));
  assert(tilts.every((dB) => Math.abs(dB) < 4.3), tilts.join(" "));
  assert(Math.min(...tilts) < -2.5 && Math.max(...tilts) > 2.5, tilts.join(" "));
});

Deno.test("extractFeatures() adds copies and changes nothing else, with any threads; without them they are not there", async () => {
  const files = { "angry/a.wav": tone(0.4, 300), "angry/b.wav": tone(0.9, 500), "sad/c.wav": tone(0.5, 200) };
  await withFolder(files, async (dir) => {
    const corpus = await openCorpus("folder", { data: dir });
    const clean = await extractFeatures(corpus, { threads: 1, segmentFrames: 64 });
    assertEquals("copies" in clean, false);
    const { copies, ...rest } = await extractFeatures(corpus, { threads: 1, segmentFrames: 64, conditions: "multi" });
    assertEquals<unknown>(rest, clean);
    assertEquals(copies!.map(({ length }) => length), [1, 2, 3, 4, 5].map(() => clean.frames.length));
    for (const threads of [2, 3]) {
      const again = await extractFeatures(corpus, { threads, segmentFrames: 64, conditions: "multi" });
      assertEquals(again, { ...rest, copies });
    }
    // a short recording's last frame is repeated in its copies, too
    const [a] = clean.utterances, { samples } = await corpus.utterances[0].read();
    const first = logMel(copyOf(samples, a.digest, 3)), own = copies![3].subarray(0, a.frameCount * 64);
    assertEquals(own.subarray(0, first.length), first);
    assertEquals(own.subarray(own.length - 64), first.subarray(first.length - 64));
    const paths = corpus.utterances.map(({ path }) => path!);
    for (const [i, { outcome }] of (await readWithWorkers(1, paths, { conditions: "multi" })).entries()) {
      assert("frames" in outcome);
      const { firstFrame } = clean.utterances[i];
      outcome.copies!.forEach((copy, c) =>
        assertEquals(copy, copies![c].subarray(firstFrame * 64, firstFrame * 64 + copy.length))
      );
    }
  });
});
