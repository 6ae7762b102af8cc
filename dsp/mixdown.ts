/**
 * From a decoder's output to the front end's samples:
 *
 *   blocks [frames, channels] -> loudness -> mean of the channels, or one of them -> 16 kHz
 *
 * Every recording takes this path, wav or compressed, whole or in pieces. The block boundaries do not affect the
 * result.
 */
import { Levels } from "./levels.ts";
import { Resampler } from "./resample.ts";

/** Mixes and resamples a recording block by block. */
export class Mixdown {
  /** Loudness so far and the share of clipped samples, measured on the file's own samples. */
  readonly levels: Levels = new Levels();
  /** The file's rate, in Hz. */
  readonly sampleRate: number;
  /** The file's channels. */
  readonly channels: number;
  /** Number of the file's frames so far. */
  frames = 0;
  readonly #channel: number | undefined;
  readonly #resampler: Resampler;

  /**
   * Starts a recording.
   *
   * @param name the file's name in errors
   * @param the file's format: its rate in Hz, its channels
   * @param to the output rate, in Hz
   * @param channel the channel to read, from 0; default: the mean of all
   * @throws {TypeError} if the file lacks that channel
   */
  constructor(
    name: string,
    { sampleRate, channels }: { sampleRate: number; channels: number },
    to: number,
    channel?: number,
  ) {
    if (channel !== undefined && channel >= channels) {
      const found = channels === 1 ? "one" : channels;
      throw new TypeError(`${name}: expected a channel ${channel + 1}, found ${found} in all`);
    }
    [this.sampleRate, this.channels, this.#channel] = [sampleRate, channels, channel];
    this.#resampler = new Resampler(sampleRate, to);
  }

  /** Duration of the file's own samples so far, in seconds. */
  get seconds(): number {
    return this.frames / this.sampleRate;
  }

  /** Takes the next block, [frames, channels], and returns the samples that no later block can change. */
  push(block: Float32Array): Float32Array<ArrayBuffer> {
    const { channels } = this;
    this.frames += block.length / channels;
    if (this.#channel === undefined || channels === 1) {
      this.levels.add(block, channels);
      return this.#resampler.push(mono(block, channels));
    }
    const own = oneChannel(block, channels, this.#channel);
    this.levels.add(own, 1);
    return this.#resampler.push(own);
  }

  /** Ends the recording and returns the remaining samples. */
  finish(): Float32Array<ArrayBuffer> {
    return this.#resampler.finish();
  }
}

/** The mean of the channels of a block [frames, channels]; [frames]. */
function mono(block: Float32Array, channels: number): Float32Array {
  if (channels === 1) return block;
  const mixed = new Float32Array(block.length / channels);
  for (let i = 0, at = 0; i < mixed.length; i++) {
    let sum = 0;
    for (let c = 0; c < channels; c++) sum += block[at++];
    mixed[i] = sum / channels;
  }
  return mixed;
}

/** One channel of a block [frames, channels]; [frames]. */
function oneChannel(block: Float32Array, channels: number, channel: number): Float32Array {
  return Float32Array.from({ length: block.length / channels }, (_, i) => block[i * channels + channel]);
}

/** Concatenates blocks of samples. */
export function concatenate(parts: readonly Float32Array[]): Float32Array<ArrayBuffer> {
  const all = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
