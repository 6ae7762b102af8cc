/** Wav files from practice: streamed, truncated, contradictory, with 64-bit sizes, from telephony. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { decodeImaBlock, decodeMicrosoftBlock } from "../../dsp/adpcm.ts";
import { decodeG711 } from "../../dsp/g711.ts";
import { decodeRecording } from "../../dsp/recording.ts";
import { RecordingStream } from "../../dsp/recording_stream.ts";
import { decodeWav, encodeWav } from "../../dsp/wav.ts";
import { adpcm, chunk, type Contents, extensible, noise, oddWavs, plain, rf64, riff, u16, w64 } from "./containers.ts";

const int16 = [0, 16384, -32768, 32767];
const data = int16.flatMap(u16);
const values = int16.map((v) => v / 32768);

const first = (file: Uint8Array) => Array.from(decodeWav(file, "x.wav").channels[0]);
const warnings = (file: Uint8Array) => decodeRecording(file, "x.wav").warnings;

Deno.test("a chunk after one whose pad byte is missing is found, whatever its four printable characters", () => {
  for (const id of ["iXML", "_PMX", "afsp", "DISP", "minf", "data"]) {
    for (const pad of [true, false]) {
      const between = id === "data" ? [] : chunk(id, [97, 98, 99, 100]);
      const file = riff({}, [...chunk("LIST", [73, 78, 70, 79, 120], { pad }), ...between, ...chunk("data", data)]);
      assertEquals(first(file), values, `${id}, ${pad}`);
    }
  }
  const text = riff({}, [...chunk("LIST", [1, 2, 3], { pad: false }), 65, ...chunk("data", data)]); // padded with a letter
  assertEquals(first(text), values);
});

Deno.test("bits and channels are trusted if blockAlign contradicts them, with a warning", () => {
  for (const align of [16, 0, 3, 4, 255]) {
    const file = plain({ align, data });
    assertEquals(first(file), values, `${align}`);
    assertMatch(
      warnings(file)[0],
      new RegExp(`^x\\.wav: .* make 2 bytes a frame, but it states ${align}; read by bits and channels`),
    );
  }
  assertEquals(decodeWav(plain({ channels: 2, align: 2, data }), "x").channels.map((c) => c.length), [2, 2]);
  assertEquals(warnings(plain({ align: 2, data })), []);
});

Deno.test("samples of 12, 20 and 24 bits are left-justified in 2, 3 or 4 bytes, with and without EXTENSIBLE", () => {
  const justified = (bytes: number) => {
    return int16.flatMap((v) => Array.from({ length: bytes }, (_, b) => v * 2 ** (8 * bytes - 16) >> 8 * b & 255));
  };
  const cases: [bits: number, bytes: number][] = [[12, 2], [12, 4], [20, 3], [20, 4], [24, 3], [24, 4], [32, 4], [
    18,
    3,
  ]];
  for (const [bits, bytes] of cases) {
    const file = plain({ bits, align: bytes, data: justified(bytes) });
    assertEquals([first(file), warnings(file)], [values, []], `${bits} in ${bytes} bytes`);
    const contents = { tag: 0xfffe, bits: 8 * bytes, align: bytes, extension: extensible(1, bits) };
    assertEquals(
      first(plain({ ...contents, data: justified(bytes) })),
      values,
      `${bits} in ${bytes} bytes, EXTENSIBLE`,
    );
  }
  const stereo = plain({ bits: 24, channels: 2, align: 8, data: justified(4) });
  assertEquals(decodeWav(stereo, "x").channels.map((c) => [...c]), [[values[0], values[2]], [values[1], values[3]]]);
});

Deno.test("RF64, BW64 and W64 are read with correct, missing and too large sizes", () => {
  for (const id of ["RF64", "BW64"] as const) {
    for (const size of [data.length, 0, 2 ** 32 - 1]) assertEquals(first(rf64({ data }, id, size)), values);
    assertEquals(first(rf64({ data: [...data, ...data] }, id, data.length)), values);
    assertMatch(
      warnings(rf64({ data }, id, 2 ** 33))[0],
      /cut short: its data chunk states 8589934592 bytes, .* has 8/,
    );
  }
  for (const size of [undefined, 24, 2 ** 63]) assertEquals(first(w64({ data }, size)), values);
  assertMatch(
    warnings(w64({ data }, 40024))[0],
    /cut short: its data chunk states 40000 bytes.*the last 1\.2 s are missing/,
  );
  assertEquals(warnings(w64({ data })), []);
});

Deno.test("G.711 gives the values of ITU-T G.711's tables", () => {
  // the decision values of tables 1a and 2a, at the top, the middle and the bottom of each segment's first step
  const alaw: [byte: number, value: number][] = [[0xd5, 1], [0x55, -1], [0xd4, 3], [0xc5, 33], [0xf5, 66], [
    0xaa,
    4032,
  ]];
  for (const [byte, value] of alaw) assertEquals(decodeG711(Uint8Array.of(byte), "alaw")[0], value / 4096, `${byte}`);
  const mulaw: [byte: number, value: number][] = [[0xff, 0], [0xfe, 2], [0x7e, -2], [0xef, 33], [0x80, 8031], [
    0,
    -8031,
  ]];
  for (const [byte, value] of mulaw) assertEquals(decodeG711(Uint8Array.of(byte), "mulaw")[0], value / 8192, `${byte}`);
  const all = Uint8Array.from({ length: 256 }, (_, i) => i);
  for (const law of ["alaw", "mulaw"] as const) {
    const tag = law === "alaw" ? 6 : 7, contents = { bits: 8, rate: 8000, data: all };
    const wanted = [...decodeG711(all, law)];
    assertEquals(first(plain({ ...contents, tag })), wanted);
    assertEquals(first(plain({ ...contents, tag: 0xfffe, extension: extensible(tag, 8) })), wanted);
    for (let i = 0; i < 128; i++) assertEquals(wanted[i], -wanted[i + 128]); // the sign is the highest bit
  }
});

const bytes = (hex: string) => Uint8Array.from(hex.match(/../g)!, (byte) => parseInt(byte, 16));
const ints = (samples: Float32Array) => Array.from(samples, (v) => v * 32768);

Deno.test("ADPCM blocks decode to the same values as in SoX 14.4", () => {
  assertEquals(
    ints(decodeImaBlock(bytes("50fb1e0082b70eee7f1a5039"), 1)),
    [-1200, -1119, -1133, -934, -1134, -1473, -1427, -1974, -2945, -4932, -672, -3715, -2055, -1552, 3480, 1472, 5732],
  );
  const ima = [-1200, 400, -1411, 1385, -1611, 2312, -1585, 508, -1940, 4381, -2603, 11576, -1246, 12556, -276, 967];
  assertEquals(ints(decodeImaBlock(bytes("50fb1e0090013200bef07ec2347f066e"), 2)), [...ima, -1863, 21498]);
  const standard = Int16Array.of(256, 0, 512, -256, 0, 0, 192, 64, 240, 0, 460, -208, 392, -232);
  assertEquals(
    ints(decodeMicrosoftBlock(bytes("022800d4fe38ffd08f5dc751"), 1, standard)),
    [-200, -300, -120, 0, -248, -93, 415, -396, -472, 987, 1690, 540],
  );
  const ms = [-200, 650, -300, 700, -320, 1125, -200, 2278, -162, 4028, 20, 5386, 374, 7089, 728, 8361];
  assertEquals(ints(decodeMicrosoftBlock(bytes("010528006300d4febc0238ff8a022447e3404300"), 2, standard)), ms);
});

Deno.test("an ADPCM file has the frames of its fact chunk, including those of a truncated block", () => {
  const ima: Contents = { tag: 17, bits: 4, align: 256, extension: adpcm(505, false), data: noise(1024) };
  const count = (contents: Contents) => first(plain(contents)).length;
  assertEquals(count(ima), 4 * 505);
  assertEquals([count({ ...ima, fact: 1900 }), count({ ...ima, fact: 5 }), count({ ...ima, fact: 1e6 })], [
    1900,
    2020,
    2020,
  ]);
  assertEquals([3, 4, 8, 11, 12].map((rest) => count({ ...ima, data: noise(256 + rest) }) - 505), [0, 1, 9, 9, 17]);
  const ms: Contents = { tag: 2, bits: 4, align: 256, extension: adpcm(500, true), data: noise(1024) };
  assertEquals(count(ms), 2000);
  assertEquals([6, 7, 8].map((rest) => count({ ...ms, data: noise(256 + rest) }) - 500), [0, 2, 4]);
  assertEquals(first(plain({ ...ms, extension: [] })), first(plain(ms))); // the coefficients omitted
});

Deno.test("each kind decodes to the same samples in pieces, of known and of unknown length, as whole; truncated too", () => {
  for (const [kind, whole] of Object.entries(oddWavs)) {
    for (const file of [whole, whole.subarray(0, -201)]) {
      const { samples, seconds, warnings } = decodeRecording(file, "x.wav");
      assert(samples.length > 5360, `${kind}: ${samples.length}`);
      for (const [size, length] of [[999, file.length], [4096, undefined]] as const) {
        const stream = new RecordingStream("x.wav", { length }), parts: number[] = [];
        const take = (given: Float32Array[]) => given.forEach((part) => parts.push(...part));
        for (let at = 0; at < file.length; at += size) take(stream.push(file.subarray(at, at + size)));
        take(stream.finish());
        assertEquals([stream.seconds, Float32Array.from(parts)], [seconds, samples], kind);
        assertEquals(stream.warnings, warnings, kind);
      }
    }
  }
});

Deno.test("a recorder's stream is read to its end in pieces too, whatever length it declares", () => {
  const file = encodeWav(Float32Array.from({ length: 9000 }, (_, i) => Math.sin(i / 9) / 2), 16000);
  const wanted = decodeRecording(file, "x.wav").samples;
  for (const size of [0x80000000, 0x7fffffff, 0x7ffff000, 0xffffffff, 0xffffffff - 36, 0xffffffff - 44, 0]) {
    const streamed = file.slice(), view = new DataView(streamed.buffer);
    view.setUint32(40, size, true);
    view.setUint32(4, Math.min(0xffffffff, size + 36), true);
    for (const length of [file.length, undefined]) {
      const stream = new RecordingStream("x.wav", { length });
      const parts = [
        ...stream.push(streamed.subarray(0, 700)),
        ...stream.push(streamed.subarray(700)),
        ...stream.finish(),
      ].flatMap((part) => [...part]);
      assertEquals([Float32Array.from(parts), stream.warnings], [wanted, []], `${size}`);
    }
  }
});
