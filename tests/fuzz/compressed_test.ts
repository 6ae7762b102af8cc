/**
 * Randomly changed compressed recordings: each is read, or refused with our own error, quickly and in little memory.
 *
 * EPR_FUZZ=10000 sets the total number; default: 150. EPR_FUZZ_SEED sets another start.
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { join } from "@std/path";
import { readRecording, RecordingReader } from "../../dsp/recording_reader.ts";
import { encodeWav } from "../../dsp/wav.ts";
import { Random } from "../../kernels/random.ts";
import { mutateBytes, pick } from "./mutate.ts";

const TURNS = Number(Deno.env.get("EPR_FUZZ") ?? 150);
const SEED = Number(Deno.env.get("EPR_FUZZ_SEED") ?? 1);

/** Most seconds for one, and most bytes by which the program may grow over all of them. */
const LONGEST = 10, MOST_MEMORY = 500e6;

/** The fuzzer's original files, and FFmpeg's options for them. */
const KINDS: Record<string, string[]> = {
  "a.flac": ["-c:a", "flac"],
  "b.flac": ["-ac", "2", "-sample_fmt", "s32", "-c:a", "flac"],
  "a.mp3": ["-c:a", "libmp3lame", "-b:a", "16k"],
  "b.mp3": ["-ar", "44100", "-ac", "2", "-c:a", "libmp3lame", "-q:a", "5", "-id3v2_version", "0", "-write_xing", "0"],
  "a.ogg": ["-c:a", "libvorbis"],
  "flac.ogg": ["-c:a", "flac"],
  "a.opus": ["-c:a", "libopus", "-page_duration", "100000"],
  "a.m4a": ["-c:a", "aac", "-b:a", "24k"],
  "b.m4a": ["-c:a", "aac", "-b:a", "24k", "-movflags", "+faststart"],
  "alac.m4a": ["-ac", "2", "-c:a", "alac"],
  "a.aac": ["-c:a", "aac", "-b:a", "24k"],
};

const installed = (() => {
  try {
    return new Deno.Command("ffmpeg", { args: ["-version"], stdout: "null", stderr: "null" }).outputSync().success;
  } catch {
    return false;
  }
})();

/** The files, made by FFmpeg. */
async function makeFiles(): Promise<Uint8Array[]> {
  const dir = await Deno.makeTempDir({ prefix: "epr_fuzz_" });
  try {
    const sound = Float32Array.from({ length: 6400 }, (_, i) => 0.5 * Math.sin(i * (0.1 + i * 1e-5)));
    await Deno.writeFile(join(dir, "source.wav"), encodeWav(sound, 16000));
    const outputs = Object.entries(KINDS).flatMap(([name, options]) => [...options, join(dir, name)]);
    const args = ["-v", "error", "-bitexact", "-i", join(dir, "source.wav"), ...outputs];
    const { success, stderr } = await new Deno.Command("ffmpeg", { args, stdin: "null" }).output();
    assert(success, new TextDecoder().decode(stderr));
    return await Promise.all(Object.keys(KINDS).map((name) => Deno.readFile(join(dir, name))));
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

/** The result, or the error's message. */
async function attempt<T>(run: () => Promise<T>): Promise<T | string> {
  try {
    return await run();
  } catch (error) {
    return String(error);
  }
}

/** The samples of a file that arrives in pieces. */
async function inPieces(file: Uint8Array, random: Random): Promise<Float32Array> {
  const reader = new RecordingReader("fuzz.wav"), parts: Float32Array[] = [];
  for (let at = 0, size; at < file.length; at += size) {
    size = 1 + random.below(pick(random, [100, 2000, 65536]));
    parts.push(...await reader.push(file.subarray(at, at + size)));
  }
  parts.push(...await reader.finish());
  return Float32Array.from(parts.flatMap((part) => [...part]));
}

Deno.test({
  name: `mutated compressed recordings are read, or refused with our own error, whole and in pieces${
    installed ? "" : " (FFmpeg is not installed here)"
  }`,
  ignore: !installed,
  fn: async () => {
    const files = await makeFiles(), kinds = Object.keys(KINDS), outcomes = new Map<string, number>();
    for (const [i, file] of files.entries()) {
      const { samples, warnings } = await readRecording(file, kinds[i]);
      assertEquals(warnings, [], kinds[i]);
      assert(samples.length >= 6400 && samples.some((y) => Math.abs(y) > 0.3), kinds[i]);
    }
    const before = Deno.memoryUsage().rss, began = performance.now();
    let longest = 0, most = 0;
    for (let turn = 0; turn < TURNS; turn++) {
      const random = new Random(SEED, turn, 77), started = performance.now(), kind = turn % files.length;
      const file = mutateBytes(files[kind], random, pick(random, [60, 400, 3000]));
      const where = `turn ${turn} of seed ${SEED}, ${kinds[kind]}`;
      let outcome = "read";
      for (
        const result of [
          await attempt(async () => (await readRecording(file, "fuzz.wav")).samples),
          await attempt(() => inPieces(file, random)),
        ]
      ) {
        if (typeof result === "string") {
          assertMatch(result, /^TypeError: fuzz\.wav: [^]+(; |: )expected /, where);
          outcome = "refused";
        } else {
          assert(result.every(Number.isFinite), where);
          assert(result.length < 1e6, `${where}: ${result.length} samples`);
        }
      }
      outcomes.set(outcome, 1 + (outcomes.get(outcome) ?? 0));
      longest = Math.max(longest, performance.now() - started);
      if (turn % 16 === 0) most = Math.max(most, Deno.memoryUsage().rss - before);
    }
    const [ms, mega, seconds] = [longest, most / 1e6, (performance.now() - began) / 1000].map(Math.round);
    console.log(
      `${TURNS} compressed recordings, seed ${SEED}: ${[...outcomes].map(([name, n]) => `${n} ${name}`).join(", ")}; ` +
        `the longest took ${ms} ms, memory grew by ${mega} MB at most, ${seconds} s in all`,
    );
    assert(longest < 1000 * LONGEST, `one took ${ms} ms`);
    assert(most < MOST_MEMORY, `memory grew by ${mega} MB`);
    for (const name of ["read", "refused"]) assert((outcomes.get(name) ?? 0) > TURNS / 10, name);
  },
});
