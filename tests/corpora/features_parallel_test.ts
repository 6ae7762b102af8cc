/** Features by several threads: the same as by one, bit for bit, and errors instead of hangs. */
import { assertAlmostEquals, assertEquals, assertMatch, assertRejects, assertStrictEquals } from "@std/assert";
import { assertOptionError } from "../option_errors.ts";
import { basename, join } from "@std/path";
import type { Corpus } from "../../corpora/corpus.ts";
import { readUtterances } from "../../corpora/feature_reading.ts";
import { extractFeatures } from "../../corpora/features.ts";
import type { RecordingFrames } from "../../corpora/recording_frames.ts";
import { openCorpus } from "../../corpora/open.ts";
import { logMel } from "../../dsp/log_mel.ts";
import { decodeRecording } from "../../dsp/recording.ts";
import { encodeWav } from "../../dsp/wav.ts";
import { readWithWorkers, tone, withFolder } from "./folders.ts";
import { CrewError } from "../../workers/crew.ts";

/** Twelve recordings of two emotions, at 16 and 22.05 kHz, and three invalid files. */
const recordings: Record<string, string | Uint8Array> = { "sad/text.wav": "no sound", "sad/short.wav": tone(0.1) };
for (let i = 0; i < 12; i++) {
  const samples = Float32Array.from({ length: 9000 + 700 * i }, (_, n) => 0.4 * Math.sin(n * n * 1e-5 * (i + 1)));
  recordings[`${i % 2 ? "sad" : "angry"}/${i}.wav`] = encodeWav(samples, i % 3 ? 16000 : 22050);
}

Deno.test("workers alone read every recording as decodeRecording() and logMel() do", async () => {
  await withFolder(recordings, async (dir) => {
    const files = Object.keys(recordings).map((name) => join(dir, name));
    // one worker first: `deno test` type-checks a worker's file on its first start, and three would do so at once
    const results = [...await readWithWorkers(1, files), ...await readWithWorkers(3, files)];
    assertEquals(results.length, 2 * files.length);
    for (const [i, { outcome }] of results.entries()) {
      const file = i % files.length, bytes = await Deno.readFile(files[file]);
      if (files[file].endsWith("text.wav")) {
        assertMatch("reason" in outcome ? outcome.reason : "", /^not a wav file/);
      } else {
        const { samples, seconds, sampleRate, levels } = decodeRecording(bytes, files[file]);
        const { sound, ...others } = outcome as RecordingFrames & { digest: string };
        assertEquals(others, { frames: logMel(samples), seconds, digest: await sha256(bytes) });
        const mean = samples.reduce((sum, x) => sum + x / samples.length, 0);
        const power = samples.reduce((sum, x) => sum + (x - mean) ** 2 / samples.length, 0);
        assertAlmostEquals(sound!.level, 10 * Math.log10(power), 1e-6);
        assertEquals({ ...sound!, level: 0 }, { sampleRate, peak: levels.peak, level: 0, clipped: 0 });
      }
    }
  });
});

/** Through the web's API, since `node:crypto` is under test. */
async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
}

Deno.test("extractFeatures() gives the same features, progress and reasons with 1 to 4 threads", async () => {
  await withFolder({ ...recordings, "sad/gone.wav": tone() }, async (dir) => {
    const corpus = await openCorpus("folder", { data: dir });
    await Deno.remove(join(dir, "sad/gone.wav"));
    const one = await extractFeatures(corpus, { threads: 1 });
    assertEquals(one.skipped.map(({ path: file }) => basename(file)), ["gone.wav", "short.wav", "text.wav"]);
    assertEquals(one.utterances.length, 12);
    for (let threads = 2; threads <= 4; threads++) {
      const seen: number[] = [];
      const onProgress = (done: number, total: number) => seen.push(done, total);
      assertEquals(await extractFeatures(corpus, { threads, onProgress }), one);
      assertEquals(seen, Array.from({ length: 15 }, (_, i) => [i + 1, 15]).flat());
    }
  });
});

Deno.test("a thread that dies while it reads a recording is an error with the file's name", async () => {
  const dying = new URL("../workers/dying_worker.ts", import.meta.url);
  const { job, message } = await assertRejects(() => readWithWorkers(1, ["only.wav"], {}, dying), CrewError);
  assertStrictEquals(job, "only.wav");
  assertMatch(message, /: its worker thread died \(.*out of luck.*\)$/);
});

Deno.test("readUtterances() reads everything itself if no other thread can start", async () => {
  await withFolder(recordings, async (dir) => {
    const { utterances } = await openCorpus("folder", { data: dir });
    const worker = new URL("./no_such_worker.ts", import.meta.url);
    const outcomes = await readUtterances(utterances, true, { threads: 3, worker });
    assertEquals(outcomes, await readUtterances(utterances, true, { threads: 1 }));
  });
});

Deno.test("extractFeatures() stops on request, with workers too, and passes on what onProgress throws", async () => {
  await withFolder(recordings, async (dir) => {
    const corpus = await openCorpus("folder", { data: dir });
    for (const threads of [1, 3]) {
      const abort = new AbortController();
      const onProgress = (done: number) => done === 3 && abort.abort(new Error("enough"));
      const stopped = await assertRejects(
        () => extractFeatures(corpus, { threads, signal: abort.signal, onProgress }),
        Error,
      );
      assertStrictEquals(stopped, abort.signal.reason);
      const failing = () => {
        throw new Error("no bar");
      };
      await assertRejects(() => extractFeatures(corpus, { threads, onProgress: failing }), Error, "no bar");
    }
    for (const threads of [0, 2.5, 65]) {
      await assertOptionError(() => extractFeatures(corpus, { threads }), "threads", /from 1 to 64, found /);
    }
  });
});

Deno.test("extractFeatures() calls read() of the utterances of a corpus made by hand, whatever their path", async () => {
  const samples = Float32Array.from({ length: 8000 }, (_, n) => Math.sin(n / 7));
  const read = () => Promise.resolve({ samples, seconds: 0.5 });
  const base = { speaker: "s", text: "", path: "somewhere.flac", read };
  const utterances = [{ id: "a", emotion: "anger", ...base }, { id: "b", emotion: "fear", ...base }];
  const corpus: Corpus = { name: "mine", emotions: ["anger", "fear"], utterances, skipped: [], segmentHop: 1 };
  const features = await extractFeatures(corpus, { threads: 2 });
  assertEquals(features.frames.subarray(0, features.frames.length / 2), logMel(samples));
});
