/** Features: frames stored once, segments as views, and skipped recordings. */
import { assert, assertEquals, assertMatch, assertRejects, assertStrictEquals } from "@std/assert";
import { assertOptionError } from "../option_errors.ts";
import { join } from "@std/path";
import type { Corpus } from "../../corpora/corpus.ts";
import { extractFeatures } from "../../corpora/features.ts";
import { openCorpus } from "../../corpora/open.ts";
import { logMel } from "../../dsp/log_mel.ts";
import { emodbDir, noEmodb } from "../emodb.ts";
import { tone, withFolder } from "./folders.ts";
import { assertFileError } from "../file_errors.ts";

const jpeg = Uint8Array.of(
  0xff,
  0xd8,
  0xff,
  0xe0,
  0,
  16,
  ...new TextEncoder().encode("JFIF\0"),
  ...new Uint8Array(500),
);

/** 0.4 s: 1 + floor((6400 - 400) / 160) = 38 frames, 7 segments at hop 1, 3 at hop 3. 0.5 s: 48, 17 and 6. */
const two = { "angry/a.wav": tone(0.4, 300), "sad/b.wav": tone(0.5, 900) };

Deno.test("extractFeatures() stores each frame once, and a segment starts every hop", async () => {
  await withFolder(two, async (dir) => {
    const corpus = await openCorpus("folder", { data: dir });
    const features = await extractFeatures(corpus, { segmentHop: 3 });
    assertEquals(features.emotions, ["anger", "sadness"]);
    assertEquals(features.frames.length, (38 + 48) * 64);
    const [a, b] = features.utterances;
    assertEquals([a.firstFrame, a.frameCount, a.firstSegment, a.segmentCount, a.emotion], [0, 38, 0, 3, 0]);
    assertEquals([b.firstFrame, b.frameCount, b.firstSegment, b.segmentCount, b.emotion], [38, 48, 3, 6, 1]);
    assertEquals([...features.segmentStart], [0, 3, 6, 38, 41, 44, 47, 50, 53]);
    assertEquals([...features.segmentUtterance], [0, 0, 0, 1, 1, 1, 1, 1, 1]);
    assertEquals(features.segmentTruth, undefined);
    assert(Math.abs(features.seconds - 0.9) < 1e-9);
    const alone = logMel((await corpus.utterances[1].read()).samples);
    assertEquals(features.frames.subarray(38 * 64), alone);
  });
});

Deno.test("extractFeatures() skips 10 ms of sound and a JPEG named wav, with the reason", async () => {
  await withFolder({ ...two, "sad/short.wav": tone(0.01), "sad/photo.wav": jpeg, "sad/empty.wav": "" }, async (dir) => {
    const features = await extractFeatures(await openCorpus("folder", { data: dir }));
    assertEquals(features.utterances.map(({ id }) => id), ["angry/a", "sad/b"]);
    const [empty, photo, short] = features.skipped;
    assertStrictEquals(empty.path, join(dir, "sad/empty.wav"));
    assertStrictEquals(photo.path, join(dir, "sad/photo.wav"));
    assertMatch(photo.reason, /JPEG|RIFF/i);
    assert(!photo.reason.includes(dir), "the file stands beside the reason, not in it");
    assertEquals(short, {
      path: join(dir, "sad/short.wav"),
      reason: "expected at least 335 ms of sound, one segment, found 10 ms",
    });
  });
});

Deno.test("extractFeatures() accepts 335 ms and not a sample less", async () => {
  const bytes = (samples: number) => tone(samples / 16000);
  await withFolder({ ...two, "sad/just.wav": bytes(5360), "sad/less.wav": bytes(5359) }, async (dir) => {
    const features = await extractFeatures(await openCorpus("folder", { data: dir }));
    assertEquals(features.utterances.map(({ segmentCount }) => segmentCount), [7, 17, 1]);
    assertEquals(features.skipped.length, 1);
  });
});

Deno.test("extractFeatures() refuses a corpus with one emotion left, and names the first skipped file", async () => {
  await withFolder({ "angry/a.wav": tone(), "sad/photo.wav": jpeg }, async (dir) => {
    const corpus = await openCorpus("folder", { data: dir });
    await assertFileError(
      () => extractFeatures(corpus),
      { found: /^only one emotion, anger \(1 utterance\).*Left out: 1 file, the first .*photo\.wav: / },
    );
  });
});

Deno.test("extractFeatures() gives a segment the true emotion of most of its frames", async () => {
  // 38 frames: the truth changes from neutral to anger at frame 20, so segments 0..3 have 20, 19, 18, 17 neutral of 32
  const samples = new Float32Array(6400);
  const truth = Uint8Array.from({ length: 38 }, (_, frame) => frame < 20 ? 1 : 0);
  const base = { speaker: "s", text: "" };
  const corpus: Corpus = {
    name: "made",
    emotions: ["anger", "neutral", "sadness"],
    utterances: [
      { id: "a", emotion: "anger", ...base, read: () => Promise.resolve({ samples, seconds: 0.4, truth }) },
      {
        id: "b",
        emotion: "neutral",
        ...base,
        read: () => Promise.resolve({ samples, seconds: 0.4, truth: truth.map(() => 1) }),
      },
      { id: "c", emotion: "sadness", ...base, read: () => Promise.reject(new Error("gone")) },
    ],
    skipped: [],
    segmentHop: 1,
  };
  const features = await extractFeatures(corpus);
  assertEquals(features.emotions, ["anger", "neutral"]);
  assertEquals([...features.segmentTruth!.subarray(0, 4)], [1, 1, 1, 1]);
  assertEquals([...features.segmentTruth!.subarray(5, 7)], [0, 0]);
  assertEquals([...features.segmentTruth!.subarray(7)], [1, 1, 1, 1, 1, 1, 1]);
  assertEquals(features.skipped, [{ path: "c", reason: "gone" }]);
});

Deno.test("extractFeatures() reports progress, stops on request and refuses a hop that is not a whole number", async () => {
  const corpus = await openCorpus("synthetic", { size: { utterances: 5, speakers: 1 } });
  const seen: number[] = [];
  await extractFeatures(corpus, { onProgress: (done, total) => seen.push(done / total) });
  assertEquals(seen, [0.2, 0.4, 0.6, 0.8, 1]);
  const abort = new AbortController();
  const stopped = extractFeatures(corpus, {
    signal: abort.signal,
    onProgress: () => abort.abort(new Error("enough")),
  });
  await assertRejects(() => stopped, Error, "enough");
  await assertOptionError(() => extractFeatures(corpus, { segmentHop: 0 }), "segmentHop", /found 0/);
});

const emodb = emodbDir();
Deno.test({
  name: `extractFeatures() gives Emo-DB's 131,053 segments, and every file's own (${noEmodb})`,
  ignore: emodb === undefined,
  async fn() {
    const golden = JSON.parse(await Deno.readTextFile(new URL("../golden/emodb_segments.json", import.meta.url)));
    const features = await extractFeatures(await openCorpus("emodb", { data: emodb }));
    const counts = features.utterances.map(({ id, segmentCount }) => [`${id}.wav`, segmentCount]);
    assertEquals(Object.fromEntries(counts), golden.segments_per_file);
    assertEquals(features.segmentStart.length, 131053);
    assertEquals(features.seconds.toFixed(1), "1487.1");
    assertEquals(features.skipped, []);
  },
});

Deno.test("a recording shorter than a segment is padded with its last frame, one shorter than 32 frames is skipped", async () => {
  const recordings = {
    "angry/a/long.wav": tone(1),
    "angry/a/short.wav": tone(0.5), // 48 frames
    "sad/a/shortest.wav": tone(0.3),
    "sad/a/long.wav": tone(0.9),
  };
  await withFolder(recordings, async (dir) => {
    const corpus = await openCorpus("folder", { data: dir });
    const features = await extractFeatures(corpus, { segmentFrames: 64 }), plain = await extractFeatures(corpus);
    assertEquals([features.segmentFrames, features.padded, features.skipped.length], [64, 1, 1]);
    assertEquals([plain.segmentFrames, plain.padded], [32, 0]);
    const at = features.utterances.findIndex(({ id }) => id.includes("short"));
    const { firstFrame, frameCount, segmentCount } = features.utterances[at];
    assertEquals([frameCount, segmentCount, plain.utterances[at].frameCount], [64, 1, 48]);
    const frame = (f: number) => features.frames.slice((firstFrame + f) * 64, (firstFrame + f + 1) * 64);
    for (let f = 48; f < 64; f++) assertEquals(frame(f), frame(47));
    const long = features.utterances.find(({ seconds }) => seconds === 1)!;
    assertEquals(long.segmentCount, 98 - 64 + 1);
  });
});
