/** The cache of frames: keyed by content and settings, checked before use, and never required. */
import { assert, assertEquals, assertMatch, assertNotEquals, assertStrictEquals } from "@std/assert";
import { basename, join } from "@std/path";
import type { Corpus } from "../../corpora/corpus.ts";
import { FrameCache } from "../../corpora/feature_cache.ts";
import { extractFeatures } from "../../corpora/features.ts";
import { openCorpus } from "../../corpora/open.ts";
import { frontEnd } from "../../dsp/settings.ts";
import { readWithWorkers, tone, withFolder } from "./folders.ts";

const four = { "angry/a.wav": tone(0.4, 300), "angry/b.wav": tone(0.6), "sad/c.wav": tone(0.5), "sad/no.wav": "none" };

/** Runs `body` with a corpus of three recordings and one invalid file, and a folder for a cache. */
async function withCorpus(body: (corpus: Corpus, cacheDir: string, dir: string) => Promise<void>): Promise<void> {
  await withFolder(four, async (dir) => {
    await withFolder({}, async (other) => {
      await body(await openCorpus("folder", { data: dir }), join(other, "new", "cache"), dir);
    });
  });
}

/** The files of a folder, by name. */
async function contents(dir: string): Promise<Map<string, Uint8Array>> {
  const names = (await Array.fromAsync(Deno.readDir(dir))).map(({ name }) => name).sort();
  return new Map(
    await Promise.all(names.map(async (name) => [name, await Deno.readFile(join(dir, name))] as const)),
  );
}

Deno.test("extractFeatures() gives the same features with an empty cache, a full one and none, with any threads", async () => {
  await withCorpus(async (corpus, cacheDir) => {
    const plain = await extractFeatures(corpus, { threads: 1 });
    for (const threads of [1, 2, 3]) {
      assertEquals(await extractFeatures(corpus, { threads, cacheDir }), plain, "empty");
      const kept = await contents(cacheDir);
      assertEquals(kept.size, 3, "a file a recording, and no temporary one");
      assertEquals(await extractFeatures(corpus, { threads, cacheDir }), plain, "full");
      assertEquals(await contents(cacheDir), kept);
      await Deno.remove(cacheDir, { recursive: true });
    }
  });
});

Deno.test("extractFeatures() reads frames from the cache by content: wherever a file is, until a byte of it changes", async () => {
  await withCorpus(async (corpus, cacheDir, dir) => {
    const plain = await extractFeatures(corpus, { cacheDir });
    // impossible values show that frames came from the cache
    const cache = new FrameCache(cacheDir), marked = new Float32Array(38 * 64).fill(7);
    const a = join(dir, "angry/a.wav"), bytes = await Deno.readFile(a);
    cache.write(cache.key(bytes), { frames: marked, seconds: 0.4 });
    assertEquals((await extractFeatures(corpus, { cacheDir })).frames.subarray(0, 38 * 64), marked);

    await Deno.mkdir(join(dir, "fear"));
    await Deno.rename(a, join(dir, "fear/z.wav"));
    const moved = await extractFeatures(await openCorpus("folder", { data: dir }), { cacheDir });
    const z = moved.utterances.find(({ id }) => id === "fear/z")!;
    assertEquals(moved.frames.subarray(z.firstFrame * 64, (z.firstFrame + 38) * 64), marked);

    bytes[bytes.length - 900] ^= 1;
    await Deno.writeFile(a, bytes);
    const changed = await extractFeatures(corpus, { cacheDir });
    assertEquals(changed.frames.subarray(38 * 64), plain.frames.subarray(38 * 64));
    assertEquals(changed.frames.subarray(0, 30 * 64), plain.frames.subarray(0, 30 * 64));
    assertNotEquals(changed.frames, plain.frames);
    assertEquals((await contents(cacheDir)).size, 4);
  });
});

Deno.test("workers store and find frames, and report why they can't be stored", async () => {
  await withCorpus(async ({ utterances }, cacheDir, dir) => {
    const files = utterances.map(({ path }) => path!),
      read = (cacheDir: string) => readWithWorkers(1, files, { cacheDir });
    const first = await read(cacheDir);
    assertEquals((await contents(cacheDir)).size, 3);
    assertEquals(await read(cacheDir), first);
    const sound = { sampleRate: 24414, peak: 0.1, level: -33.3, clipped: 1 / 3 };
    const cache = new FrameCache(cacheDir), marked = { frames: new Float32Array(64).fill(7), seconds: 0.4, sound };
    cache.write(cache.key(await Deno.readFile(utterances[1].path!)), marked);
    assertEquals((await read(cacheDir)).map(({ outcome }) => outcome), [
      first[0].outcome,
      { ...first[1].outcome, ...marked },
      ...first.slice(2).map(({ outcome }) => outcome),
    ]);
    for (const { outcome, cacheFault } of await read(join(dir, "angry/a.wav"))) {
      if ("frames" in outcome) assertMatch(cacheFault ?? "", /a\.wav: can't cache frames there/);
    }
  });
});

Deno.test("FrameCache separates frames of different settings", async () => {
  await withFolder({}, (dir) => {
    const bytes = tone(), keys = new Set<string>();
    const cache = new FrameCache(dir);
    cache.write(cache.key(bytes), { frames: new Float32Array(128).fill(1), seconds: 1.5 });
    for (const [name, value] of Object.entries(frontEnd)) {
      const other = new FrameCache(dir, { ...frontEnd, [name]: value + 1 });
      keys.add(other.key(bytes));
      assertEquals(other.read(other.key(bytes)), undefined);
      assertStrictEquals(other.read(cache.key(bytes))?.seconds, name === "nMels" ? undefined : 1.5);
    }
    assertEquals(keys.size, Object.keys(frontEnd).length);
    assertEquals(cache.read(cache.key(bytes)), { frames: new Float32Array(128).fill(1), seconds: 1.5 });
    // the order of the settings does not matter
    const turned = Object.fromEntries(Object.entries(frontEnd).reverse()) as unknown as typeof frontEnd;
    assertStrictEquals(new FrameCache(dir, turned).key(bytes), cache.key(bytes));
    return Promise.resolve();
  });
});

Deno.test("extractFeatures() brings recordings to one level, with any threads, and separates these frames in the cache", async () => {
  await withCorpus(async (corpus, cacheDir) => {
    const plain = await extractFeatures(corpus, { cacheDir, threads: 1 });
    const levelled = await extractFeatures(corpus, { level: "percentile", threads: 1 });
    assertEquals([plain.level, levelled.level], [undefined, "percentile"]);
    assertEquals(levelled.frames.length, plain.frames.length);
    assertNotEquals(levelled.frames, plain.frames);
    for (const threads of [1, 3, 3]) {
      assertEquals(await extractFeatures(corpus, { level: "percentile", cacheDir, threads }), levelled);
      assertEquals((await contents(cacheDir)).size, 6);
    }
    const results = await readWithWorkers(1, corpus.utterances.map(({ path }) => path!), { level: "percentile" });
    for (const [file, { outcome }] of results.entries()) {
      if (!("frames" in outcome)) {
        assertEquals(file, 3);
        continue;
      }
      const { firstFrame, frameCount } = levelled.utterances[file];
      assertEquals(outcome.frames, levelled.frames.subarray(firstFrame * 64, (firstFrame + frameCount) * 64));
    }
    assertEquals(await extractFeatures(corpus, { cacheDir }), plain);
  });
});

Deno.test("extractFeatures() recomputes damaged frames in the cache", async () => {
  await withCorpus(async (corpus, cacheDir) => {
    const plain = await extractFeatures(corpus, { cacheDir });
    const kept = await contents(cacheDir);
    const [[name, whole], [, another]] = kept;
    const flipped = (at: number) => whole.with(at, whole[at] ^ 0x40);
    const damages: [string, Uint8Array][] = [
      ["empty", new Uint8Array(0)],
      ["cut in the header", whole.slice(0, 40)],
      ["cut short", whole.slice(0, -256)],
      ["longer", new Uint8Array([...whole, 0, 0, 0, 0])],
      ["of another recording", another],
      ...[0, 33, 37, 41, 49, 53, 57, whole.length - 1].map((at): [string, Uint8Array] => [`byte ${at}`, flipped(at)]),
    ];
    for (const [what, bytes] of damages) {
      await Deno.writeFile(join(cacheDir, name), bytes);
      assertEquals(await extractFeatures(corpus, { cacheDir, threads: 1 }), plain, what);
      assertEquals(await contents(cacheDir), kept, what);
    }
  });
});

Deno.test("extractFeatures() reports once that the cache can't be written, and continues", async () => {
  await withCorpus(async (corpus, _, dir) => {
    const plain = await extractFeatures(corpus);
    const cacheDir = join(dir, "angry/a.wav", "cache"); // below a file
    for (const threads of [1, 3]) {
      const said: string[] = [];
      const onCacheFault = (message: string) => said.push(message);
      assertEquals(await extractFeatures(corpus, { cacheDir, threads, onCacheFault }), plain);
      assertEquals(said.length, 1);
      assert(said[0].startsWith(`${cacheDir}: can't cache frames there (`), said[0]);
    }
  });

  await withCorpus(async (corpus, cacheDir, dir) => {
    const plain = await extractFeatures(corpus), said: string[] = [];
    const bytes = await Deno.readFile(join(dir, "angry/a.wav"));
    const taken = join(cacheDir, `${new FrameCache(cacheDir).key(bytes)}.frames`);
    await Deno.mkdir(join(taken, "not empty"), { recursive: true });
    const onCacheFault = (message: string) => said.push(message);
    assertEquals(await extractFeatures(corpus, { cacheDir, threads: 1, onCacheFault }), plain);
    assertEquals(said.length, 1);
    assertEquals([...await Array.fromAsync(Deno.readDir(cacheDir))].map(({ name }) => name), [
      basename(taken),
    ]);
  });
});
