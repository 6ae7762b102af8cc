/** Common faults of corpora: copies, silence, links, and properties that reveal emotions. */
import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { join, relative } from "@std/path";
import { extractFeatures, type Features } from "../../corpora/features.ts";
import { openCorpus } from "../../corpora/open.ts";
import { inspectCorpus } from "../../corpora/sanity.ts";
import { encodeWav } from "../../dsp/wav.ts";
import { tone, tones, withFolder } from "./folders.ts";
import { assertFileError } from "../file_errors.ts";
import { assertOptionError } from "../option_errors.ts";
import { OptionError } from "../../base/option_error.ts";

const features = async (dir: string, options = {}) =>
  await extractFeatures(await openCorpus("folder", { data: dir, ...options }), { threads: 1 });
const ids = ({ utterances }: Pick<Features, "utterances">) => utterances.map(({ id }) => id);

/** The same sound with other text in its header. */
function retagged(wav: Uint8Array): Uint8Array {
  const note = new TextEncoder().encode("LIST\x08\0\0\0INFOwhen");
  const all = Uint8Array.from([...wav.subarray(0, 36), ...note, ...wav.subarray(36)]);
  new DataView(all.buffer).setUint32(4, all.length - 8, true);
  return all;
}

const base = tones("angry/a.wav", "angry/b.wav", "sad/c.wav", "sad/d.wav");
const same = tone(0.5, 700);

Deno.test("one recording with two labels is an error that names both files, whatever its name and its header", async () => {
  const twins: Record<string, Uint8Array>[] = [
    { "angry/copy.wav": same, "sad/copy.wav": same },
    { "angry/copy.wav": same, "sad/other name.wav": same },
    { "angry/copy.wav": same, "sad/copy.wav": retagged(same) },
    { "angry/1.wav": same, "angry/2.wav": same, "sad/3.wav": same },
  ];
  for (const files of twins) {
    await withFolder({ ...base, ...files }, async (dir) => {
      const names = Object.keys(files).map((name) => join(dir, name));
      await assertOptionError(
        () => features(dir),
        "duplicates",
        /are one recording with two labels; .*`duplicates: drop` .* or keep/,
      );
      const { message } = await assertRejects(() => features(dir), OptionError);
      assert(message.includes(names[0]) && message.includes(names.at(-1)!), message);
      const dropped = await features(dir, { duplicates: "drop" });
      assertEquals(ids(dropped), ["angry/a", "angry/b", "sad/c", "sad/d"]);
      assertEquals(dropped.skipped.map((own) => own.path).sort(), names.sort());
      const kept = await features(dir, { duplicates: "keep" });
      assertEquals(kept.utterances.length, 4 + names.length);
      const originals = new Set(kept.utterances.flatMap(({ copyOf }) => copyOf ?? []));
      assertEquals(originals.size, 1);
      assertEquals(kept.utterances.filter(({ copyOf }) => copyOf).length, names.length - 1);
    });
  }
});

Deno.test("of copies with one label one is kept, and the summary lists it", async () => {
  const copies = { "angry/x.wav": same, "angry/y.wav": same, "angry/z.wav": retagged(same) };
  await withFolder({ ...base, ...copies }, async (dir) => {
    const { utterances, skipped } = await features(dir);
    assertEquals(ids({ utterances }), ["angry/a", "angry/b", "angry/x", "sad/c", "sad/d"]);
    assertEquals(skipped.map(({ reason }) => reason), Array(2).fill(`a copy of ${join(dir, "angry/x.wav")}`));
  });
});

Deno.test("silent recordings are skipped and reported: zeros, one bit of noise, a constant", async () => {
  const silent = {
    "angry/zeros.wav": encodeWav(new Float32Array(16000), 16000),
    "angry/dither.wav": encodeWav(Float32Array.from({ length: 16000 }, (_, i) => (i * 7 % 3 - 1) / 32768), 16000),
    "sad/constant.wav": encodeWav(new Float32Array(16000).fill(0.25), 16000),
    "sad/empty.wav": encodeWav(new Float32Array(0), 16000),
  };
  await withFolder({ ...base, ...silent }, async (dir) => {
    const { utterances, skipped } = await features(dir);
    assertEquals(ids({ utterances }), ["angry/a", "angry/b", "sad/c", "sad/d"]);
    assertEquals(skipped.map((own) => [relative(dir, own.path), own.reason.split(":")[0]]), [
      ["angry/dither.wav", "silent"],
      ["angry/zeros.wav", "silent"],
      ["sad/constant.wav", "silent"],
      ["sad/empty.wav", "expected at least 335 ms of sound, one segment, found 0 ms"],
    ]);
  });
});

Deno.test("links are followed, to folders and files; circular and broken ones are reported", async () => {
  const real = tones("real/angry/0.wav", "real/angry/1.wav", "data/sad/0.wav", "data/happy/1.wav", "real/one.wav");
  await withFolder(real, async (dir) => {
    const data = join(dir, "data");
    const link = (target: string, name: string) => Deno.symlink(target, join(data, name));
    await link("../real/angry", "angry");
    await link("../../real/one.wav", "sad/linked.wav");
    await link("../sad", "sad/again");
    await link("..", "happy/up");
    await link("nowhere.wav", "sad/broken.wav");
    await link("itself", "itself");
    const corpus = await openCorpus("folder", { data });
    assertEquals(corpus.emotions, ["anger", "happiness", "sadness"]);
    assertEquals(corpus.utterances.map(({ id }) => id), ["angry/0", "angry/1", "happy/1", "sad/0", "sad/linked"]);
    const faults = Object.fromEntries(
      corpus.skipped.map(({ path: file, reason }) => [relative(data, file), reason]),
    );
    assertEquals(Object.keys(faults), ["happy/up", "itself", "sad/again", "sad/broken.wav"]);
    for (const name of ["happy/up", "itself", "sad/again"]) assertMatch(faults[name], /a circular link/);
    assertMatch(faults["sad/broken.wav"], /a broken link: nowhere\.wav does not exist/);
    // a folder of links only
    await withFolder({}, async (links) => {
      await Deno.symlink(join(dir, "real/angry"), join(links, "angry"));
      await Deno.symlink(join(data, "gone"), join(links, "sad"));
      const found = /^only one emotion, anger .*sad: a broken link/;
      await assertFileError(() => openCorpus("folder", { data: links }), { file: links, found });
    });
  });
});

/** A tone with a rate, a level and a share of clipping. */
function sound({ hz = 300, rate = 16000, gain = 0.3, seconds = 0.5, clip = 1 }): Uint8Array {
  const samples = Float32Array.from({ length: Math.round(rate * seconds) }, (_, i) => {
    const x = gain * Math.sin(2 * Math.PI * hz * i / rate);
    return Math.abs(x) > clip ? Math.sign(x) : x;
  });
  return encodeWav(samples, rate);
}

/** Findings on a folder of recordings, by kind. */
async function findings(files: Record<string, Uint8Array>): Promise<Record<string, string>> {
  let found: Record<string, string> = {};
  await withFolder(files, async (dir) => {
    found = Object.fromEntries(inspectCorpus(await features(dir)).map(({ kind, message }) => [kind, message]));
  });
  return found;
}

/** A number of recordings of each emotion, all different tones. */
function recordings(
  emotions: Record<string, number>,
  of: (emotion: string, i: number) => Parameters<typeof sound>[0] = () => ({}),
): Record<string, Uint8Array> {
  let hz = 200;
  return Object.fromEntries(
    Object.entries(emotions).flatMap(([emotion, n]) =>
      Array.from({ length: n }, (_, i) => [`${emotion}/${i}.wav`, sound({ hz: hz += 11, ...of(emotion, i) })])
    ),
  );
}

Deno.test("inspectCorpus() finds nothing in a good corpus", async () => {
  assertEquals(await findings(recordings({ angry: 6, sad: 6 })), {});
});

Deno.test("inspectCorpus() finds clipped recordings, and unusual lengths or levels", async () => {
  const odd = await findings({
    ...recordings({ angry: 8, sad: 8 }),
    "sad/clipped.wav": sound({ hz: 700, gain: 0.9, clip: 0.7 }),
    "sad/long.wav": sound({ hz: 710, seconds: 6 }),
    "angry/soft.wav": sound({ hz: 720, gain: 0.002 }),
  });
  assertMatch(odd.clipped, /^1 recording cut off at full scale, the worst sad\/clipped: \d\d(\.\d)? % of its samples/);
  assertMatch(odd.length, /^1 recording with an unusual length, .* sad\/long: 6 s; the median is 0\.5 s/);
  assertMatch(odd.level, /^1 recording with an unusual level, .* angry\/soft: -57 dB; the median is -13\.5 dB/);
  assertEquals(Object.keys(odd).sort(), ["clipped", "length", "level"]);
});

Deno.test("inspectCorpus() reports rates that reveal an emotion, and not those that all emotions share", async () => {
  const telling = recordings(
    { angry: 6, sad: 6, happy: 6 },
    (emotion) => ({ rate: emotion === "sad" ? 44100 : 16000 }),
  );
  assertMatch(
    (await findings(telling))["sample rate"],
    /differ by emotion .*: 100 % of sadness is recorded at 44100 Hz, 0 % of the others; a network may learn/,
  );
  const partly = recordings(
    { angry: 10, sad: 10 },
    (emotion, i) => ({ rate: i < (emotion === "sad" ? 8 : 2) ? 8000 : 16000 }),
  );
  assertMatch(
    (await findings(partly))["sample rate"],
    /: 80 % of anger is recorded at 16000 Hz, 20 % of the others/,
  );
  const mixed = recordings({ angry: 6, sad: 6 }, (_, i) => ({ rate: i % 2 ? 22050 : 16000 }));
  assertEquals((await findings(mixed))["sample rate"], undefined);
});

Deno.test("inspectCorpus() reports imbalance, emotions of only one speaker, and overlapping parts", async () => {
  const uneven = await findings(recordings({ angry: 9, sad: 3 }));
  assertMatch(uneven.imbalance, /9 utterances of anger, 3 of sadness; `balance: true` draws/);
  const lone = await findings(recordings({ "angry/anna": 2, "angry/ben": 2, "sad/anna": 3 }));
  assertMatch(lone["one speaker"], /^only anna speaks with sadness \(3 utterances\)/);
  assertEquals(Object.keys(lone), ["one speaker"]);
  const table = "path,emotion,start,end\nx.wav,angry,0,1\nx.wav,sad,0.5,1.5\nx.wav,sad,2,3\nx.wav,angry,1.5,2\n";
  await withFolder({ "x.wav": tone(3, 300), "labels.csv": table }, async (dir) => {
    const corpus = await openCorpus("csv", { data: dir, duplicates: "keep" });
    const [{ kind, message }] = inspectCorpus(await extractFeatures(corpus, { threads: 1 }));
    assertEquals(kind, "overlap");
    assertMatch(message, /^1 part of a recording overlaps the part before, the first x#0\.5-1\.5/);
  });
});

Deno.test("numbers as names of emotions keep their order", async () => {
  const table = "path,emotion\na.wav,10\nb.wav,2\nc.wav,1\nd.wav,anger\n";
  await withFolder({ ...tones("a.wav", "b.wav", "c.wav", "d.wav"), "labels.csv": table }, async (dir) => {
    const corpus = await openCorpus("csv", { data: dir });
    assertEquals(corpus.emotions, ["anger", "1", "2", "10"]);
    assertEquals((await extractFeatures(corpus, { threads: 1 })).emotions, corpus.emotions);
  });
});
