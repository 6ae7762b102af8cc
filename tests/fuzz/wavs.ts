/** Wav files of every supported kind, each slightly longer than a segment: the fuzzer's original files. */
import type { Random } from "../../kernels/random.ts";

const ascii = (text: string) => [...text].map((c) => c.charCodeAt(0));
const u16 = (v: number) => [v & 255, v >> 8 & 255];
const u32 = (v: number) => [v & 255, v >>> 8 & 255, v >>> 16 & 255, v >>> 24];

/** The properties of a file. */
export interface WavKind {
  rate: number;
  channels: number;
  bits: number;
  float?: boolean;
  extensible?: boolean;
  note?: number;
  after?: number;
  seconds?: number;
}

/** Kinds of file. */
export const WAV_KINDS: readonly WavKind[] = [
  { rate: 16000, channels: 1, bits: 16 },
  { rate: 8000, channels: 1, bits: 8 },
  { rate: 44100, channels: 2, bits: 24, note: 3, after: 10 },
  { rate: 48000, channels: 1, bits: 32, float: true, extensible: true },
  { rate: 24414, channels: 1, bits: 64, float: true },
  { rate: 22050, channels: 3, bits: 32 },
  { rate: 16000, channels: 8, bits: 16, extensible: true },
  { rate: 192000, channels: 1, bits: 16 },
  { rate: 16000, channels: 1, bits: 16, seconds: 0.2 },
  { rate: 11025, channels: 1, bits: 16, note: 100, seconds: 0.6 },
];

/** The bytes of a file: a rising tone with noise. */
export function makeWav(kind: WavKind, random: Random): Uint8Array {
  const { rate, channels, bits, float = false, extensible = false, note = 0, after = 0, seconds = 0.4 } = kind;
  const bytes = bits / 8, frames = Math.round(rate * seconds), data = new Uint8Array(frames * channels * bytes);
  const view = new DataView(data.buffer);
  for (let i = 0; i < frames * channels; i++) {
    const t = Math.floor(i / channels) / rate;
    const value = 0.5 * Math.sin(2 * Math.PI * (200 + 300 * t) * t) + 0.1 * (random.uniform() - 0.5);
    if (float && bits === 64) view.setFloat64(8 * i, value, true);
    else if (float) view.setFloat32(4 * i, value, true);
    else if (bits === 8) data[i] = Math.round(128 + 127 * value);
    else {
      const whole = Math.round(value * (2 ** (bits - 1) - 1));
      for (let b = 0; b < bytes; b++) data[bytes * i + b] = whole >> 8 * b & 255;
    }
  }
  const tag = float ? 3 : 1, align = channels * bytes;
  const guid = [...u16(tag), 0, 0, 0, 0, 16, 0, 128, 0, 0, 170, 0, 56, 155, 113];
  const fmt = [
    ...u16(extensible ? 0xfffe : tag),
    ...u16(channels),
    ...u32(rate),
    ...u32(rate * align),
    ...u16(align),
    ...u16(bits),
    ...(extensible ? [...u16(22), ...u16(bits), ...u32(0), ...guid] : []),
  ];
  const chunk = (id: string, body: ArrayLike<number>) => {
    return [...ascii(id), ...u32(body.length), ...Array.from(body), ...(body.length % 2 ? [0] : [])];
  };
  const body = [
    ...ascii("WAVE"),
    ...chunk("fmt ", fmt),
    ...(note > 0 ? chunk("LIST", new Uint8Array(note).fill(65)) : []),
    ...chunk("data", data),
    ...(after > 0 ? chunk("LIST", new Uint8Array(after)) : []),
  ];
  return Uint8Array.from([...ascii("RIFF"), ...u32(body.length), ...body]);
}
