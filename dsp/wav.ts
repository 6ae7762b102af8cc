/**
 * Wav files to samples and back.
 *
 *   bytes -> header (riff.ts) -> blocks of interleaved samples [frames, channels] -> channels, each [frames]
 *
 * `wav-decoder` decodes the samples. It receives one block of frames at a time after a canonical 44-byte header, as one
 * channel, so that an hour of sound takes no more memory than its result. Two widths are first widened, exactly: 8 bits
 * to 16 (the decoder would centre silence on 127.5 and so add an offset), and 24 to 32 (it confuses the lowest 24-bit
 * value with the highest). It does not read G.711 and ADPCM: `g711.ts` and `adpcm.ts` do.
 */
// @ts-types="./wav_decoder.d.ts"
import wavDecoder from "wav-decoder";
import { decodeImaBlock, decodeMicrosoftBlock } from "./adpcm.ts";
import { decodeG711 } from "./g711.ts";
import { readWavHeader, type WavHeader } from "./riff.ts";

// wav-decoder uses Node's name of the global object, which a browser does not define
if (!("global" in globalThis)) Object.assign(globalThis, { global: globalThis });

/** A decoded recording. */
export interface Wav {
  /** Samples a second and channel, in Hz. */
  sampleRate: number;
  /** One array of samples a channel, all of equal length; integer formats lie in [-1, 1). */
  channels: Float32Array[];
}

/**
 * Decodes a wav file: PCM of 8 to 32 bits (divided by 2^(bits - 1)), float of 32 or 64, A-law, mu-law, IMA or Microsoft ADPCM;
 * any number of channels; RIFF, RF64, BW64 or W64, plain or EXTENSIBLE header. A file without samples gives empty channels,
 * and a truncated file gives the samples present (`RecordingStream` and `decodeRecording` warn of it).
 *
 * @param bytes the whole file
 * @param name the file's name in errors
 * @throws {TypeError} with the file, what was expected and what was found, if it is not such a file, or has samples that are
 * not numbers
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 * import { decodeWav, encodeWav } from "@epr/epr/dsp";
 *
 * const file = encodeWav(new Float32Array([0, 0.5, -1]), 16000);
 * const { sampleRate, channels } = decodeWav(file, "three samples");
 * assert(sampleRate === 16000 && channels[0][1] === 0.5);
 * ```
 */
export function decodeWav(bytes: Uint8Array, name: string): Wav {
  const header = readWavHeader(bytes, name);
  const width = header.channels;
  const channels = Array.from({ length: width }, () => new Float32Array(header.frames));
  let at = 0;
  for (const block of decodeBlocks(bytes, header, name)) {
    const frames = block.length / width;
    channels.forEach((channel, c) => {
      for (let i = 0; i < frames; i++) channel[at + i] = block[i * width + c];
    });
    at += frames;
  }
  return { sampleRate: header.sampleRate, channels };
}

/** Samples decoded at a time. */
const blockSamples = 1 << 16;

/** Float samples beyond this are not sound: 2^32 leaves room for those scaled as 32-bit integers. */
const loudest = 2 ** 32;

/**
 * The samples of a wav file, interleaved, in blocks of whole frames: each yield is [frames, channels], row-major.
 *
 * @throws {TypeError} as {@linkcode decodeWav} does, for samples that are not numbers
 */
function* decodeBlocks(bytes: Uint8Array, header: WavHeader, name: string): Generator<Float32Array> {
  const decoder = new BlockDecoder(header, name), { dataOffset, dataBytes, blockBytes, blockFrames } = header;
  // an incomplete frame of PCM yields nothing; an incomplete block of ADPCM yields some frames
  const end = dataOffset + (blockFrames > 1 ? dataBytes : dataBytes - dataBytes % blockBytes);
  for (let at = dataOffset; at < end; at += decoder.stretchBytes) {
    yield decoder.decode(bytes.subarray(at, Math.min(end, at + decoder.stretchBytes)));
  }
}

/** Decodes consecutive stretches of whole blocks. */
export class BlockDecoder {
  /** Most bytes of a stretch. */
  readonly stretchBytes: number;
  readonly #header: WavHeader;
  readonly #name: string;
  /** Bytes per sample that the decoder receives. */
  readonly #widened: number = 0;
  readonly #file: Uint8Array<ArrayBuffer> = new Uint8Array();
  /** Samples decoded so far. */
  #done = 0;

  /** @param name the file's name in errors */
  constructor(header: WavHeader, name: string) {
    [this.#header, this.#name] = [header, name];
    const { channels, encoding, sampleBytes, frames, blockFrames, blockBytes } = header;
    const blocks = Math.max(1, Math.floor(blockSamples / (channels * blockFrames)));
    this.stretchBytes = Math.min(Math.max(1, Math.ceil(frames / blockFrames)), blocks) * blockBytes;
    if (encoding !== "int" && encoding !== "float") return;
    this.#widened = encoding === "float" ? sampleBytes : sampleBytes === 1 ? 2 : sampleBytes === 3 ? 4 : sampleBytes;
    this.#file = new Uint8Array(44 + this.stretchBytes / sampleBytes * this.#widened);
  }

  /**
   * The samples of the next stretch, [frames, channels].
   *
   * @param source whole blocks, up to `stretchBytes`; an ADPCM recording's last block may be truncated
   * @throws {TypeError} if the samples are not numbers
   */
  decode(source: Uint8Array): Float32Array {
    const { encoding } = this.#header;
    let block;
    if (encoding === "int" || encoding === "float") block = this.#decodePcm(source);
    else if (encoding === "alaw" || encoding === "mulaw") block = decodeG711(source, encoding);
    else block = this.#decodeAdpcm(source);
    this.#done += block.length;
    return block;
  }

  #decodePcm(source: Uint8Array): Float32Array {
    const { sampleRate, encoding, sampleBytes } = this.#header, file = this.#file, widened = this.#widened;
    const samples = source.length / sampleBytes;
    writeHeader(file.buffer, { sampleRate, tag: encoding === "int" ? 1 : 3, sampleBytes: widened, samples });
    if (widened === sampleBytes) file.set(source, 44);
    else widen(source, file.subarray(44), sampleBytes);
    const block = wavDecoder.decode.sync(file.buffer, { symmetric: true }).channelData[0];
    if (encoding === "float") checkFinite(block, this.#done, this.#header, this.#name);
    return block;
  }

  #decodeAdpcm(source: Uint8Array): Float32Array {
    const { channels, blockBytes, blockFrames, coefficients, frames } = this.#header;
    const out = new Float32Array(Math.ceil(source.length / blockBytes) * blockFrames * channels);
    let length = 0;
    for (let at = 0; at < source.length; at += blockBytes) {
      const own = source.subarray(at, at + blockBytes);
      const block = coefficients ? decodeMicrosoftBlock(own, channels, coefficients) : decodeImaBlock(own, channels);
      out.set(block, length);
      length += block.length;
    }
    // the last block may contain more samples than the recording
    return out.subarray(0, Math.min(length, frames * channels - this.#done));
  }
}

/**
 * Widens 8-bit samples (offset binary) to 16 bits, and 24-bit samples to 32: the same value, with eight zero bits
 * below.
 */
function widen(source: Uint8Array, target: Uint8Array, sampleBytes: number): void {
  for (let s = 0, t = 0; s < source.length; s += sampleBytes) {
    target[t++] = 0;
    if (sampleBytes === 1) {
      target[t++] = source[s] ^ 0x80;
    } else {
      target[t++] = source[s];
      target[t++] = source[s + 1];
      target[t++] = source[s + 2];
    }
  }
}

function checkFinite(block: Float32Array, start: number, { channels, sampleRate }: WavHeader, name: string): void {
  for (let i = 0; i < block.length; i++) {
    if (Math.abs(block[i]) <= loudest) continue; // false for NaN
    const frame = Math.floor((start + i) / channels);
    throw new TypeError(
      `${name}: sample ${frame} (at ${(frame / sampleRate).toFixed(3)} s, channel ${(start + i) % channels + 1}): ` +
        `expected a finite number, of size about 1, found ${block[i]}`,
    );
  }
}

/**
 * Encodes mono samples as a 16-bit wav file. Samples outside [-1, 1) are clipped.
 *
 * @param samples [n], scaled to [-1, 1)
 * @param sampleRate in Hz
 * @throws {RangeError} if a sample is not a number, or the rate is not a positive integer
 */
export function encodeWav(samples: Float32Array, sampleRate: number): Uint8Array<ArrayBuffer> {
  if (!Number.isInteger(sampleRate) || sampleRate <= 0 || sampleRate > 0x7fffffff) {
    throw new RangeError(`sampleRate: expected a whole number of Hz >= 1, found ${sampleRate}`);
  }
  const file = new Uint8Array(44 + 2 * samples.length);
  writeHeader(file.buffer, { sampleRate, tag: 1, sampleBytes: 2, samples: samples.length });
  const view = new DataView(file.buffer);
  for (let i = 0; i < samples.length; i++) {
    if (Number.isNaN(samples[i])) throw new RangeError(`Sample ${i}: expected a number in [-1, 1), found NaN`);
    view.setInt16(44 + 2 * i, Math.max(-32768, Math.min(32767, Math.round(samples[i] * 32768))), true);
  }
  return file;
}

/** The canonical header of 44 bytes, for one channel. */
function writeHeader(
  file: ArrayBuffer,
  { sampleRate, tag, sampleBytes, samples }: { sampleRate: number; tag: number; sampleBytes: number; samples: number },
): void {
  const view = new DataView(file);
  const id = (at: number, text: string) => [...text].forEach((c, i) => view.setUint8(at + i, c.charCodeAt(0)));
  const dataBytes = samples * sampleBytes;
  id(0, "RIFF");
  view.setUint32(4, 36 + dataBytes, true);
  id(8, "WAVE");
  id(12, "fmt ");
  view.setUint32(16, 16, true);
  view.setUint16(20, tag, true);
  view.setUint16(22, 1, true);
  view.setUint32(24, sampleRate, true);
  view.setUint32(28, sampleRate * sampleBytes, true);
  view.setUint16(32, sampleBytes, true);
  view.setUint16(34, 8 * sampleBytes, true);
  id(36, "data");
  view.setUint32(40, dataBytes, true);
}
