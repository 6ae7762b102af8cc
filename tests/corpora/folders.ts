/** Folders of tiny recordings, created for a test and removed afterwards. */
import { dirname, join } from "@std/path";
import type { ReadResult, ReadSetup } from "../../corpora/feature_frames.ts";
import { recordingCrew } from "../../corpora/feature_reading.ts";
import { encodeWav } from "../../dsp/wav.ts";

/** A recording of a tone, as a WAV file's bytes; default: 0.4 s, just longer than a segment. */
export function tone(seconds = 0.4, hz = 440): Uint8Array<ArrayBuffer> {
  const samples = Float32Array.from({ length: Math.round(16000 * seconds) }, (_, i) => {
    return 0.3 * Math.sin(2 * Math.PI * hz * i / 16000);
  });
  return encodeWav(samples, 16000);
}

/** Runs `body` with a new folder of the given files: by path, a text, bytes, or null for a unique tone. */
export async function withFolder(
  files: Record<string, string | Uint8Array | null>,
  body: (dir: string) => Promise<void>,
): Promise<void> {
  const dir = await Deno.makeTempDir({ prefix: "epr_corpus_" });
  try {
    for (const [i, [name, content]] of Object.entries(files).entries()) {
      const file = join(dir, name);
      await Deno.mkdir(dirname(file), { recursive: true });
      // two recordings with the same content would be copies
      const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content ?? tone(0.4, 440 + 3 * i);
      await Deno.writeFile(file, bytes);
    }
    await body(dir);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

/** The named files, each a tone. */
export function tones(...names: string[]): Record<string, null> {
  return Object.fromEntries(names.map((name) => [name, null]));
}

/** Reads recordings with `threads` worker threads, and by them alone. */
export async function readWithWorkers(
  workers: number,
  files: readonly string[],
  setup: ReadSetup = {},
  program?: URL,
): Promise<ReadResult[]> {
  const crew = recordingCrew(program);
  try {
    crew.start(workers);
    return await crew.run({ setup, jobs: files.map((file, utterance) => ({ utterance, file })) });
  } finally {
    await crew.close();
  }
}
