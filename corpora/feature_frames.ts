/**
 * One recording's frames: from the bytes of a file to log-mel, or from the cache if they were computed before. The
 * same few lines run on the thread that reads a corpus and in its workers, so both give the same bits and the same words for a fault.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { type Level, withLevel } from "../dsp/levelling.ts";
import { logMel } from "../dsp/log_mel.ts";
import type { Recording } from "../dsp/recording.ts";
import { readRecording } from "../dsp/recording_reader.ts";
import { type FrontEnd, frontEnd } from "../dsp/settings.ts";
import type { Span } from "./corpus.ts";
import { FrameCache } from "./feature_cache.ts";
import { cutSpan, requireContent } from "./files.ts";
import type { Framed, Sound } from "./framed.ts";

/** What came of an utterance: its frames, or why there are none. */
export type Outcome =
  | Framed & {
    /** what {@link digestOf} makes of the file, or of the samples where there is no file */
    digest: string;
    /** the emotion of each frame, where the corpus knows it */
    truth?: Uint8Array;
  }
  | {
    /** what is wrong with it, as the end of a sentence; the file is named beside it */
    reason: string;
  };

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
export class FrameReader {
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
    // not readFile(): a promise for each small file would cost the starter's thread a seventh of its time
    const read = () => Deno.readFileSync(file);
    if (span !== undefined) return await this.#parts.frames(file, span, read);
    return await framesOf(read(), file, { cache: this.#cache, settings: this.#settings });
  }
}

/**
 * The frames of a recording, wav or compressed.
 *
 * @param bytes the whole file
 * @param name what errors call it
 * @param cache where frames are looked for first, and kept: made for the same front end
 * @throws {Error} as `readRecording` does
 */
async function framesOf(
  bytes: Uint8Array,
  name: string,
  { cache, settings = frontEnd }: { cache?: FrameCache; settings?: FrontEnd } = {},
): Promise<Framed & { digest: string }> {
  const digest = digestOf(bytes);
  const key = cache?.key(bytes);
  const known = key === undefined ? undefined : cache!.read(key);
  if (known !== undefined) return { ...known, digest };
  requireContent(bytes, name);
  const recording = await readRecording(bytes, name, settings);
  const { samples, seconds, warnings } = recording;
  const framed = { frames: logMel(samples, settings), seconds, sound: measure(recording, samples) };
  // what is warned of is not kept, so that the next run warns of it too
  if (warnings.length > 0) return { ...framed, digest, warnings };
  if (key !== undefined) cache!.write(key, framed);
  return { ...framed, digest };
}

/** @param samples of the recording, or a part of them */
function measure(
  { sampleRate, levels: { peak, clippedShare } }: Recording,
  samples: Float32Array,
): Sound {
  // four sums at once: an addition waits for the one before it, not for those of other sums
  let s0 = 0, s1 = 0, s2 = 0, s3 = 0, q0 = 0, q1 = 0, q2 = 0, q3 = 0, i = 0;
  for (const end = samples.length - 3; i < end; i += 4) {
    const a = samples[i], b = samples[i + 1], c = samples[i + 2], d = samples[i + 3];
    s0 += a;
    s1 += b;
    s2 += c;
    s3 += d;
    q0 += a * a;
    q1 += b * b;
    q2 += c * c;
    q3 += d * d;
  }
  for (; i < samples.length; i++) {
    s0 += samples[i];
    q0 += samples[i] * samples[i];
  }
  const sum = s0 + s1 + s2 + s3, squares = q0 + q1 + q2 + q3;
  const n = Math.max(1, samples.length), power = Math.max(0, squares / n - (sum / n) ** 2);
  return { sampleRate, peak, level: 10 * Math.log10(power), clipped: clippedShare };
}

/** Frames of parts of recordings, one recording decoded at a time: the parts of one follow each other. */
class SpanReader {
  readonly #settings: FrontEnd;
  #last?: { file: string; digest: string; recording: Recording };

  /** Of no recording yet. */
  constructor(settings: FrontEnd = frontEnd) {
    this.#settings = settings;
  }

  /**
   * The frames of a part of a recording.
   *
   * @param read gives the whole file; called where the last part was of another
   * @throws {TypeError} as `readRecording` does
   * @throws {RangeError} if the part does not lie in it
   */
  async frames(file: string, span: Span, read: () => Uint8Array): Promise<Framed & { digest: string }> {
    if (this.#last?.file !== file) {
      const bytes = read();
      requireContent(bytes, file);
      const recording = await readRecording(bytes, file, this.#settings);
      this.#last = { file, digest: digestOf(bytes), recording };
    }
    const { recording, digest } = this.#last, { samples, seconds } = cutSpan(recording, span, file);
    let peak = 0;
    for (const sample of samples) peak = Math.max(peak, Math.abs(sample));
    const sound = { ...measure(recording, samples), peak };
    const { warnings } = recording;
    return {
      ...{ frames: logMel(samples, this.#settings), seconds, sound, digest: spanDigest(digest, span) },
      ...(warnings.length > 0 && { warnings }),
    };
  }
}

/** What tells a part of a recording from others. @param digest of the whole file */
export function spanDigest(digest: string, { start, end }: Span): string {
  return createHash("sha256").update(`${digest} ${start} ${end}`).digest("hex");
}

/** The SHA-256 of a recording, in hexadecimal: two that differ in anything have two. */
export function digestOf(content: Uint8Array | Float32Array): string {
  const bytes = new Uint8Array(content.buffer, content.byteOffset, content.byteLength);
  return createHash("sha256").update(bytes).digest("hex");
}

/** An error's message, less the file's name in front of it: `skipped` has that beside it. */
export function reasonOf(error: unknown, name: string): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.startsWith(`${name}: `) ? message.slice(name.length + 2) : message;
}
