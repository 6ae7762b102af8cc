/**
 * A wav file to the samples that the front end wants: decoded, mixed to mono (mean of the channels), resampled to 16 kHz.
 *
 * All in blocks, so that an hour of 44.1 kHz stereo takes no more memory than the file and its result; where a block
 * ends changes nothing.
 */
import type { Levels } from "./levels.ts";
import { Resampler } from "./resample.ts";
import { readWavHeader } from "./riff.ts";
import { type FrontEnd, frontEnd } from "./settings.ts";
import { decodeBlocks } from "./wav.ts";

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
  /** What is wrong with the file and was read all the same, in lines that name it: cut short, or a header that contradicts itself. */
  warnings: readonly string[];
}

/**
 * Decodes a wav file of any rate and channels to 16 kHz mono. One too short for a segment, or empty, is still a recording.
 *
 * @param bytes the whole file
 * @param name what errors call the file
 * @param levels hears of the file's own samples, before they are mixed and resampled
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
export function decodeRecording(
  bytes: Uint8Array,
  name: string,
  settings: FrontEnd = frontEnd,
  levels?: Levels,
): Recording {
  const header = readWavHeader(bytes, name);
  const { sampleRate, channels, frames, warnings } = header;
  const resampler = new Resampler(sampleRate, settings.sampleRate);
  const samples = new Float32Array(Math.ceil(frames * settings.sampleRate / sampleRate));
  let at = 0;
  const append = (block: Float32Array) => {
    samples.set(block, at);
    at += block.length;
  };
  for (const block of decodeBlocks(bytes, header, name)) {
    levels?.add(block, channels);
    append(resampler.push(mono(block, channels)));
  }
  append(resampler.finish());
  return { samples, seconds: frames / sampleRate, sampleRate, channels, warnings };
}

/** The mean of the channels of a block [frames, channels]; [frames]. */
export function mono(block: Float32Array, channels: number): Float32Array {
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
export function oneChannel(block: Float32Array, channels: number, channel: number): Float32Array {
  if (channels === 1) return block;
  return Float32Array.from({ length: block.length / channels }, (_, i) => block[i * channels + channel]);
}
