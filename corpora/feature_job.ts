/**
 * A recording to be read, as a job: what a worker thread and the thread that starts it both do. So both give the same bits and the
 * same words for a fault.
 */
import { type Level, withLevel } from "../dsp/levelling.ts";
import { type FrontEnd, frontEnd } from "../dsp/settings.ts";
import type { Span } from "./corpus.ts";
import { FrameCache } from "./feature_cache.ts";
import { framesOf, type Outcome, reasonOf, SpanReader } from "./feature_frames.ts";

/** How recordings are read. */
export interface ReadSetup {
  /** the folder of the cache, if there is one */
  cacheDir?: string;
  /** whether each recording is brought to one level; none if not said */
  level?: Level;
}

/** A recording, or a part of one. */
export interface ReadJob {
  /** as an index into the corpus's utterances */
  utterance: number;
  /** a path */
  file: string;
  /** the part that is to be read; the whole of it if not said */
  span?: Span;
}

/** What comes of it. */
export interface ReadResult {
  /** frames, or what is wrong with it */
  outcome: Outcome;
  /** why frames can't be kept in the cache, if so */
  cacheFault?: string;
}

/** Reads recordings, one after the other. */
export class RecordingReader {
  readonly #settings: FrontEnd;
  readonly #parts: SpanReader;
  readonly #cache?: FrameCache;

  /** Makes the folder of the cache if it is not there. */
  constructor({ cacheDir, level = "none" }: ReadSetup) {
    this.#settings = withLevel(frontEnd, level);
    this.#parts = new SpanReader(this.#settings);
    if (cacheDir !== undefined) this.#cache = new FrameCache(cacheDir, this.#settings);
  }

  /** How many recordings the cache had nothing of. */
  get misses(): number {
    return this.#cache?.misses ?? 0;
  }

  /** Reads a recording; what is wrong with it is no error. */
  async read(job: ReadJob): Promise<ReadResult> {
    const outcome = await this.#frames(job).catch((error) => ({ reason: reasonOf(error, job.file) }));
    return { outcome, cacheFault: this.#cache?.fault };
  }

  async #frames({ file, span }: ReadJob): Promise<Outcome> {
    const read = () => Deno.readFileSync(file);
    if (span !== undefined) return await this.#parts.frames(file, span, read);
    return await framesOf(read(), file, { cache: this.#cache, settings: this.#settings });
  }
}
