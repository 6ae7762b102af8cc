/**
 * From a wav file to log-mel frames and segments: decoding, resampling, FFT, mel bank. It depends on no emotion and no
 * network, and is useful on its own.
 *
 * ```
 * wav file -> decodeRecording -> samples [n] at 16 kHz -> logMel -> frames [T, 64] -> segmentView -> [32, 64]
 * ```
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 * import { decodeRecording, encodeWav, frontEnd, logMel, segmentCount } from "@epr/epr/dsp";
 *
 * const tone = Float32Array.from({ length: 22050 }, (_, i) => Math.sin(2 * Math.PI * 440 * i / 22050));
 * const { samples } = decodeRecording(encodeWav(tone, 22050), "tone.wav");
 * const frames = logMel(samples); // [98, 64], row-major
 * assert(segmentCount(frames.length / frontEnd.nMels, 1) === 67);
 * ```
 *
 * @module
 */
export { RealFft } from "./fft.ts";
export type { Level } from "./levelling.ts";
export type { Levels } from "./levels.ts";
export { frameCount, hann, logMel } from "./log_mel.ts";
export { LogMelStream } from "./log_mel_stream.ts";
export { hzToMel, MelBank } from "./mel.ts";
export { decodeRecording, type Recording } from "./recording.ts";
export { readRecording } from "./recording_reader.ts";
export { resample } from "./resample.ts";
export { segmentCount, segmentView } from "./segments.ts";
export { type FrontEnd, frontEnd, type Levelling } from "./settings.ts";
export { SpeechActivity, speechSegments } from "./speech.ts";
export { decodeWav, encodeWav, type Wav } from "./wav.ts";
