/**
 * A compressed recording that comes in pieces, to 16 kHz mono: an hour of it is never there as a whole.
 *
 *   bytes -> decoder (`decoders.ts`) -> [channels][samples] -> mean of the channels -> 16 kHz
 */
import { type Decoded, type Decoder, type LoadPackage, nameOf, openDecoder } from "./decoders.ts";
import { Levels } from "./levels.ts";
import { mono, oneChannel } from "./recording.ts";
import { failWithoutChannel } from "./recording_stream.ts";
import { Resampler } from "./resample.ts";
import type { FrontEnd } from "./settings.ts";
import type { Codec } from "./sniff.ts";

/** Decodes a compressed recording while its bytes arrive. */
export class CompressedStream {
  /** How loud it is so far, and how much of it is cut off. */
  readonly levels: Levels = new Levels();
  /** What is wrong with it and read all the same, in lines that name it; all of it is known once it has ended. */
  readonly warnings: string[] = [];
  /** The file's rate, in Hz; 0 before its first samples. */
  sampleRate = 0;
  /** Channels that the decoder gives; 0 before its first samples. */
  channels = 0;
  readonly #codec: Codec;
  readonly #name: string;
  readonly #settings: FrontEnd;
  readonly #decoder: Decoder;
  readonly #channel: number | undefined;
  #resampler: Resampler | undefined;
  /** Samples a channel so far, and how many the file says that it has. */
  #samples = 0;
  #promised: number | undefined;
  #begun = false;
  /** Frames that could not be decoded, and why the first could not. */
  #broken = 0;
  #fault = "";

  private constructor(codec: Codec, name: string, settings: FrontEnd, decoder: Decoder, channel?: number) {
    [this.#codec, this.#name, this.#settings, this.#decoder] = [codec, name, settings, decoder];
    this.#channel = channel;
  }

  /**
   * Begins.
   *
   * @param name what errors call the file
   * @param channel that is read, from 0; not set: the mean of all
   * @param load loads the codec's decoder; not set: from the packages on this machine
   * @throws {Error} where the codec's decoder can't be loaded
   */
  static async open(
    codec: Codec,
    name: string,
    settings: FrontEnd,
    { channel, load }: { channel?: number; load?: LoadPackage } = {},
  ): Promise<CompressedStream> {
    return new CompressedStream(codec, name, settings, await openDecoder(codec, name, load), channel);
  }

  /** Duration of the file's own samples so far, in seconds. */
  get seconds(): number {
    return this.sampleRate === 0 ? 0 : this.#samples / this.sampleRate;
  }

  /**
   * Takes the file's next bytes, and gives the samples at 16 kHz that no later byte can change.
   *
   * @throws {TypeError} where they can't be decoded
   */
  async push(bytes: Uint8Array): Promise<Float32Array<ArrayBuffer>[]> {
    if (!this.#begun && this.#codec === "flac") this.#promised = flacSamples(bytes);
    this.#begun = true;
    return await this.#collect(this.#decoder.decode(bytes));
  }

  /**
   * Ends it, and gives the samples still owed.
   *
   * @throws {TypeError} where nothing of it could be decoded
   */
  async finish(): Promise<Float32Array<ArrayBuffer>[]> {
    const parts = await this.#collect(this.#decoder.flush());
    this.#decoder.free();
    if (!this.#resampler) this.#fail(this.#fault || "it holds no sound that can be decoded");
    if (this.#broken > 0) {
      this.warnings.push(
        `${this.#name}: skipped ${this.#broken} stretches that can't be decoded: ${this.#fault}`,
      );
    }
    if (this.#promised !== undefined && this.#promised > this.#samples) {
      const seconds = (this.#promised - this.#samples) / this.sampleRate;
      this.warnings.push(
        `${this.#name}: the recording is cut short: its header states ${this.#promised} samples, ${this.#samples} can be ` +
          `decoded; ${seconds.toFixed(3)} s are missing`,
      );
    }
    return [...parts, this.#resampler!.finish()];
  }

  async #collect(decoded: AsyncIterable<Decoded>): Promise<Float32Array<ArrayBuffer>[]> {
    const parts: Float32Array<ArrayBuffer>[] = [];
    try {
      for await (const block of decoded) {
        this.#fault ||= block.faults[0] ?? "";
        this.#broken += block.faults.length;
        if (block.channelData.length > 0 && block.channelData[0].length > 0) parts.push(this.#take(block));
      }
    } catch (error) {
      this.#decoder.free();
      if (error instanceof TypeError && error.message.startsWith(`${this.#name}: `)) throw error;
      this.#fail(error instanceof Error ? error.message : String(error));
    }
    return parts;
  }

  #take({ channelData, sampleRate }: Decoded): Float32Array<ArrayBuffer> {
    const channels = channelData.length, frames = channelData[0].length;
    if (!this.#resampler) {
      // as of wav files: a rate of 1 Hz would make 16,000 samples of each
      if (!(sampleRate >= 4000 && sampleRate <= 768000)) {
        this.#fail(`its header states ${sampleRate} Hz; EPR reads 4000 to 768000 Hz`);
      }
      [this.sampleRate, this.channels] = [sampleRate, channels];
      if (this.#channel !== undefined && this.#channel >= channels) {
        failWithoutChannel(this.#name, this.#channel, channels);
      }
      this.#resampler = new Resampler(sampleRate, this.#settings.sampleRate);
    } else if (sampleRate !== this.sampleRate || channels !== this.channels) {
      this.#fail(`it changes from ${this.sampleRate} Hz, ${this.channels} channel(s) to ${sampleRate} Hz, ${channels}`);
    }
    const block = new Float32Array(frames * channels);
    channelData.forEach((channel, c) => {
      for (let i = 0; i < frames; i++) block[i * channels + c] = channel[i];
    });
    if (!block.every(Number.isFinite)) this.#fail("some of its samples are no numbers");
    const own = this.#channel === undefined ? block : oneChannel(block, channels, this.#channel);
    this.levels.add(own, own === block ? channels : 1);
    this.#samples += frames;
    return this.#resampler.push(own === block ? mono(block, channels) : own);
  }

  #fail(found: string): never {
    throw new TypeError(
      `${this.#name}: ${nameOf(this.#codec)} that can't be decoded: ${found}; expected a sound recording`,
    );
  }
}

/** Samples a channel that a FLAC file says that it has; undefined where it does not say. */
function flacSamples(head: Uint8Array): number | undefined {
  if (String.fromCharCode(...head.subarray(0, 4)) !== "fLaC" || head.length < 26) return undefined;
  const [high, ...low] = head.subarray(21, 26);
  const samples = low.reduce((sum, byte) => sum * 256 + byte, high & 15);
  return samples === 0 ? undefined : samples;
}
