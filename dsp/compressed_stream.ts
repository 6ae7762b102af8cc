/**
 * Decodes a compressed recording piece by piece to 16 kHz mono: even an hour is never in memory as a whole.
 *
 *   bytes -> decoder (`decoders.ts`) -> [channels][samples] -> `mixdown.ts` -> 16 kHz
 */
import { type AudioBlock, type Decoder, type LoadPackage, nameOf, openDecoder } from "./decoders.ts";
import type { Levels } from "./levels.ts";
import { Mixdown } from "./mixdown.ts";
import type { FrontEnd } from "./settings.ts";
import type { Codec } from "./sniff.ts";

/** Decodes a compressed recording while its bytes arrive. */
export class CompressedStream {
  /** Faults that did not stop the reading, one line each, with the file's name. Complete after the end. */
  readonly warnings: string[] = [];
  readonly #codec: Codec;
  readonly #name: string;
  readonly #settings: FrontEnd;
  readonly #decoder: Decoder;
  readonly #channel: number | undefined;
  #mixdown: Mixdown | undefined;
  /** Samples a channel that the file declares. */
  #promised: number | undefined;
  #begun = false;
  /** Number of frames that could not be decoded, and the reason for the first. */
  #broken = 0;
  #fault = "";

  private constructor(codec: Codec, name: string, settings: FrontEnd, decoder: Decoder, channel?: number) {
    [this.#codec, this.#name, this.#settings, this.#decoder] = [codec, name, settings, decoder];
    this.#channel = channel;
  }

  /**
   * Opens the codec's decoder.
   *
   * @param name the file's name in errors
   * @param the channel to read, from 0; default: the mean of all
   * @param load loads the codec's decoder; default: from the packages on this machine
   * @throws {Error} if the codec's decoder can't be loaded
   */
  static async open(
    codec: Codec,
    name: string,
    settings: FrontEnd,
    { channel, load }: { channel?: number; load?: LoadPackage } = {},
  ): Promise<CompressedStream> {
    return new CompressedStream(codec, name, settings, await openDecoder(codec, name, load), channel);
  }

  /** The file's rate in Hz, and the decoder's channels; zeros before the first samples. */
  get format(): { sampleRate: number; channels: number } {
    const { sampleRate = 0, channels = 0 } = this.#mixdown ?? {};
    return { sampleRate, channels };
  }

  /** Loudness so far, and the share of clipped samples; undefined before the first samples. */
  get levels(): Levels | undefined {
    return this.#mixdown?.levels;
  }

  /** Duration of the file's own samples so far, in seconds. */
  get seconds(): number {
    return this.#mixdown?.seconds ?? 0;
  }

  /**
   * Takes the file's next bytes and returns the samples at 16 kHz that no later byte can change.
   *
   * @throws {TypeError} if the bytes can't be decoded
   */
  async push(bytes: Uint8Array): Promise<Float32Array<ArrayBuffer>[]> {
    if (!this.#begun && this.#codec === "flac") this.#promised = flacSamples(bytes);
    this.#begun = true;
    return await this.#collect(this.#decoder.decode(bytes));
  }

  /**
   * Ends the stream and returns the remaining samples.
   *
   * @throws {TypeError} if nothing could be decoded
   */
  async finish(): Promise<Float32Array<ArrayBuffer>[]> {
    const parts = await this.#collect(this.#decoder.flush());
    this.#decoder.free();
    const mixdown = this.#mixdown ?? this.#fail(this.#fault || "it holds no sound that can be decoded");
    if (this.#broken > 0) {
      this.warnings.push(
        `${this.#name}: skipped ${this.#broken} stretches that can't be decoded: ${this.#fault}`,
      );
    }
    if (this.#promised !== undefined && this.#promised > mixdown.frames) {
      const seconds = (this.#promised - mixdown.frames) / mixdown.sampleRate;
      this.warnings.push(
        `${this.#name}: the recording is cut short: its header states ${this.#promised} samples, ${mixdown.frames} can be ` +
          `decoded; ${seconds.toFixed(3)} s are missing`,
      );
    }
    return [...parts, mixdown.finish()];
  }

  async #collect(decoded: AsyncIterable<AudioBlock>): Promise<Float32Array<ArrayBuffer>[]> {
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

  #take({ channelData, sampleRate }: AudioBlock): Float32Array<ArrayBuffer> {
    const channels = channelData.length, frames = channelData[0].length;
    if (!this.#mixdown) {
      // same bounds as for wav files: at a rate of 1 Hz, each sample would become 16,000
      if (!(sampleRate >= 4000 && sampleRate <= 768000)) {
        this.#fail(`its header states ${sampleRate} Hz; EPR reads 4000 to 768000 Hz`);
      }
      this.#mixdown = new Mixdown(this.#name, { sampleRate, channels }, this.#settings.sampleRate, this.#channel);
    }
    const mixdown = this.#mixdown;
    if (sampleRate !== mixdown.sampleRate || channels !== mixdown.channels) {
      const before = `${mixdown.sampleRate} Hz, ${mixdown.channels} channel(s)`;
      this.#fail(`it changes from ${before} to ${sampleRate} Hz, ${channels}`);
    }
    const block = new Float32Array(frames * channels);
    channelData.forEach((channel, c) => {
      for (let i = 0; i < frames; i++) block[i * channels + c] = channel[i];
    });
    if (!block.every(Number.isFinite)) this.#fail("some of its samples are no numbers");
    return mixdown.push(block);
  }

  #fail(found: string): never {
    throw new TypeError(
      `${this.#name}: ${nameOf(this.#codec)} that can't be decoded: ${found}; expected a sound recording`,
    );
  }
}

/** Samples a channel that a FLAC file declares; undefined if it declares none. */
function flacSamples(head: Uint8Array): number | undefined {
  if (String.fromCharCode(...head.subarray(0, 4)) !== "fLaC" || head.length < 26) return undefined;
  const [high, ...low] = head.subarray(21, 26);
  const samples = low.reduce((sum, byte) => sum * 256 + byte, high & 15);
  return samples === 0 ? undefined : samples;
}
