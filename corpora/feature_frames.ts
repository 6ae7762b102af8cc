/**
 * One recording's frames: from the bytes of a file to log-mel, or from the cache if they were computed before. The
 * same few lines run in this thread and in the workers, so both give the same bits and the same words for a fault.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { logMel, readRecording } from "../dsp/mod.ts";
import type { FrameCache } from "./feature_cache.ts";

/** A recording as the network sees it. */
export interface Framed {
  /** log-mel, [frames, nMels] */
  frames: Float32Array<ArrayBuffer>;
  /** length of the recording, before any resampling */
  seconds: number;
  /** what is wrong with it and was read all the same, in lines that name it, where anything is */
  warnings?: readonly string[];
}

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

/**
 * The frames of a recording, wav or compressed.
 *
 * @param bytes the whole file
 * @param name what errors call it
 * @param cache where frames are looked for first, and kept
 * @throws {Error} as `readRecording` does
 */
export async function framesOf(
  bytes: Uint8Array,
  name: string,
  cache?: FrameCache,
): Promise<Framed & { digest: string }> {
  const digest = digestOf(bytes);
  const key = cache?.key(bytes);
  const known = key === undefined ? undefined : cache!.read(key);
  if (known !== undefined) return { ...known, digest };
  const { samples, seconds, warnings } = await readRecording(bytes, name);
  const framed = { frames: logMel(samples), seconds };
  // what is warned of is not kept, so that the next run warns of it too
  if (warnings.length > 0) return { ...framed, digest, warnings };
  if (key !== undefined) cache!.write(key, framed);
  return { ...framed, digest };
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
