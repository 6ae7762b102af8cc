/**
 * Frames of one recording: computed from the bytes of a file, or read from the cache. The starter's thread and the workers run the
 * same code, so both give the same bits and the same error messages.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { type Level, withLevel } from "../dsp/levelling.ts";
import { logMel } from "../dsp/log_mel.ts";
import type { Recording } from "../dsp/recording.ts";
import { readRecording } from "../dsp/recording_reader.ts";
import { type FrontEnd, frontEnd } from "../dsp/settings.ts";
import { type Conditions, copiesOf } from "./conditions.ts";
import type { Span } from "./corpus.ts";
import { FrameCache } from "./feature_cache.ts";
import { cutSpan, requireContent } from "./files.ts";
import type { RecordingFrames, RecordingSound } from "./recording_frames.ts";

/** The result of reading an utterance: its frames, or the reason why there are none. */
export type ReadOutcome =
  | RecordingFrames & {
    /** the {@link digestOf} of the file, or of the samples if there is no file */
    digest: string;
    /** the emotion of each frame, if the corpus knows it */
    truth?: Uint8Array;
  }
  | {
    /** what is wrong with it, as the end of a sentence; the file is named separately */
    reason: string;
  };

/** How recordings are read. */
export interface ReadSetup {
  /** the cache's folder, if any */
  cacheDir?: string;
  /** whether each recording is brought to one level; default: none */
  level?: Level;
  /** the conditions of training; default: clean. With copies nothing is cached */
  conditions?: Conditions;
}

/** A recording, or a part of one. */
export interface ReadJob {
  /** as an index into the corpus's utterances */
  utterance: number;
  /** a path */
  file: string;
  /** the part to read; default: the whole recording */
  span?: Span;
}

/** The result of a job. */
export interface ReadResult {
  /** frames, or the fault */
  outcome: ReadOutcome;
  /** why frames can't be stored in the cache, if so */
  cacheFault?: string;
}

/** Reads recordings one after the other. */
export class FrameReader {
  readonly #settings: FrontEnd;
  readonly #conditions: Conditions;
  readonly #parts: SpanReader;
  readonly #cache?: FrameCache;

  /** Creates the cache's folder if it does not exist. */
  constructor({ cacheDir, level = "none", conditions = "clean" }: ReadSetup) {
    this.#settings = withLevel(frontEnd, level);
    this.#conditions = conditions;
    this.#parts = new SpanReader(this.#settings, conditions);
    if (cacheDir !== undefined && conditions === "clean") this.#cache = new FrameCache(cacheDir, this.#settings);
  }

  /** Number of recordings that were not in the cache. */
  get misses(): number {
    return this.#cache?.misses ?? 0;
  }

  /** Reads a recording. A faulty recording does not raise an error. */
  async read(job: ReadJob): Promise<ReadResult> {
    const outcome = await this.#frames(job).catch((error) => ({ reason: reasonOf(error, job.file) }));
    return { outcome, cacheFault: this.#cache?.fault };
  }

  async #frames({ file, span }: ReadJob): Promise<ReadOutcome> {
    // not readFile(): a promise for each small file would cost the starter's thread a seventh of its time
    const read = () => Deno.readFileSync(file);
    if (span !== undefined) return await this.#parts.frames(file, span, read);
    return await framesOf(read(), file, {
      cache: this.#cache,
      settings: this.#settings,
      conditions: this.#conditions,
    });
  }
}

/**
 * Computes the frames of a recording, wav or compressed.
 *
 * @param bytes the whole file
 * @param name its name in errors
 * @param cache the cache to read from and store to; it must have the same front end
 * @throws {Error} as `readRecording` does
 */
async function framesOf(
  bytes: Uint8Array,
  name: string,
  { cache, settings, conditions }: { cache?: FrameCache; settings: FrontEnd; conditions: Conditions },
): Promise<RecordingFrames & { digest: string }> {
  const digest = digestOf(bytes);
  const key = cache?.key(bytes);
  const known = key === undefined ? undefined : cache!.read(key);
  if (known !== undefined) return { ...known, digest };
  requireContent(bytes, name);
  const recording = await readRecording(bytes, name, settings);
  const { samples, seconds, warnings } = recording;
  const framed = {
    ...frame(samples, digest, settings, conditions),
    ...{ seconds, sound: measure(recording, samples) },
  };
  // a recording with warnings is not cached, so that the next run warns again
  if (warnings.length > 0) return { ...framed, digest, warnings };
  if (key !== undefined) cache!.write(key, framed);
  return { ...framed, digest };
}

/** Computes the frames of samples, and those of their copies. @param digest keys the copies */
export function frame(
  samples: Float32Array,
  digest: string,
  settings: FrontEnd,
  conditions: Conditions,
): Pick<RecordingFrames, "frames" | "copies"> {
  const frames = logMel(samples, settings);
  if (conditions === "clean") return { frames };
  return { frames, copies: Array.from(copiesOf(samples, digest, conditions), (copy) => logMel(copy, settings)) };
}

/** @param samples of the recording, or of a part of it */
function measure(
  { sampleRate, levels: { peak, clippedShare } }: Recording,
  samples: Float32Array,
): RecordingSound {
  // four separate sums: additions to one sum would wait for each other
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

/** Reads parts of recordings. It decodes one recording at a time, and the parts of one recording follow each other. */
class SpanReader {
  readonly #settings: FrontEnd;
  readonly #conditions: Conditions;
  #last?: { file: string; digest: string; recording: Recording };

  /** Starts without a recording. */
  constructor(settings: FrontEnd, conditions: Conditions) {
    [this.#settings, this.#conditions] = [settings, conditions];
  }

  /**
   * Computes the frames of a part of a recording.
   *
   * @param read reads the whole file; called when the previous part came from another file
   * @throws {TypeError} as `readRecording` does
   * @throws {RangeError} if the part does not lie within the recording
   */
  async frames(file: string, span: Span, read: () => Uint8Array): Promise<RecordingFrames & { digest: string }> {
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
    const { warnings } = recording, own = spanDigest(digest, span);
    return {
      ...frame(samples, own, this.#settings, this.#conditions),
      ...{ seconds, sound, digest: own },
      ...(warnings.length > 0 && { warnings }),
    };
  }
}

/** The digest of a part of a recording. @param digest of the whole file */
export function spanDigest(digest: string, { start, end }: Span): string {
  return createHash("sha256").update(`${digest} ${start} ${end}`).digest("hex");
}

/** The SHA-256 of a recording, in hexadecimal. */
export function digestOf(content: Uint8Array | Float32Array): string {
  const bytes = new Uint8Array(content.buffer, content.byteOffset, content.byteLength);
  return createHash("sha256").update(bytes).digest("hex");
}

/** An error's message without the leading file name, which `skipped` stores separately. */
export function reasonOf(error: unknown, name: string): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.startsWith(`${name}: `) ? message.slice(name.length + 2) : message;
}
