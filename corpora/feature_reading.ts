/**
 * Reads all utterances of a corpus: recordings on this thread and on workers (`feature_crew.ts`), whatever is made in memory
 * on this thread alone. What comes of each is the same either way, to the bit.
 *
 * @module
 */
import { OptionError } from "../base/option_error.ts";
import { type Level, withLevel } from "../dsp/levelling.ts";
import { logMel } from "../dsp/log_mel.ts";
import { type FrontEnd, frontEnd } from "../dsp/settings.ts";
import type { Utterance } from "./corpus.ts";
import { FrameCache } from "./feature_cache.ts";
import { Crew } from "./feature_crew.ts";
import { digestOf, framesOf, type Outcome, reasonOf, SpanReader } from "./feature_frames.ts";

/** How utterances are read. */
export interface ReadingOptions {
  /** whether each recording is brought to one level; none if not said */
  level?: Level;
  /** threads that read, this one among them, 1 to 64; if not said, one a processor, and no more than one for 16 utterances */
  threads?: number;
  /** a folder in which frames are kept between runs */
  cacheDir?: string;
  /** hears, once, why frames can't be kept there */
  onCacheFault?: (message: string) => void;
  /** hears what is wrong with a recording that was read all the same, in a line that names it */
  onWarning?: (line: string) => void;
  /** hears how many utterances are done, of how many */
  onProgress?: (done: number, total: number) => void;
  /** aborts: the promise then rejects with the signal's reason */
  signal?: AbortSignal;
  /** the worker's own file; tests give others */
  worker?: URL;
}

/** The most threads that may be asked for. */
const MOST_THREADS = 64;

/** A machine of many processors does not start them all for a small corpus. */
const FILES_A_THREAD = 16;

/** How long the event loop waits at most, ms: a Ctrl-C is heard within it, and one utterance's time. */
const YIELD_EVERY = 50;

/** What is read within this, ms, is not worth a worker. */
const HEAD_START = 10;

/** Nor is a corpus of whose recordings the cache misses fewer than this: one thread reads the others as fast as two. */
const FEW_MISSES = 4;

/**
 * Reads every utterance, and says what came of each, in their order.
 *
 * @param recordings whether each is a wav file that can be read by its `path` alone
 * @throws {OptionError} where `threads` is out of its range
 * @throws {Error} where a worker dies or hangs, naming the file it had
 */
export async function readUtterances(
  utterances: readonly Utterance[],
  recordings: boolean,
  options: ReadingOptions = {},
): Promise<Outcome[]> {
  const { onProgress, onCacheFault, onWarning, cacheDir, signal, worker, level = "none" } = options;
  const settings = withLevel(frontEnd, level);
  const useful = Math.ceil(utterances.length / FILES_A_THREAD);
  const threads = options.threads ?? Math.max(1, Math.min(MOST_THREADS, navigator.hardwareConcurrency, useful));
  if (!(Number.isInteger(threads) && threads >= 1 && threads <= MOST_THREADS)) {
    throw new OptionError({ option: "threads", required: `a whole number from 1 to ${MOST_THREADS}`, found: threads });
  }
  const cache = recordings && cacheDir !== undefined ? new FrameCache(cacheDir, settings) : undefined;
  const outcomes = new Array<Outcome>(utterances.length);
  let done = 0, faultSaid = false;
  const take = (i: number, outcome: Outcome, cacheFault?: string) => {
    outcomes[i] = outcome;
    if ("frames" in outcome) outcome.warnings?.forEach((line) => onWarning?.(line));
    if (cacheFault !== undefined && !faultSaid) {
      faultSaid = true;
      onCacheFault?.(cacheFault);
    }
    onProgress?.(++done, utterances.length);
  };

  const crew = new Crew(utterances.map(({ path, id }) => path ?? id), {
    onReport: ({ file, outcome, cacheFault }) => take(file, outcome, cacheFault),
    cacheDir,
    level,
    worker,
    ...(utterances.some(({ span }) => span !== undefined) && { spans: utterances.map(({ span }) => span) }),
  });
  const parts = new SpanReader(settings), how = { parts, cache, settings };
  const helpers = recordings ? Math.min(threads, utterances.length) - 1 : 0;
  const begun = performance.now();
  let yielded = begun;
  try {
    for (let i; (i = crew.claim()) !== undefined;) {
      const now = performance.now();
      const worthwhile = (options.threads !== undefined || now - begun > HEAD_START) &&
        (cache === undefined || cache.misses >= FEW_MISSES);
      if (helpers > 0 && !crew.started && worthwhile) crew.start(helpers);
      if (now - yielded > YIELD_EVERY) {
        await new Promise((resolve) => setTimeout(resolve, 0));
        yielded = performance.now();
      }
      signal?.throwIfAborted();
      const outcome = recordings ? await readRecording(utterances[i], how) : await readSpoken(utterances[i], settings);
      crew.done(i);
      take(i, outcome, cache?.fault);
    }
    await crew.finish(signal);
  } finally {
    await crew.close();
  }
  return outcomes;
}

async function readRecording(
  { path, span }: Utterance,
  { parts, ...how }: { parts: SpanReader; cache?: FrameCache; settings: FrontEnd },
): Promise<Outcome> {
  try {
    if (span !== undefined) return await parts.frames(path!, span, () => Deno.readFileSync(path!));
    // as the workers do: a promise for each small file would cost this thread a seventh of its time
    return await framesOf(Deno.readFileSync(path!), path!, how);
  } catch (error) {
    return { reason: reasonOf(error, path!) };
  }
}

async function readSpoken(utterance: Utterance, settings: FrontEnd): Promise<Outcome> {
  try {
    const { samples, seconds, truth } = await utterance.read();
    return { frames: logMel(samples, settings), seconds, truth, digest: digestOf(samples) };
  } catch (error) {
    return { reason: reasonOf(error, utterance.path ?? utterance.id) };
  }
}
