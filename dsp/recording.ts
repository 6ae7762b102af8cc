/**
 * From a wav file to the front end's samples: decoded, mixed to mono (mean of the channels), resampled to 16 kHz.
 *
 * Decoding runs in blocks, so an hour of 44.1 kHz stereo takes no more memory than the file and its result. It uses a
 * stream (`recording_stream.ts`) that receives all bytes at once. `recording_reader.ts` reads other formats too.
 */
import type { Levels } from "./levels.ts";
import { concatenate } from "./mixdown.ts";
import { RecordingStream } from "./recording_stream.ts";
import { type FrontEnd, frontEnd } from "./settings.ts";

/** A recording as input of the front end, and the properties of its file. */
export interface Recording {
  /** [ceil(n · 16000 / sampleRate)] at the front end's rate, mono. */
  samples: Float32Array<ArrayBuffer>;
  /** Duration of the file's own samples, in seconds. */
  seconds: number;
  /** The file's rate, in Hz. */
  sampleRate: number;
  /** The file's channels. */
  channels: number;
  /** Loudness of the file's own samples, before mixing and resampling, and the share of clipped ones. */
  levels: Levels;
  /**
   * Faults that did not stop the reading, one line each, with the file's name: a truncated file, or a header that
   * contradicts itself.
   */
  warnings: readonly string[];
}

/**
 * Decodes a wav file of any rate and channels to 16 kHz mono. A recording may be empty or too short for a segment.
 *
 * @param bytes the whole file
 * @param name the file's name in errors
 * @throws {TypeError} as {@linkcode decodeWav} does
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 * import { decodeRecording, encodeWav } from "@epr/epr/dsp";
 *
 * const { samples, seconds } = decodeRecording(encodeWav(new Float32Array(8000), 8000), "a second of silence");
 * assert(samples.length === 16000 && seconds === 1);
 * ```
 */
export function decodeRecording(bytes: Uint8Array, name: string, settings: FrontEnd = frontEnd): Recording {
  const stream = new RecordingStream(name, { length: bytes.length, settings });
  const samples = concatenate([...stream.push(bytes), ...stream.finish()]);
  return { samples, ...stream.format, levels: stream.levels!, seconds: stream.seconds, warnings: stream.warnings };
}
