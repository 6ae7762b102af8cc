/** Copies for multi-condition training: each against a measure of its own, then as parts of the features. */
import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { copiesOf, copyCount } from "../../corpora/conditions.ts";
import { digestOf } from "../../corpora/feature_frames.ts";
import { extractFeatures } from "../../corpora/features.ts";
import { openCorpus } from "../../corpora/open.ts";
import { logMel } from "../../dsp/log_mel.ts";
import { telephone } from "../../dsp/strangers.ts";
import { Random } from "../../kernels/random.ts";
import { readWithWorkers, tone, withFolder } from "./folders.ts";

const random = new Random(9), burst = Float32Array.from({ length: 8000 }, () => 0.1 * (random.uniform() - 0.5));
const digests = Array.from({ length: 40 }, (_, i) => digestOf(Float32Array.of(i)));
const power = (samples: Float32Array) => samples.reduce((sum, x) => sum + x * x, 0) / samples.length;

Deno.test("a recording has four copies of its own length, always the same; another recording has others", () => {
  const copies = [...copiesOf(burst, digests[0], "multi")];
  assertEquals([copies.length, copyCount("multi"), copyCount("clean")], [4, 4, 0]);
  assertEquals([...copiesOf(burst, digests[0], "clean")], []);
  for (const copy of copies) assert(copy.length === burst.length && copy.every(Number.isFinite));
  assertEquals([...copiesOf(burst, digests[0], "multi")], copies);
  const others = [...copiesOf(burst, digests[1], "multi")];
  assertEquals(copies[0], telephone(burst));
  for (const i of [1, 2, 3]) assertNotEquals(others[i], copies[i]);
});

Deno.test("the noise of copies is 5 to 25 dB below the recording, uniformly", () => {
  const ratios = digests.map((digest) => {
    const noisy = [...copiesOf(burst, digest, "multi")][1];
    return 10 * Math.log10(power(burst) / power(noisy.map((x, i) => x - burst[i])));
  });
  assert(ratios.every((ratio) => ratio > 4.99 && ratio < 25.01), ratios.join(" "));
  assert(Math.min(...ratios) < 8 && Math.max(...ratios) > 22 && ratios.filter((r) => r < 15).length > 10);
});

Deno.test("a room rings on after the sound, for 0.2 to 0.8 s; a microphone tilts the spectrum by at most 4 dB an octave", () => {
  const click = new Float32Array(16000);
  click[100] = 1;
  const low = [500, 4000].map((hz) =>
    Float32Array.from({ length: 8000 }, (_, n) => Math.sin(2 * Math.PI * hz * n / 16000))
  );
  const seconds: number[] = [], tilts: number[] = [];
  for (const digest of digests) {
    const room = [...copiesOf(click, digest, "multi")][2];
    // from 10 to 60 ms after the click: the slope of the energy gives the time of a fall by 60 dB
    const early = power(room.subarray(260, 580)), late = power(room.subarray(1060, 1380));
    seconds.push(60 * 0.05 / (10 * Math.log10(early / late)));
    const [dull, shrill] = low.map((sine) => power([...copiesOf(sine, digest, "multi")][3].subarray(2000, 6000)));
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
    assertEquals(copies!.map(({ length }) => length), [1, 2, 3, 4].map(() => clean.frames.length));
    for (const threads of [2, 3]) {
      const again = await extractFeatures(corpus, { threads, segmentFrames: 64, conditions: "multi" });
      assertEquals(again, { ...rest, copies });
    }
    // a short recording's last frame is repeated in its copies, too
    const [a] = clean.utterances, { samples } = await corpus.utterances[0].read();
    const first = logMel([...copiesOf(samples, a.digest, "multi")][2]), own = copies![2].subarray(0, a.frameCount * 64);
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
