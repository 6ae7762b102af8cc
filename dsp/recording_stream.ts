/**
 * Decodes a wav file that arrives in pieces of any size, to 16 kHz mono: an hour of 44.1 kHz stereo is 635 MB, and is never in
 * memory as a whole. The concatenated result is the same for all piece sizes, bit for bit.
 *
 *   bytes -> header, when complete -> whole frames -> `mixdown.ts` -> 16 kHz
 */
import type { Levels } from "./levels.ts";
import { Mixdown } from "./mixdown.ts";
import { failToRead, missing, readWavHead, type WavHeader } from "./riff.ts";
import { type FrontEnd, frontEnd } from "./settings.ts";
import { BlockDecoder } from "./wav.ts";

/** Most bytes before the samples. Pictures and notes may come first; no real recording has more of them. */
const LONGEST_HEAD = 1 << 24;

/** Decodes a recording while its bytes arrive. */
export class RecordingStream {
  readonly #name: string;
  readonly #length: number | undefined;
  readonly #settings: FrontEnd;
  readonly #channel: number | undefined;
  /**
   * Pieces before the samples, their number of bytes, and the number of bytes at which to look for the header again.
   */
  #head: Uint8Array[] = [];
  #headBytes = 0;
  #enough = 12;
  /** Bytes of an incomplete frame. */
  #held: Uint8Array = new Uint8Array();
  #header: WavHeader | undefined;
  #decoder: BlockDecoder | undefined;
  #mixdown: Mixdown | undefined;
  readonly #warnings: string[] = [];
  /** Bytes of the data chunk received so far. */
  #data = 0;

  /**
   * Starts a recording.
   *
   * @param name the file's name in errors
   * @param options.length length of the whole file in bytes, if known: a truncated file is then detected at once
   * @param options.channel the channel to read, from 0; default: the mean of all
   */
  constructor(
    name: string,
    { length, settings = frontEnd, channel }: { length?: number; settings?: FrontEnd; channel?: number } = {},
  ) {
    [this.#name, this.#length, this.#settings, this.#channel] = [name, length, settings, channel];
  }

  /** The file's rate in Hz and its channels; zeros until they are known. */
  get format(): { sampleRate: number; channels: number } {
    const { sampleRate = 0, channels = 0 } = this.#mixdown ?? {};
    return { sampleRate, channels };
  }

  /** Loudness so far and the share of clipped samples; undefined until the header is known. */
  get levels(): Levels | undefined {
    return this.#mixdown?.levels;
  }

  /** Faults that did not stop the reading, one line each, with the file's name. Complete after the end. */
  get warnings(): readonly string[] {
    return this.#warnings;
  }

  /** Duration of the file's own samples so far, in seconds. */
  get seconds(): number {
    return this.#mixdown?.seconds ?? 0;
  }

  /**
   * Takes the file's next bytes and returns the samples at 16 kHz that no later byte can change, in one or more parts.
   *
   * @throws {TypeError} if the file is not a wav file, or has samples that are not numbers
   */
  push(bytes: Uint8Array): Float32Array<ArrayBuffer>[] {
    if (this.#header) return this.#decode(bytes);
    this.#head.push(bytes);
    this.#headBytes += bytes.length;
    // looks again only when the size has doubled, so that the repeated scans cost a small multiple of the head
    if (this.#headBytes >= this.#enough) {
      this.#enough = 2 * this.#headBytes;
      const parts = this.#begin(this.#length);
      if (this.#header) return parts;
      if (this.#headBytes > LONGEST_HEAD) failToRead(this.#name, `no samples in its first ${LONGEST_HEAD >> 20} MB`);
    }
    // the caller may reuse the array for its next bytes
    this.#head.push(this.#head.pop()!.slice());
    return [];
  }

  /**
   * Ends the recording and returns the remaining samples.
   *
   * @throws {TypeError} if the file ends before its samples, or is not a wav file
   */
  finish(): Float32Array<ArrayBuffer>[] {
    const parts = this.#header ? [] : this.#begin(this.#headBytes);
    const header = this.#header!, { dataBytes } = header;
    if (dataBytes !== Infinity && this.#data < dataBytes) {
      this.#warnings.push(missing(this.#name, header, dataBytes, this.#data));
    }
    // an incomplete ADPCM block still yields some frames
    if (header.blockFrames > 1 && this.#held.length > 0) parts.push(this.#take(this.#held));
    return [...parts, this.#mixdown!.finish()];
  }

  /** Reads the header, if complete, and decodes the bytes after it. @param length of the file, if known */
  #begin(length: number | undefined): Float32Array<ArrayBuffer>[] {
    const head = joined(this.#head);
    this.#head = [head];
    const header = readWavHead(head, this.#name, length);
    if (!header) return [];
    [this.#header, this.#head] = [header, []];
    this.#mixdown = new Mixdown(this.#name, header, this.#settings.sampleRate, this.#channel);
    this.#warnings.push(...header.warnings);
    this.#decoder = new BlockDecoder(header, this.#name);
    return this.#decode(head.subarray(header.dataOffset));
  }

  /** @param fresh the next bytes of the data chunk */
  #decode(fresh: Uint8Array): Float32Array<ArrayBuffer>[] {
    const { blockBytes, dataBytes } = this.#header!;
    const own = fresh.subarray(0, Math.min(fresh.length, dataBytes - this.#data));
    this.#data += own.length;
    const bytes = this.#held.length === 0 ? own : joined([this.#held, own]);
    const end = bytes.length - bytes.length % blockBytes, { stretchBytes } = this.#decoder!;
    const parts: Float32Array<ArrayBuffer>[] = [];
    for (let at = 0; at < end; at += stretchBytes) {
      parts.push(this.#take(bytes.subarray(at, Math.min(end, at + stretchBytes))));
    }
    this.#held = bytes.slice(end);
    return parts;
  }

  /** Decodes a stretch and returns it at 16 kHz. */
  #take(stretch: Uint8Array): Float32Array<ArrayBuffer> {
    return this.#mixdown!.push(this.#decoder!.decode(stretch));
  }
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  if (parts.length === 1) return parts[0];
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
