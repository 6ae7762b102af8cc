/**
 * The front end: seconds of sound that become log-mel frames in a second, "times real time". First what one thread does
 * to one recording in memory, then a whole corpus from its files (two folders of noise, unless there is a real one) by all
 * threads, with nothing cached.
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

/** How it is measured. */
export interface FrontEndOptions {
  /** How much time to spend. */
  budget: Budget;
  /** Whether a little sound will do. */
  quick: boolean;
  /** Threads that read a corpus; one a processor if not said. */
  threads?: number;
  /** A folder with Emo-DB, to read instead of noise. */
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

/** Recordings of three seconds in two folders, no two alike: the parent folder. */
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
