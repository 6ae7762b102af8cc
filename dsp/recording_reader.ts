/**
 * A recording of any kind that comes in pieces, to 16 kHz mono: its first bytes say which kind it is, whatever its name.
 */
import type { CompressedStream } from "./compressed_stream.ts";
import type { Levels } from "./levels.ts";
import type { Recording } from "./recording.ts";
import { concatenate } from "./mixdown.ts";
import { RecordingStream } from "./recording_stream.ts";
import { type FrontEnd, frontEnd } from "./settings.ts";
import { recognise } from "./sniff.ts";

/** Bytes within which a recording has to show what it is: a tag with pictures may come first. */
const LONGEST_TAG = 1 << 24;

/** Bytes that a whole recording is decoded in. */
const PIECE = 1 << 20;

/** How a recording is read. */
export interface ReaderOptions {
  /** Of the whole file in bytes, where it is known. */
  length?: number;
  /** The channel that is read, from 0; default: the mean of all. */
  channel?: number;
  /** Default: the front end that EPR uses everywhere. */
  settings?: FrontEnd;
  /** Loads the package of a decoder by its name; default: from the packages on this machine. The page loads a file. */
  load?: (specifier: string) => Promise<unknown>;
}

/** Decodes a recording of any kind while its bytes arrive. */
export class RecordingReader {
  readonly #name: string;
  readonly #options: ReaderOptions;
  #head: Uint8Array = new Uint8Array();
  #stream: RecordingStream | CompressedStream | undefined;

  /**
   * Begins.
   *
   * @param name what errors call the file
   * @param options of the file, and of what is read of it
   */
  constructor(name: string, options: ReaderOptions = {}) {
    [this.#name, this.#options] = [name, options];
  }

  /** How loud it is so far, and how much of it is cut off; undefined before it is known what it is. */
  get levels(): Levels | undefined {
    return this.#stream?.levels;
  }

  /** Duration of the file's own samples so far, in seconds. */
  get seconds(): number {
    return this.#stream?.seconds ?? 0;
  }

  /** What is wrong with it and read all the same, in lines that name it; all of it is known once it has ended. */
  get warnings(): readonly string[] {
    return this.#stream?.warnings ?? [];
  }

  /** The file's rate in Hz and its channels; zeros before these are known. */
  get format(): { sampleRate: number; channels: number } {
    return this.#stream?.format ?? { sampleRate: 0, channels: 0 };
  }

  /**
   * Takes the file's next bytes, and gives the samples at 16 kHz that no later byte can change, in one part or several.
   *
   * @throws {TypeError} where it is no recording, or can't be decoded
   * @throws {Error} where its decoder can't be loaded
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
    // whoever reads the file may use the array again, for its next bytes
    if (!this.#stream && head === bytes) this.#head = bytes.slice();
    return parts;
  }

  /**
   * Ends it, and gives the samples still owed.
   *
   * @throws {TypeError} as `push` does
   */
  async finish(): Promise<Float32Array<ArrayBuffer>[]> {
    const begun = this.#stream ? [] : await this.#begin(true);
    const stream = this.#stream!;
    return [...begun, ...await stream.finish()];
  }

  /** Finds out what it is, if that can be told, and passes on what came. @param whole whether it has to be told now */
  async #begin(whole: boolean): Promise<Float32Array<ArrayBuffer>[]> {
    const found = recognise(this.#head, whole), head = this.#head;
    if (found === "more") return [];
    this.#head = new Uint8Array();
    if (found === undefined) {
      this.#stream = new RecordingStream(this.#name, this.#options);
      return this.#stream.push(head);
    }
    const { settings = frontEnd, channel, load } = this.#options;
    // loaded where it is met: the threads that read a corpus of wav files start faster without it
    const { CompressedStream } = await import("./compressed_stream.ts");
    this.#stream = await CompressedStream.open(found.codec, this.#name, settings, { channel, load });
    return await this.#stream.push(head.subarray(found.offset));
  }
}

/**
 * Decodes a recording of any kind to 16 kHz mono: wav as {@linkcode decodeRecording} does, FLAC, MP3, Ogg Vorbis, Opus, AAC and
 * M4A by decoders that are loaded when the first is met.
 *
 * @param bytes the whole file
 * @param name what errors call the file
 * @param load loads the package of a decoder by its name; default: from the packages on this machine
 * @throws {TypeError} where it is no recording, or can't be decoded
 * @throws {Error} where its decoder can't be loaded
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
