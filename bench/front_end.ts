/**
 * The front end: seconds of sound converted to log-mel frames per second, "times real time". First one thread on one
 * recording in memory, then all threads on a whole corpus read from files (two folders of noise, unless Emo-DB is given),
 * without a cache.
 */
import { join } from "@std/path";
import { extractFeatures } from "../corpora/features.ts";
import { openCorpus } from "../corpora/open.ts";
import { logMel } from "../dsp/log_mel.ts";
import { decodeRecording } from "../dsp/recording.ts";
import { encodeWav } from "../dsp/wav.ts";
import { noise } from "../lab/kernels.ts";
import type { TaskRow } from "../lab/results.ts";
import { type Budget, timeAlone } from "../lab/timing.ts";

/** Options of the measurement. */
export interface FrontEndOptions {
  /** The time to spend. */
  budget: Budget;
  /** Whether to use only a little sound. */
  quick: boolean;
  /** Number of reading threads; default: one per processor. */
  threads?: number;
  /** A folder of Emo-DB to read instead of noise. */
  emodb?: string;
}

/** Times the front end. Reads and writes a temporary folder. */
export async function benchFrontEnd({ budget, quick, emodb, threads }: FrontEndOptions): Promise<TaskRow[]> {
  const seconds = quick ? 1 : 30;
  const rows: TaskRow[] = [];
  for (const [rate, what] of [[16000, "decode, log-mel"], [44100, "decode, resample, log-mel"]] as const) {
    const wav = encodeWav(noise(seconds * rate, rate).map((v) => v / 4), rate);
    const spread = await timeAlone(() => logMel(decodeRecording(wav, "noise").samples), budget);
    rows.push({
      name: what,
      shape: `${seconds} s at ${rate} Hz, 1 thread`,
      seconds: spread,
      rate: seconds / spread.median,
      unit: "times real time",
    });
  }
  const folder = emodb ?? await writeNoise(quick);
  try {
    const corpus = await openCorpus(emodb === undefined ? "folder" : "emodb", { data: folder });
    let sound = 0;
    const spread = await timeAlone(async () => sound = (await extractFeatures(corpus, { threads })).seconds, budget);
    rows.push({
      name: "wav files to log-mel",
      shape: `${emodb === undefined ? "noise" : "Emo-DB"}, ${corpus.utterances.length} files, ${sound.toFixed(0)} s`,
      seconds: spread,
      rate: sound / spread.median,
      unit: "times real time",
    });
  } finally {
    if (emodb === undefined) await Deno.remove(folder, { recursive: true });
  }
  return rows;
}

/** Writes recordings of three seconds to two folders, all different. Returns the parent folder. */
async function writeNoise(quick: boolean): Promise<string> {
  const files = quick ? 2 : 100, rate = 16000;
  const parent = await Deno.makeTempDir({ prefix: "epr-bench-" });
  for (const [e, emotion] of ["anger", "neutral"].entries()) {
    await Deno.mkdir(join(parent, emotion));
    for (let i = 0; i < files; i++) {
      const samples = noise(3 * rate, e * files + i + 1).map((v) => v / 4);
      await Deno.writeFile(join(parent, emotion, `${i}.wav`), encodeWav(samples, rate));
    }
  }
  return parent;
}
