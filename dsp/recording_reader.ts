/**
 * Reads a recording of any format piece by piece, to 16 kHz mono. Its first bytes decide the format, whatever its name.
 */
import type { CompressedStream } from "./compressed_stream.ts";
import type { Levels } from "./levels.ts";
import type { Recording } from "./recording.ts";
import { concatenate } from "./mixdown.ts";
import { RecordingStream } from "./recording_stream.ts";
import { type FrontEnd, frontEnd } from "./settings.ts";
import { recognise } from "./sniff.ts";

/** Bytes within which a recording has to reveal its format: a tag with pictures may come first. */
const LONGEST_TAG = 1 << 24;

/** Bytes per piece when a whole recording is decoded. */
const PIECE = 1 << 20;

/** Options for reading a recording. */
export interface ReaderOptions {
  /** Length of the whole file in bytes, if known. */
  length?: number;
  /** The channel to read, from 0; default: the mean of all. */
  channel?: number;
  /** Default: the front end that EPR uses everywhere. */
  settings?: FrontEnd;
  /** Loads a decoder's package by name; default: from the packages on this machine. The page loads a file. */
  load?: (specifier: string) => Promise<unknown>;
}

/** Decodes a recording of any format while its bytes arrive. */
export class RecordingReader {
  readonly #name: string;
  readonly #options: ReaderOptions;
  #head: Uint8Array = new Uint8Array();
  #stream: RecordingStream | CompressedStream | undefined;

  /**
   * Starts reading.
   *
   * @param name the file's name in errors
   * @param options properties of the file, and what to read
   */
  constructor(name: string, options: ReaderOptions = {}) {
    [this.#name, this.#options] = [name, options];
  }

  /** Loudness so far and the share of clipped samples; undefined before the format is known. */
  get levels(): Levels | undefined {
    return this.#stream?.levels;
  }

  /** Duration of the file's own samples so far, in seconds. */
  get seconds(): number {
    return this.#stream?.seconds ?? 0;
  }

  /** Faults that did not stop the reading, one line each, with the file's name. Complete after the end. */
  get warnings(): readonly string[] {
    return this.#stream?.warnings ?? [];
  }

  /** The file's rate in Hz and its channels; zeros until they are known. */
  get format(): { sampleRate: number; channels: number } {
    return this.#stream?.format ?? { sampleRate: 0, channels: 0 };
  }

  /**
   * Takes the file's next bytes and returns the samples at 16 kHz that no later byte can change, in one or more parts.
   *
   * @throws {TypeError} if the file is not a recording, or can't be decoded
   * @throws {Error} if its decoder can't be loaded
   */
  async push(bytes: Uint8Array): Promise<Float32Array<ArrayBuffer>[]> {
    if (this.#stream) return await this.#stream.push(bytes);
    const { length } = this.#head;
    let head = bytes;
    if (length > 0) {
      head = new Uint8Array(length + bytes.length);
      head.set(this.#head);
      head.set(bytes, length);
    }
    this.#head = head;
    const parts = await this.#begin(head.length >= LONGEST_TAG);
    // the caller may reuse the array for its next bytes
    if (!this.#stream && head === bytes) this.#head = bytes.slice();
    return parts;
  }

  /**
   * Ends the recording and returns the remaining samples.
   *
   * @throws {TypeError} as `push` does
   */
  async finish(): Promise<Float32Array<ArrayBuffer>[]> {
    const begun = this.#stream ? [] : await this.#begin(true);
    const stream = this.#stream!;
    return [...begun, ...await stream.finish()];
  }

  /**
   * Detects the format, if possible, and passes on the bytes. @param whole whether all bytes are there, so that it must
   * decide now
   */
  async #begin(whole: boolean): Promise<Float32Array<ArrayBuffer>[]> {
    const found = recognise(this.#head, whole), head = this.#head;
    if (found === "more") return [];
    this.#head = new Uint8Array();
    if (found === undefined) {
      this.#stream = new RecordingStream(this.#name, this.#options);
      return this.#stream.push(head);
    }
    const { settings = frontEnd, channel, load } = this.#options;
    // imported on demand: threads that read a corpus of wav files start faster without it
    const { CompressedStream } = await import("./compressed_stream.ts");
    this.#stream = await CompressedStream.open(found.codec, this.#name, settings, { channel, load });
    return await this.#stream.push(head.subarray(found.offset));
  }
}

/**
 * Decodes a recording of any format to 16 kHz mono: wav like {@linkcode decodeRecording}; FLAC, MP3, Ogg Vorbis, Opus, AAC and
 * M4A by decoders that are loaded on first use.
 *
 * @param bytes the whole file
 * @param name the file's name in errors
 * @param load loads a decoder's package by name; default: from the packages on this machine
 * @throws {TypeError} if the file is not a recording, or can't be decoded
 * @throws {Error} if its decoder can't be loaded
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 * import { encodeWav, readRecording } from "@epr/epr/dsp";
 *
 * const { samples } = await readRecording(encodeWav(new Float32Array(8000), 8000), "named.mp3, a wav file all the same");
 * assert(samples.length === 16000);
 * ```
 */
export async function readRecording(
  bytes: Uint8Array,
  name: string,
  settings: FrontEnd = frontEnd,
  load?: (specifier: string) => Promise<unknown>,
): Promise<Recording> {
  const reader = new RecordingReader(name, { length: bytes.length, settings, load }), parts: Float32Array[] = [];
  for (let at = 0; at < bytes.length; at += PIECE) parts.push(...await reader.push(bytes.subarray(at, at + PIECE)));
  parts.push(...await reader.finish());
  const { format, levels, seconds, warnings } = reader;
  return { samples: concatenate(parts), ...format, levels: levels!, seconds, warnings };
}
