/**
 * A disk cache of frames between runs, keyed by their inputs:
 *
 *     key = SHA-256(version, settings of the front end, bytes of the wav file)
 *
 * A changed file or changed settings have another key, so entries never go stale, and a corpus may be moved, renamed or
 * shared. Each run still reads and hashes every recording, but saves decoding, Fourier transforms and mel bands. There is
 * one small file per recording, not one per corpus: workers write without waiting for each other, and a new recording costs
 * only its own time.
 *
 * A file contains: key (32 bytes), frame count and bands (uint32), length of the recording in seconds (float64), a check sum
 * of the others (uint32), its sampling rate (uint32; 0 if its sound was not measured), its peak, level and clipped share
 * (float64 each), frames [count, bands] (float32, little-endian). It is written under a temporary name and then renamed. A
 * truncated or damaged file is ignored and rewritten.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { join } from "@std/path";
import { type FrontEnd, frontEnd } from "../dsp/settings.ts";
import type { RecordingFrames } from "./recording_frames.ts";

/**
 * Increment this whenever a change in `dsp/` changes a frame, even in its last bit, or when this file format changes.
 */
const VERSION = 2;

const HEADER_BYTES = 80;

/** A folder of cached frames. */
export class FrameCache {
  /** Why an entry could not be written, if so; the cache then stops writing. */
  fault?: string;
  /** Number of failed look-ups. */
  misses = 0;
  readonly #dir: string;
  readonly #settings: FrontEnd;

  /**
   * Opens a cache in a folder. Creates the folder if it does not exist.
   *
   * @param settings the front end that computes the frames
   */
  constructor(dir: string, settings: FrontEnd = frontEnd) {
    this.#dir = dir;
    this.#settings = settings;
    this.#try(() => Deno.mkdirSync(dir, { recursive: true }));
  }

  /** The key of a wav file's frames: 64 hexadecimal digits. */
  key(bytes: Uint8Array): string {
    const settings = Object.entries(this.#settings).sort(([a], [b]) => a < b ? -1 : 1);
    return createHash("sha256").update(JSON.stringify([VERSION, settings])).update(bytes).digest("hex");
  }

  /** The frames stored under a key; undefined if there are none or they are damaged. */
  read(key: string): RecordingFrames | undefined {
    const framed = this.#read(key);
    if (framed === undefined) this.misses++;
    return framed;
  }

  #read(key: string): RecordingFrames | undefined {
    let file: Uint8Array<ArrayBuffer>;
    try {
      file = Deno.readFileSync(this.#path(key));
    } catch {
      return undefined;
    }
    if (file.length < HEADER_BYTES) return undefined;
    const header = new DataView(file.buffer, file.byteOffset, HEADER_BYTES);
    const count = header.getUint32(32, true), bands = header.getUint32(36, true);
    const sound = bands === this.#settings.nMels && file.length === HEADER_BYTES + 4 * count * bands &&
      file.subarray(0, 32).toHex() === key && header.getUint32(48, true) === checkSum(file);
    if (!sound) return undefined;
    const sampleRate = header.getUint32(52, true);
    const [peak, level, clipped] = [56, 64, 72].map((at) => header.getFloat64(at, true));
    return {
      frames: new Float32Array(file.buffer, HEADER_BYTES, count * bands),
      seconds: header.getFloat64(40, true),
      ...(sampleRate > 0 && { sound: { sampleRate, peak, level, clipped } }),
    };
  }

  /** Stores frames under a key. On failure it sets {@link fault} and does not throw. */
  write(key: string, { frames, seconds, sound }: RecordingFrames): void {
    if (this.fault !== undefined) return;
    const { nMels } = this.#settings;
    const file = new Uint8Array(HEADER_BYTES + frames.byteLength);
    file.set(Uint8Array.fromHex(key));
    file.set(new Uint8Array(frames.buffer, frames.byteOffset, frames.byteLength), HEADER_BYTES);
    const header = new DataView(file.buffer, 0, HEADER_BYTES);
    header.setUint32(32, frames.length / nMels, true);
    header.setUint32(36, nMels, true);
    header.setFloat64(40, seconds, true);
    if (sound !== undefined) {
      header.setUint32(52, sound.sampleRate, true);
      [sound.peak, sound.level, sound.clipped].forEach((value, i) => header.setFloat64(56 + 8 * i, value, true));
    }
    header.setUint32(48, checkSum(file), true);
    // two threads, or two programs, may store the same recording at once
    const temporary = join(this.#dir, `.${key}.${crypto.randomUUID()}.tmp`);
    this.#try(() => {
      try {
        Deno.writeFileSync(temporary, file);
        Deno.renameSync(temporary, this.#path(key));
      } catch (error) {
        try {
          Deno.removeSync(temporary);
        } catch {
          // it did not exist
        }
        throw error;
      }
    });
  }

  #path(key: string): string {
    return join(this.#dir, `${key}.frames`);
  }

  #try(action: () => void): void {
    try {
      action();
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      this.fault = `${this.#dir}: can't cache frames there (${why}); they are computed again each time`;
    }
  }
}

/**
 * A check sum of a file's words except the check sum itself: Fowler, Noll and Vo's, 32 bits at a time. Each step is
 * invertible, so a single changed word is always detected.
 */
function checkSum(file: Uint8Array<ArrayBuffer>): number {
  const words = new Uint32Array(file.buffer, 0, file.length >> 2);
  let sum = 0x811c9dc5;
  for (let i = 0; i < words.length; i++) {
    if (i !== 12) sum = Math.imul(sum ^ words[i], 0x01000193);
  }
  return sum >>> 0;
}
