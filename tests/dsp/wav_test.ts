import { assert, assertEquals, assertMatch, assertStrictEquals, assertThrows } from "@std/assert";
import { join } from "@std/path";
import { decodeRecording } from "../../dsp/recording.ts";
import { resample } from "../../dsp/resample.ts";
import { decodeWav, encodeWav } from "../../dsp/wav.ts";
import { emodbDir, noEmodb } from "../emodb.ts";

interface Spec {
  tag?: number;
  channels?: number;
  rate?: number;
  bits?: number;
  blockAlign?: number;
  data: Uint8Array | number[];
  /** Header's fmt chunk is EXTENSIBLE, with the tag in its sub-format. */
  extensible?: boolean;
  /** Chunks before and after `data`: id and body. Odd bodies are padded unless `pad` is false. */
  before?: [string, number[]][];
  after?: [string, number[]][];
  pad?: boolean;
  /** The headers' values, if not the true ones. */
  dataSize?: number;
  riffSize?: number;
}

const u16 = (v: number) => [v & 255, v >> 8 & 255];
const u32 = (v: number) => [v & 255, v >>> 8 & 255, v >>> 16 & 255, v >>> 24];
const ascii = (text: string) => [...text].map((c) => c.charCodeAt(0));

/** A wav file, byte by byte after the specification (Microsoft and IBM 1991; WAVE_FORMAT_EXTENSIBLE 2001). */
function wav(spec: Spec): Uint8Array {
  const { tag = 1, channels = 1, rate = 16000, bits = 16, extensible = false, pad = true } = spec;
  const bytes = Math.ceil(bits / 8);
  const blockAlign = spec.blockAlign ?? channels * bytes;
  const chunk = (
    [id, body]: [string, ArrayLike<number>],
    size = body.length,
  ) => [...ascii(id), ...u32(size), ...Array.from(body), ...(pad && body.length % 2 ? [0] : [])];
  const fmt = [
    ...u16(extensible ? 0xfffe : tag),
    ...u16(channels),
    ...u32(rate),
    ...u32(rate * blockAlign),
    ...u16(blockAlign),
    ...u16(bits),
    ...(extensible
      ? [...u16(22), ...u16(bits), ...u32(0), ...u16(tag), 0, 0, 0, 0, 16, 0, 128, 0, 0, 170, 0, 56, 155, 113]
      : []),
  ];
  const body = [
    ...ascii("WAVE"),
    ...chunk(["fmt ", fmt]),
    ...(spec.before ?? []).flatMap((c) => chunk(c)),
    ...chunk(["data", spec.data], spec.dataSize),
    ...(spec.after ?? []).flatMap((c) => chunk(c)),
  ];
  return Uint8Array.from([...ascii("RIFF"), ...u32(spec.riffSize ?? body.length), ...body]);
}

const decode = (spec: Spec) => decodeWav(wav(spec), "test.wav");
const first = (spec: Spec) => Array.from(decode(spec).channels[0]);

const int16 = [...u16(0), ...u16(16384), ...u16(-32768), ...u16(32767)];
const int16Values = [0, 0.5, -1, 32767 / 32768];
const float32 = (...v: number[]) => new Uint8Array(Float32Array.from(v).buffer);
const float64 = (...v: number[]) => new Uint8Array(Float64Array.from(v).buffer);

Deno.test("decodeWav() reads every width at its own scale, 2^(bits - 1)", () => {
  assertEquals(first({ bits: 8, data: [128, 192, 0, 255] }), [0, 0.5, -1, 127 / 128]);
  assertEquals(first({ data: int16 }), int16Values);
  const int24 = [0, 0, 0, 0, 0, 0x40, 0, 0, 0x80, 0xff, 0xff, 0x7f, 1, 0, 0, 0xff, 0xff, 0xff];
  assertEquals(
    first({ bits: 24, data: int24 }),
    [0, 0.5, -1, Math.fround(8388607 / 8388608), 2 ** -23, -(2 ** -23)],
  );
  assertEquals(first({ bits: 32, data: [...u32(0), ...u32(1 << 30), ...u32(1 << 31), ...u32(-1)] }), [
    0,
    0.5,
    -1,
    -(2 ** -31),
  ]);
  assertEquals(first({ tag: 3, bits: 32, data: float32(0, 0.5, -1, 1.5) }), [0, 0.5, -1, 1.5]);
  assertEquals(first({ tag: 3, bits: 64, data: float64(0, 0.5, -1, 1.5) }), [0, 0.5, -1, 1.5]);
  assertEquals(first({ bits: 12, data: [...u16(16384), ...u16(-32768)] }), [0.5, -1]); // left-justified in 16
});

Deno.test("decodeWav() separates channels, one to many", () => {
  const { sampleRate, channels } = decode({ channels: 2, rate: 44100, data: int16 });
  assertEquals(sampleRate, 44100);
  assertEquals(channels.map((c) => Array.from(c)), [[0, -1], [0.5, 32767 / 32768]]);

  const many = decode({ channels: 300, data: Array.from({ length: 600 }, (_, i) => u16(i)).flat() }).channels;
  assertEquals(many.length, 300);
  many.forEach((channel, c) => assertEquals(Array.from(channel), [c / 32768, (c + 300) / 32768]));

  // More channels of 8 bits than the canonical header can represent once widened to 16.
  assertEquals(decode({ channels: 50000, bits: 8, data: new Uint8Array(50000) }).channels[49999][0], -1);
});

Deno.test("decodeWav() joins several blocks", () => {
  const data = Uint8Array.from({ length: 300_000 }, (_, i) => i * 7 >> 3 & 255);
  const { channels } = decode({ channels: 3, bits: 8, data });
  data.forEach((byte, i) => assertEquals(channels[i % 3][Math.floor(i / 3)], byte / 128 - 1));
});

Deno.test("decodeWav() reads EXTENSIBLE headers, of integers and of floats", () => {
  assertEquals(first({ extensible: true, data: int16 }), int16Values);
  assertEquals(first({ extensible: true, tag: 3, bits: 32, data: float32(0.25) }), [0.25]);
  const unknown = wav({ extensible: true, data: int16 });
  unknown[50] ^= 1;
  assertThrows(() => decodeWav(unknown, "a.wav"), Error, "a.wav: an EXTENSIBLE header of an unknown sub-format");
  const short = wav({ tag: 0xfffe, data: int16 });
  assertThrows(() => decodeWav(short, "a.wav"), Error, "an EXTENSIBLE header of 16 bytes; 40 are required");
});

Deno.test("decodeWav() skips other chunks, odd ones too, padded or not", () => {
  const before: [string, number[]][] = [["PAD ", Array(4044).fill(0)], ["LIST", [1, 2, 3]], ["junk", []], ["odd!", [
    9,
  ]]];
  const after: [string, number[]][] = [["LIST", [1, 2, 3, 4, 5]], ["id3 ", [1]]];
  assertEquals(first({ data: int16, before, after }), int16Values);
  assertEquals(first({ data: int16, before, after, riffSize: 0 }), int16Values);
  assertEquals(first({ data: int16, before: [["LIST", [1, 2, 3]]], pad: false }), int16Values);
  assertEquals(first({ bits: 24, data: [0, 0, 0x40], after, pad: false }), [0.5]);
  assertEquals(first({ bits: 8, data: [0], after }), [-1]);
});

Deno.test("decodeWav() reads to the end if a pipe's writer could not know the size", () => {
  const sizes = [0, 0xffffffff, 0xffffffff - 36, 0x7ffff000, 0x7fffffff, 0x80000000, 0x7fffffff - 36];
  for (const dataSize of sizes) {
    for (const riffSize of [0, 36, 0xffffffff, 0x7ffff024, 0x80000024]) {
      assertEquals(first({ data: int16, dataSize, riffSize }), int16Values, `${dataSize}, ${riffSize}`);
    }
  }
  assertEquals(first({ data: [...int16, 1], dataSize: 0xffffffff, pad: false }), int16Values);
  // SoX rounds its number down to whole frames.
  assertEquals(decode({ channels: 3, data: int16, dataSize: 0x7ffff000 - 0x7ffff000 % 6 }).channels[0].length, 1);
});

Deno.test("decodeWav() accepts an empty recording, also before other chunks", () => {
  assertEquals(first({ data: [] }), []);
  assertEquals(first({ data: [], after: [["LIST", [1, 2, 3, 4]]] }), []);
  assertEquals(first({ data: [1] }), []);
});

Deno.test("decodeWav() reads bytes that begin anywhere in their buffer", () => {
  const file = wav({ tag: 3, bits: 64, data: float64(0.5, -0.5) });
  const shifted = new Uint8Array(file.length + 3);
  shifted.set(file, 3);
  assertEquals(Array.from(decodeWav(shifted.subarray(3), "test.wav").channels[0]), [0.5, -0.5]);
});

Deno.test("a truncated recording is read as far as possible, with a warning that gives the missing amount", () => {
  const file = wav({ data: int16 });
  assertEquals(Array.from(decodeWav(file.subarray(0, -3), "cut.wav").channels[0]), int16Values.slice(0, 2));
  assertEquals(decodeRecording(file.subarray(0, -3), "cut.wav").warnings, [
    "cut.wav: the recording is cut short: its data chunk states 8 bytes, the file has 5 of them; the last 0.0938 ms are missing",
  ]);
  for (let length = 0; length < file.length; length++) {
    const cut = file.subarray(0, length);
    if (length >= 44) assertStrictEquals(decodeRecording(cut, "x").samples.length, Math.floor((length - 44) / 2));
    else assertMatch(assertThrows(() => decodeWav(cut, "x"), TypeError).message, /^x: .*expected a RIFF\/WAVE file/);
  }
});

Deno.test("decodeWav() names files that are not wav files", () => {
  const cases: [number[], RegExp][] = [
    [[], /x: the file is empty/],
    [
      [...ascii("caff"), 0, 1, 0, 0],
      /x: not a wav file: it begins like an Apple CAF file; .* FLAC, MP3, Ogg Vorbis, Opus, AAC/,
    ],
    [[0x1a, 0x45, 0xdf, 0xa3, 1, 0, 0, 0], /it begins like a WebM or Matroska file/],
    [[...ascii("#!AMR"), 10, 60, 1], /it begins like an AMR file/],
    [[...ascii("MThd"), 0, 0, 0, 6], /it begins like a MIDI file, which has notes but no sound/],
    [[0xff, 0xd8, 0xff, 0xe0, 0, 16, ...ascii("JFIF"), 0, 1, 1], /x: not a wav file: it begins like a JPEG image/],
    [[...ascii("RIFX"), ...u32(-1), ...ascii("WAVEfmt ")], /a RIFX file/],
    [[...ascii("RIFF"), ...u32(4), ...ascii("AVI ")], /a RIFF file without WAVE/],
    [ascii("OggS0000000"), /an Ogg file/],
    [[...u32(24), ...ascii("ftypM4A ")], /an MP4 or M4A file/],
    [[1, 2, 3], /it has 3 bytes and begins with 01 02 03/],
  ];
  for (const [bytes, message] of cases) {
    assertMatch(assertThrows(() => decodeWav(Uint8Array.from(bytes), "x"), TypeError).message, message);
  }
});

Deno.test("decodeWav() reports the fault of a wrong header", () => {
  const cases: [Spec, RegExp][] = [
    [{ data: int16, channels: 0, blockAlign: 2 }, /0 channels/],
    [{ data: int16, rate: 0 }, /states 0 Hz; EPR reads 4000 to 768000/],
    [{ data: int16, rate: 1 }, /states 1 Hz/],
    [{ data: int16, rate: 0xffffffff }, /states 4294967295 Hz/],
    [{ data: int16, bits: 0, blockAlign: 2 }, /0 bits \(int\)/],
    [{ data: int16, bits: 64 }, /64 bits \(int\)/],
    [{ data: int16, bits: 16, tag: 3 }, /16 bits \(float\)/],
    [{ data: int16, tag: 2 }, /Microsoft ADPCM of 16 bits; EPR reads 4/],
    [{ data: int16, tag: 2, bits: 4, blockAlign: 6 }, /Microsoft ADPCM in blocks of 6 bytes, too few for 1 channel/],
    [{ data: int16, tag: 17, bits: 3, blockAlign: 256 }, /IMA ADPCM of 3 bits; EPR reads 4/],
    [{ data: int16, tag: 17, bits: 4, blockAlign: 7 }, /IMA ADPCM in blocks of 7 bytes, too few for 1 channel/],
    [{ data: int16, tag: 0x31 }, /GSM 6.10/],
    [{ data: int16, tag: 0x1234 }, /format 0x1234/],
    [{ data: int16, before: [["fmt ", [1, 0]]] }, /the fmt chunk is cut short: it states 2 bytes/],
  ];
  for (const [spec, message] of cases) assertMatch(assertThrows(() => decode(spec), TypeError).message, message);

  const dataFirst = Uint8Array.from([...ascii("RIFF"), ...u32(16), ...ascii("WAVEdata"), ...u32(4), 1, 2, 3, 4]);
  assertThrows(() => decodeWav(dataFirst, "x"), Error, "the data chunk comes before any fmt chunk");
  assertThrows(() => decodeWav(dataFirst.subarray(0, 12), "x"), Error, "no fmt chunk");
  assertThrows(() => decodeWav(wav({ data: [] }).subarray(0, 36), "x"), Error, "no data chunk");
});

Deno.test("decodeWav() and decodeRecording() name the sample that is not a number", () => {
  const data = new Float32Array(16004).fill(0.1);
  for (const bad of [NaN, Infinity, -Infinity, 1e30]) {
    data[16001] = bad;
    const file = wav({ tag: 3, channels: 2, bits: 32, data: new Uint8Array(data.buffer) });
    const message = `nan.wav: sample 8000 (at 0.500 s, channel 2): expected a finite number, of size about 1, found ${
      Math.fround(bad)
    }`;
    assertEquals(assertThrows(() => decodeWav(file, "nan.wav"), TypeError).message, message);
    assertEquals(assertThrows(() => decodeRecording(file, "nan.wav"), TypeError).message, message);
  }
  assertMatch(
    assertThrows(() => decode({ tag: 3, bits: 64, data: float64(1e300) }), Error).message,
    /sample 0 .* found Infinity/,
  );
});

Deno.test("encodeWav() and decodeWav() are inverse to each other, up to 16 bits", () => {
  const samples = Float32Array.from({ length: 70000 }, (_, i) => (i - 35000) / 32768);
  const { sampleRate, channels } = decodeWav(encodeWav(samples, 22050), "test.wav");
  assertEquals(sampleRate, 22050);
  channels[0].forEach((y, i) => assertStrictEquals(y, Math.max(-1, Math.min(32767 / 32768, samples[i]))));
  assertEquals(encodeWav(Float32Array.from(int16Values), 16000), wav({ data: int16 }));
  assertThrows(
    () => encodeWav(Float32Array.of(0, NaN), 16000),
    Error,
    "Sample 1: expected a number in [-1, 1), found NaN",
  );
  for (const rate of [0, 1.5, NaN, -1]) assertThrows(() => encodeWav(samples, rate), RangeError);
});

Deno.test("decodeRecording() is the mean of the channels, resampled whole, whatever the blocks", () => {
  const rate = 44100, frames = 150_000; // several blocks
  const data = new Float32Array(2 * frames);
  for (let i = 0; i < frames; i++) {
    data[2 * i] = Math.sin(i * 0.05);
    data[2 * i + 1] = 0.5 * Math.cos(i * i * 1e-6);
  }
  const file = wav({ tag: 3, channels: 2, rate, bits: 32, data: new Uint8Array(data.buffer) });
  const { levels: { peak, samples, clipped }, ...recording } = decodeRecording(file, "stereo.wav");
  assertEquals([peak, samples, clipped], [data.reduce((most, x) => Math.max(most, Math.abs(x)), 0), data.length, 0]);
  const mean = Float32Array.from({ length: frames }, (_, i) => (data[2 * i] + data[2 * i + 1]) / 2);
  assertEquals(recording, {
    samples: resample(mean, rate, 16000),
    seconds: frames / rate,
    sampleRate: rate,
    channels: 2,
    warnings: [],
  });
});

Deno.test("decodeRecording() keeps 16 kHz mono unchanged, and 10 ms or nothing at all is no error", () => {
  assertEquals(decodeRecording(wav({ data: int16 }), "x").samples, Float32Array.from(int16Values));
  assertEquals(decodeRecording(encodeWav(new Float32Array(441), 44100), "x").samples.length, 160);
  const { levels, ...recording } = decodeRecording(wav({ data: [], rate: 8000 }), "x");
  assertEquals([levels.peak, levels.samples, levels.clippedShare], [0, 0, 0]);
  assertEquals(recording, {
    samples: new Float32Array(0),
    seconds: 0,
    sampleRate: 8000,
    channels: 1,
    warnings: [],
  });
});

/** Numbers in [0, 1) from a seed (Weyl sequence through a 32-bit mixer). */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = state + 0x9e3779b9 | 0;
    let z = Math.imul(state ^ state >>> 16, 0x21f0aaad);
    z = Math.imul(z ^ z >>> 15, 0x735a2d97);
    return ((z ^ z >>> 15) >>> 0) / 2 ** 32;
  };
}

/** Decodes arbitrary bytes: the result must be a valid recording, or the documented error. */
function decodeAnything(bytes: Uint8Array): boolean {
  try {
    const { samples } = decodeRecording(bytes, "fuzz.wav");
    // At most one sample a byte, at four times the rate: nothing huge was allocated.
    assert(samples.length <= 4 * bytes.length);
    assert(samples.every((y) => Number.isFinite(y)));
    const { channels } = decodeWav(bytes, "fuzz.wav");
    assert(channels.reduce((sum, channel) => sum + channel.length, 0) <= bytes.length);
    return true;
  } catch (error) {
    assert(error instanceof TypeError && /^fuzz\.wav: .+(; |: )expected /s.test(error.message), String(error));
    return false;
  }
}

Deno.test("decodeRecording() refuses random bytes with its own error", () => {
  const next = random(1);
  for (let turn = 0; turn < 3000; turn++) {
    const bytes = Uint8Array.from({ length: Math.floor(next() * 100) }, () => next() * 256);
    const start = [[], ascii("RIFF"), [...ascii("RIFF"), 0, 0, 0, 0, ...ascii("WAVE")]][turn % 3];
    bytes.set(start.slice(0, bytes.length));
    assertEquals(decodeAnything(bytes), false);
  }
});

Deno.test("decodeRecording() reads mutated files or refuses them with its own error", () => {
  const next = random(2);
  const pick = <T>(from: T[]) => from[Math.floor(next() * from.length)];
  const seeds = [
    wav({ data: int16 }),
    wav({ channels: 2, rate: 44100, bits: 24, data: Array(60).fill(77), before: [["LIST", [1, 2, 3]]] }),
    wav({ extensible: true, tag: 3, bits: 32, data: float32(0.1, 0.2, 0.3), after: [["LIST", [1]]] }),
    wav({ tag: 3, bits: 64, rate: 24414, data: float64(...Array(40).fill(0.5)) }),
    wav({ bits: 8, rate: 8000, data: Array(99).fill(100) }),
  ];
  let decoded = 0;
  for (let turn = 0; turn < 6000; turn++) {
    let bytes = pick(seeds).slice();
    for (let i = Math.floor(next() * 2); i >= 0; i--) {
      const at = Math.floor(next() * Math.min(bytes.length, 70));
      const kind = Math.floor(next() * 4);
      if (kind === 0) bytes[at] = next() * 256;
      else if (kind === 1) {
        bytes.set(
          pick([u32(0), u32(-1), u32(0x7fffffff), u32(0x80000000), u16(0), u16(-1)]).slice(0, bytes.length - at),
          at,
        );
      } else if (kind === 2) bytes = bytes.slice(0, Math.floor(next() * (bytes.length + 1)));
      else bytes = Uint8Array.from([...bytes.subarray(0, at), ...bytes.subarray(at + 1)]);
      if (bytes.length === 0) break;
    }
    if (decodeAnything(bytes)) decoded++;
  }
  assert(decoded > 500 && decoded < 5500, `${decoded} of 6000: neither all nor none should decode`);
});

const emodb = emodbDir();

Deno.test({
  name: `decodeRecording() gives int16 / 32768 of Emo-DB's files${emodb ? "" : ` (${noEmodb})`}`,
  ignore: !emodb,
  fn: async () => {
    for (const name of ["03a01Fa", "14a07Aa", "14a07Fd", "14a07Na", "14a07Wc"]) {
      const file = join(emodb!, "wav", `${name}.wav`);
      const bytes = await Deno.readFile(file);
      const { samples, seconds, sampleRate, channels } = decodeRecording(bytes, file);
      // The samples are the file's end, whatever chunks come before; the four 14a07 have 4,052 bytes of them.
      const header = name.startsWith("14a07") ? 44 + 8 + 4044 : 44;
      const stored = new Int16Array(bytes.slice(header).buffer);
      assertEquals({ seconds, sampleRate, channels }, {
        seconds: stored.length / 16000,
        sampleRate: 16000,
        channels: 1,
      });
      assertEquals(samples, Float32Array.from(stored, (v) => v / 32768));
    }
  },
});
