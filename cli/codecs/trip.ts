/**
 * Encodes and decodes a recording with MP3 or Opus, to get what remains after such a transmission. Third-party packages do this; only
 * this folder depends on them:
 *
 *     wasm-media-encoders   LAME as WebAssembly (the package MIT, LAME LGPL 2)
 *     opusscript            libopus as WebAssembly, encoder and decoder (the package MIT, libopus BSD)
 */
import { Buffer } from "node:buffer";
import { createMp3Encoder } from "wasm-media-encoders";
import OpusScript from "opusscript";
import { readRecording } from "../../dsp/recording_reader.ts";
import { frontEnd } from "../../dsp/settings.ts";
import { fit } from "../../dsp/strangers.ts";

const { sampleRate } = frontEnd;

/** Delay of LAME (576 samples) and mpg123 (529). */
const MP3_DELAY = 576 + 529;

/**
 * Passes samples at 16 kHz through MP3 and back.
 *
 * @param rate kbit/s: 8, 16, 24, 32, 40, 48, 56, 64 and on to 160, the rates of MPEG-2
 */
export async function throughMp3(samples: Float32Array, rate: number): Promise<Float32Array<ArrayBuffer>> {
  const encoder = await createMp3Encoder();
  encoder.configure({ sampleRate, channels: 1, bitrate: rate as 32 });
  const padded = fit(samples, samples.length + 4 * 1152); // so that the last frame is complete
  const parts = [encoder.encode([padded]).slice(), encoder.finalize().slice()];
  const bytes = new Uint8Array(await new Blob(parts).arrayBuffer());
  const { samples: decoded } = await readRecording(bytes, "MP3");
  return fit(decoded.subarray(MP3_DELAY), samples.length);
}

/** Samples of an Opus packet, 20 ms; and its encoder's look-ahead, 6.5 ms. */
const OPUS_FRAME = 320, OPUS_DELAY = 104;

/**
 * Passes samples at 16 kHz through Opus, with the settings of a call, and back.
 *
 * @param rate kbit/s, 6 to 510
 */
export function throughOpus(samples: Float32Array, rate: number): Float32Array<ArrayBuffer> {
  const coder = new OpusScript(sampleRate as 16000, 1, OpusScript.Application.VOIP);
  try {
    coder.setBitrate(1000 * rate);
    const frames = Math.ceil((samples.length + OPUS_DELAY) / OPUS_FRAME);
    const decoded = new Float32Array(frames * OPUS_FRAME), frame = new Int16Array(OPUS_FRAME);
    for (let at = 0; at < decoded.length; at += OPUS_FRAME) {
      frame.forEach((_, n) => frame[n] = Math.max(-32768, Math.min(32767, Math.round(32768 * (samples[at + n] ?? 0)))));
      const pcm = coder.decode(coder.encode(Buffer.from(frame.buffer), OPUS_FRAME)).slice();
      const received = new Int16Array(pcm.buffer, pcm.byteOffset, OPUS_FRAME);
      for (let n = 0; n < OPUS_FRAME; n++) decoded[at + n] = received[n] / 32768;
    }
    return fit(decoded.subarray(OPUS_DELAY), samples.length);
  } finally {
    coder.delete();
  }
}
