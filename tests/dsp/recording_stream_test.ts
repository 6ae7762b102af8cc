/** Recordings that arrive in pieces: the same samples as for the whole, bit for bit, and the same error messages. */
import { assert, assertEquals, assertMatch, assertStrictEquals, assertThrows } from "@std/assert";
import { Levels } from "../../dsp/levels.ts";
import { logMel } from "../../dsp/log_mel.ts";
import { LogMelStream } from "../../dsp/log_mel_stream.ts";
import { decodeRecording } from "../../dsp/recording.ts";
import { RecordingStream } from "../../dsp/recording_stream.ts";
import { encodeWav } from "../../dsp/wav.ts";

const u32 = (v: number) => [v & 255, v >>> 8 & 255, v >>> 16 & 255, v >>> 24];
const ascii = (text: string) => [...text].map((c) => c.charCodeAt(0));

const noise = (n: number) => Float32Array.from({ length: n }, (_, i) => Math.sin(i * i * 1e-4) * 0.7);

/** A 16-bit wav file with data before and after its samples, and a size that may be wrong. */
function wav(rate: number, channels: number, { note = 0, size = -1, after = 0 } = {}): Uint8Array {
  const plain = encodeWav(noise(6 * channels * 1000), rate), data = plain.subarray(44);
  const head = plain.slice(0, 36), view = new DataView(head.buffer);
  view.setUint16(22, channels, true);
  view.setUint16(32, 2 * channels, true);
  const bytes = Uint8Array.from([
    ...head,
    ...ascii("LIST"),
    ...u32(note),
    ...new Uint8Array(note + note % 2),
    ...ascii("data"),
    ...u32(size < 0 ? data.length : size),
    ...data,
    ...(after === 0 ? [] : [...ascii("LIST"), ...u32(after), ...new Uint8Array(after)]),
  ]);
  new DataView(bytes.buffer).setUint32(4, bytes.length - 8, true);
  return bytes;
}

/** Decodes bytes that arrive in pieces of some sizes, in turn. */
function stream(bytes: Uint8Array, sizes: number[], length?: number) {
  const recording = new RecordingStream("x.wav", { length });
  const parts: number[] = [];
  for (let at = 0, turn = 0; at < bytes.length; at += sizes[turn++ % sizes.length]) {
    for (const part of recording.push(bytes.slice(at, at + sizes[turn % sizes.length]))) parts.push(...part);
  }
  for (const part of recording.finish()) parts.push(...part);
  return { samples: Float32Array.from(parts), seconds: recording.seconds };
}

const message = (run: () => unknown) => {
  try {
    run();
  } catch (error) {
    return `${error}`;
  }
};

Deno.test("RecordingStream equals decodeRecording(), whatever the pieces, whether or not the length is known", () => {
  const files = [
    wav(16000, 1),
    wav(44100, 2, { note: 5001, after: 77 }),
    wav(8000, 3, { note: 1 }),
    wav(24414, 8, { after: 4 }),
    wav(192000, 1, { size: 0xffffffff }),
    wav(22050, 2, { size: 0 }),
    wav(16000, 2).subarray(0, 9001),
    encodeWav(new Float32Array(0), 16000),
    encodeWav(noise(1), 48000),
  ];
  for (const [f, bytes] of files.entries()) {
    const { samples, seconds } = decodeRecording(bytes, "x.wav");
    for (const sizes of [[1e9], [7], [1, 4096, 44, 3]]) {
      assertEquals(stream(bytes, sizes, bytes.length), { samples, seconds }, `file ${f}, ${sizes}`);
      assertEquals(stream(bytes, sizes), { samples, seconds }, `file ${f}, ${sizes}, of unknown length`);
    }
  }
});

Deno.test("RecordingStream reports each fault as decodeRecording() does", () => {
  const good = wav(44100, 2, { note: 50 }), float = wav(16000, 1);
  new DataView(float.buffer).setUint16(20, 3, true);
  const files = [...[0, 1, 11, 13, 30, 43, 60, 100, 101].map((cut) => good.subarray(0, cut)), float];
  files.push(Uint8Array.from(ascii("OggS and more")), new Uint8Array(100), Uint8Array.from(ascii("RIFF0000AVI LIST")));
  for (const [f, bytes] of files.entries()) {
    const wanted = message(() => decodeRecording(bytes, "x.wav"));
    assertMatch(wanted!, /^TypeError: x\.wav: /);
    for (const sizes of [[1e9], [1], [5]]) {
      assertStrictEquals(message(() => stream(bytes, sizes, bytes.length)), wanted, `file ${f}, ${sizes}`);
    }
    // if the length is not known, the message may omit the file's length
    assertMatch(message(() => stream(bytes, [5]))!, /^TypeError: x\.wav: .*expected a RIFF\/WAVE file/, `file ${f}`);
  }
});

Deno.test("RecordingStream refuses a file that never reaches its samples, without keeping it, and soon", () => {
  const endless = new RecordingStream("x.wav");
  endless.push(wav(16000, 1).subarray(0, 36));
  const junk = Uint8Array.from({ length: 1 << 20 }, (_, i) => i % 8 < 4 ? 0x6a : 0); // chunks without bytes
  const began = performance.now();
  assertThrows(
    () => {
      for (let pushed = 0; pushed < 100; pushed++) endless.push(junk);
    },
    Error,
    "x.wav: no samples in its first 16 MB; expected a RIFF",
  );
  assert(performance.now() - began < 20_000);
  assertThrows(() => new RecordingStream("zero").push(new Uint8Array(1 << 20)), Error, "zero: not a wav file");
});

Deno.test("LogMelStream equals logMel(), whatever the blocks", () => {
  const samples = noise(5000), whole = logMel(samples);
  for (const size of [1, 159, 160, 161, 400, 4999]) {
    const stream = new LogMelStream(), parts: number[] = [];
    for (let at = 0; at < samples.length; at += size) parts.push(...stream.push(samples.subarray(at, at + size)));
    assertEquals(Float32Array.from(parts), whole, `blocks of ${size}`);
  }
});

Deno.test("Levels counts samples as clipped that stay at full scale for three or more, in one channel, with one sign", () => {
  const levels = new Levels();
  //        left:  1  1  1  0  1  1; right: 1 -1  1 -1  1  1, then 1
  levels.add(Float32Array.of(1, 1, 1, -1, 1, 1, 0, -1, 1, 1), 2);
  levels.add(Float32Array.of(1, 1), 2);
  levels.add(Float32Array.of(0.2, 1), 2);
  assertEquals([levels.peak, levels.clipped, levels.samples], [1, 6, 14]);
  assertEquals(levels.clippedShare, 6 / 14);
});
