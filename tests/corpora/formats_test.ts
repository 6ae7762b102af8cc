/** Corpora of files other than plain wav: they are read, and faults of a recording are passed on. */
import { assertEquals, assertMatch, assertStrictEquals } from "@std/assert";
import { extractFeatures } from "../../corpora/features.ts";
import { openCorpus } from "../../corpora/open.ts";
import { flac } from "../dsp/flac.ts";
import { tone, withFolder } from "./folders.ts";

const asFlac = (wav: Uint8Array) => flac([new Int16Array(wav.slice(44).buffer)]);

Deno.test("a corpus of FLAC files has the features of the same one in wav files, with one thread and with two", async () => {
  const files = Array.from(
    { length: 6 },
    (_, i) => [`${["sad", "angry"][i % 2]}/${i}`, tone(0.5, 200 + 90 * i)] as const,
  );
  const wavs = Object.fromEntries(files.map(([name, bytes]) => [`${name}.wav`, bytes]));
  const flacs = Object.fromEntries(
    files.map(([name, bytes], i) => [`${name}.${i < 2 ? "wav" : "flac"}`, asFlac(bytes)]),
  );
  await withFolder(wavs, async (dir) => {
    const wanted = await extractFeatures(await openCorpus("folder", { data: dir }), { threads: 1 });
    await withFolder(flacs, async (dir) => {
      for (const threads of [1, 2]) {
        const found = await extractFeatures(await openCorpus("folder", { data: dir }), { threads });
        assertEquals(found.utterances.map(({ id }) => id), wanted.utterances.map(({ id }) => id));
        assertEquals([found.frames, found.skipped], [wanted.frames, []]);
      }
    });
  });
});

Deno.test("a truncated recording of a corpus is read, and reported, with a cache as well, each time", async () => {
  const files = { "sad/a.wav": tone(0.6).slice(0, -2000), "angry/b.wav": tone(0.6), "angry/c.wav": tone(0.6, 300) };
  await withFolder(files, async (dir) => {
    for (const cacheDir of [undefined, `${dir}/cache`, `${dir}/cache`]) {
      const lines: string[] = [];
      const corpus = await openCorpus("folder", { data: dir });
      const features = await extractFeatures(corpus, { cacheDir, threads: 1, onWarning: (line) => lines.push(line) });
      assertEquals(features.skipped, []);
      assertStrictEquals(features.utterances.length, 3);
      assertStrictEquals(lines.length, 1);
      assertMatch(lines[0], /sad\/a\.wav: the recording is cut short: .* the last 62\.5 ms are missing$/);
    }
  });
});
