/**
 * A wav file to the samples that the front end wants: decoded, mixed to mono (mean of the channels), resampled to 16 kHz.
 *
 * All in blocks, so that an hour of 44.1 kHz stereo takes no more memory than the file and its result. It is a stream
 * (`recording_stream.ts`) that is given all its bytes at once; `recording_reader.ts` reads recordings of other kinds too.
 */
import type { Levels } from "./levels.ts";
import { concatenate } from "./mixdown.ts";
import { RecordingStream } from "./recording_stream.ts";
import { type FrontEnd, frontEnd } from "./settings.ts";

/** A recording as the front end takes it, and what its file was. */
export interface Recording {
  /** [ceil(n · 16000 / sampleRate)] at the front end's rate, mono. */
  samples: Float32Array<ArrayBuffer>;
  /** Duration of the file's own samples, in seconds. */
  seconds: number;
  /** The file's rate, in Hz. */
  sampleRate: number;
  /** The file's channels. */
  channels: number;
  /** How loud the file's own samples are, before they are mixed and resampled, and how many of them are cut off. */
  levels: Levels;
  /** What is wrong with the file and was read all the same, in lines that name it: cut short, or a header that contradicts itself. */
  warnings: readonly string[];
}

/**
 * Decodes a wav file of any rate and channels to 16 kHz mono. One too short for a segment, or empty, is still a recording.
 *
 * @param bytes the whole file
 * @param name what errors call the file
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
