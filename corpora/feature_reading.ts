/**
 * Reads all utterances of a corpus: recordings on this thread and on worker threads (`workers/crew.ts`), utterances
 * made in memory on this thread alone. Both give the same result, bit for bit.
 *
 * @module
 */
import { OptionError } from "../base/option_error.ts";
import { type Level, withLevel } from "../dsp/levelling.ts";
import { type FrontEnd, frontEnd } from "../dsp/settings.ts";
import { Crew, MOST_THREADS } from "../workers/crew.ts";
import type { Conditions } from "./conditions.ts";
import type { Utterance } from "./corpus.ts";
import {
  digestOf,
  frame,
  FrameReader,
  type ReadJob,
  type ReadOutcome,
  type ReadResult,
  type ReadSetup,
  reasonOf,
} from "./feature_frames.ts";

/** How utterances are read. */
export interface ReadingOptions {
  /** whether each recording is brought to one level; default: none */
  level?: Level;
  /** the conditions of training; default: clean */
  conditions?: Conditions;
  /**
   * number of reading threads including this one, 1 to 64; default: one per processor, but at most one per 16
   * utterances
   */
  threads?: number;
  /** a folder that caches frames between runs */
  cacheDir?: string;
  /** receives, once, the reason why frames can't be cached */
  onCacheFault?: (message: string) => void;
  /** receives warnings about recordings that were read despite a fault, one line each, with the file's name */
  onWarning?: (line: string) => void;
  /** receives the number of utterances done, and the total */
  onProgress?: (done: number, total: number) => void;
  /** aborts the reading: the promise then rejects with the signal's reason */
  signal?: AbortSignal;
  /** the worker's program; tests replace it */
  worker?: URL;
}

/** Files per thread: a machine with many processors does not start all of them for a small corpus. */
const FILES_A_THREAD = 16;

/** Milliseconds of reading that are not worth a worker. */
const HEAD_START = 10;

/** Number of cache misses that are not worth a worker: one thread reads cached recordings as fast as two. */
const FEW_MISSES = 4;

/** Worker threads that read recordings. */
export function recordingCrew(
  program: URL = new URL("./feature_worker.ts", import.meta.url),
): Crew<ReadSetup, ReadJob, ReadResult> {
  return new Crew({ program, name: ({ file }) => file });
}

/**
 * Reads every utterance and returns the results in order.
 *
 * @param recordings whether each is a wav file that can be read by its `path` alone
 * @throws {OptionError} if `threads` is out of its range
 * @throws {Error} if a worker dies or hangs, with the file that it was reading
 */
export async function readUtterances(
  utterances: readonly Utterance[],
  recordings: boolean,
  options: ReadingOptions = {},
): Promise<ReadOutcome[]> {
  const { onProgress, onCacheFault, onWarning, cacheDir, signal, worker, level = "none", conditions = "clean" } =
    options;
  const settings = withLevel(frontEnd, level);
  const useful = Math.ceil(utterances.length / FILES_A_THREAD);
  const threads = options.threads ?? Math.max(1, Math.min(MOST_THREADS, navigator.hardwareConcurrency, useful));
  if (!(Number.isInteger(threads) && threads >= 1 && threads <= MOST_THREADS)) {
    throw new OptionError({ option: "threads", required: `a whole number from 1 to ${MOST_THREADS}`, found: threads });
  }
  const outcomes = new Array<ReadOutcome>(utterances.length);
  let done = 0, faultSaid = false;
  const take = ({ outcome, cacheFault }: ReadResult, i: number) => {
    outcomes[i] = outcome;
    if ("frames" in outcome) outcome.warnings?.forEach((line) => onWarning?.(line));
    if (cacheFault !== undefined && !faultSaid) {
      faultSaid = true;
      onCacheFault?.(cacheFault);
    }
    onProgress?.(++done, utterances.length);
  };

  const setup = { cacheDir, level, conditions }, begun = performance.now();
  const crew = recordingCrew(worker);
  const helpers = Math.min(threads, utterances.length) - 1,
    reader = recordings ? new FrameReader(setup) : undefined;
  const readHere = async (job: ReadJob): Promise<ReadResult> => {
    if (reader === undefined) return { outcome: await readSpoken(utterances[job.utterance], settings, conditions) };
    const worthwhile = (options.threads !== undefined || performance.now() - begun > HEAD_START) &&
      reader.misses >= (cacheDir === undefined ? 0 : FEW_MISSES);
    if (helpers > 0 && !crew.started && worthwhile) crew.start(helpers);
    return await reader.read(job);
  };
  const jobs = utterances.map(({ path, id, span }, utterance) => ({ utterance, file: path ?? id, span }));
  try {
    await crew.run({ setup, jobs, here: readHere, onResult: take, signal });
  } finally {
    await crew.close();
  }
  return outcomes;
}

async function readSpoken(utterance: Utterance, settings: FrontEnd, conditions: Conditions): Promise<ReadOutcome> {
  try {
    const { samples, seconds, truth } = await utterance.read();
    const digest = digestOf(samples);
    return { ...frame(samples, digest, settings, conditions), seconds, truth, digest };
  } catch (error) {
    return { reason: reasonOf(error, utterance.path ?? utterance.id) };
  }
}
