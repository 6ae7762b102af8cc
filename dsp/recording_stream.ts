/**
 * A wav file that comes in pieces, of any sizes, to 16 kHz mono: an hour of 44.1 kHz stereo is 635 MB, and is never there as a
 * whole. What it gives, put together, is to the bit the same whatever the pieces.
 *
 *   bytes -> header, once there is enough of it -> whole frames -> `mixdown.ts` -> 16 kHz
 */
import type { Levels } from "./levels.ts";
import { Mixdown } from "./mixdown.ts";
import { failToRead, missing, readWavHead, type WavHeader } from "./riff.ts";
import { type FrontEnd, frontEnd } from "./settings.ts";
import { BlockDecoder } from "./wav.ts";

/** Bytes that may come before the samples. Pictures and notes do; more of them is no recording that anybody made. */
const LONGEST_HEAD = 1 << 24;

/** Decodes a recording while its bytes arrive. */
export class RecordingStream {
  readonly #name: string;
  readonly #length: number | undefined;
  readonly #settings: FrontEnd;
  readonly #channel: number | undefined;
  /** Bytes before the samples, in the pieces that they came in; how many; and with how many the header is looked for next. */
  #head: Uint8Array[] = [];
  #headBytes = 0;
  #enough = 12;
  /** Of a frame that is not whole yet. */
  #held: Uint8Array = new Uint8Array();
  #header: WavHeader | undefined;
  #decoder: BlockDecoder | undefined;
  #mixdown: Mixdown | undefined;
  readonly #warnings: string[] = [];
  /** Bytes of the data chunk that came. */
  #data = 0;

  /**
   * Begins.
   *
   * @param name what errors call the file
   * @param options.length of the whole file in bytes, where it is known: then what is cut short is known at once
   * @param options.channel the one channel to take, from 0; not set: the mean of all
   */
  constructor(
    name: string,
    { length, settings = frontEnd, channel }: { length?: number; settings?: FrontEnd; channel?: number } = {},
  ) {
    [this.#name, this.#length, this.#settings, this.#channel] = [name, length, settings, channel];
  }

  /** The file's rate in Hz and its channels; zeros before these are known. */
  get format(): { sampleRate: number; channels: number } {
    const { sampleRate = 0, channels = 0 } = this.#mixdown ?? {};
    return { sampleRate, channels };
  }

  /** How loud it is so far, and how much of it is cut off; undefined before its header is known. */
  get levels(): Levels | undefined {
    return this.#mixdown?.levels;
  }

  /** What is wrong with the file and read all the same, in lines that name it; all of it is known once it has ended. */
  get warnings(): readonly string[] {
    return this.#warnings;
  }

  /** Duration of the file's own samples so far, in seconds. */
  get seconds(): number {
    return this.#mixdown?.seconds ?? 0;
  }

  /**
   * Takes the file's next bytes, and gives the samples at 16 kHz that no later byte can change, in one part or several.
   *
   * @throws {TypeError} where it is no wav file, or holds samples that are no numbers
   */
  push(bytes: Uint8Array): Float32Array<ArrayBuffer>[] {
    if (this.#header) return this.#decode(bytes);
    this.#head.push(bytes);
    this.#headBytes += bytes.length;
    // looked at again when it has doubled: what is walked over, over and over, stays a few times the head itself
    if (this.#headBytes >= this.#enough) {
      this.#enough = 2 * this.#headBytes;
      const parts = this.#begin(this.#length);
      if (this.#header) return parts;
      if (this.#headBytes > LONGEST_HEAD) failToRead(this.#name, `no samples in its first ${LONGEST_HEAD >> 20} MB`);
    }
    // whoever reads the file may use the array again, for its next bytes
    this.#head.push(this.#head.pop()!.slice());
    return [];
  }

  /**
   * Ends it, and gives the samples still owed.
   *
   * @throws {TypeError} where the file ends before its samples, or never was a wav file
   */
  finish(): Float32Array<ArrayBuffer>[] {
    const parts = this.#header ? [] : this.#begin(this.#headBytes);
    const header = this.#header!, { dataBytes } = header;
    if (dataBytes !== Infinity && this.#data < dataBytes) {
      this.#warnings.push(missing(this.#name, header, dataBytes, this.#data));
    }
    // of ADPCM, a block that is not whole is some frames
    if (header.blockFrames > 1 && this.#held.length > 0) parts.push(this.#take(this.#held));
    return [...parts, this.#mixdown!.finish()];
  }

  /** Reads the header, if it is there, and decodes what follows it. @param length of the file, where it is known */
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

  /** @param fresh bytes that follow those that came before */
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

  /** Decodes a stretch, and gives it at 16 kHz. */
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
