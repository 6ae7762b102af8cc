/** Compressed recordings without FFmpeg: recognition, the order of an MP4 file's boxes, and FLAC files written here. */
import { assert, assertEquals, assertMatch, assertRejects, assertStrictEquals } from "@std/assert";
import { MovieFeeder } from "../../dsp/m4a.ts";
import { readRecording, RecordingReader } from "../../dsp/recording_reader.ts";
import { frontEnd } from "../../dsp/settings.ts";
import { type Codec, recognise } from "../../dsp/sniff.ts";
import { encodeWav } from "../../dsp/wav.ts";
import { ascii } from "./containers.ts";
import { flac } from "./flac.ts";

const bytes = (...parts: (string | number[])[]) => {
  return Uint8Array.from(parts.flatMap((part) => typeof part === "string" ? ascii(part) : part));
};
const zeros = (count: number) => new Array(count).fill(0);
const page = (packet: string) => bytes("OggS", zeros(24), packet, zeros(40));
const id3 = bytes("ID3", [4, 0, 0, 0, 0, 1, 2], zeros(130));

Deno.test("recognise() knows each kind by its first bytes, after a tag too, and requests no more than it needs", () => {
  const cases: [Uint8Array, Codec, number][] = [
    [bytes("fLaC", zeros(60)), "flac", 0],
    [bytes([...id3], "fLaC", zeros(60)), "flac", 140],
    [bytes([...id3], [0xff, 0xfb, 0x90, 0x00], zeros(60)), "mp3", 140],
    [bytes([0xff, 0xf3, 0x40, 0xc0], zeros(60)), "mp3", 0],
    [bytes([0xff, 0xe3, 0x40, 0xc0], zeros(60)), "mp3", 0],
    [bytes([0xff, 0xfd, 0x90, 0x00], zeros(60)), "mp3", 0],
    [bytes([0xff, 0xf1, 0x50, 0x80], zeros(60)), "aac", 0],
    [bytes([0xff, 0xf9, 0x50, 0x80], zeros(60)), "aac", 0],
    [page("\x01vorbis"), "vorbis", 0],
    [page("OpusHead"), "opus", 0],
    [page("\x7fFLAC"), "flac", 0],
    [bytes([0, 0, 0, 28], "ftypM4A ", zeros(60)), "m4a", 0],
  ];
  for (const [head, codec, offset] of cases) {
    assertEquals(recognise(head, false), { codec, offset });
    assertStrictEquals(recognise(head.subarray(0, 11), false), "more", codec);
    assert(recognise(head.subarray(0, 11), true) !== "more");
  }
  const others = [encodeWav(new Float32Array(9), 8000), page("Speex   "), bytes("FORM", zeros(60)), new Uint8Array()];
  others.push(bytes([0xff, 0xd8, 0xff, 0xe0], zeros(60)), bytes([0xff, 0xfe, 0x70, 0], zeros(60)), id3.subarray(0, 9));
  others.push(bytes([0xff, 0xff, 0xff, 0xff], zeros(60)), bytes([0xff, 0xfb, 0xf0, 0], zeros(60)));
  for (const head of others) assertStrictEquals(recognise(head, true), undefined, `${head}`);
});

const box = (type: string, ...body: number[][]) => {
  const length = 8 + body.flat().length;
  return [length >> 24, length >> 16, length >> 8, length].map((v) => v & 255).concat(ascii(type), body.flat());
};

Deno.test("MovieFeeder puts an MP4 file's table of contents before its sound, and moves its offsets", () => {
  const sound = Array.from({ length: 3000 }, (_, i) => i % 251), ftyp = box("ftyp", ascii("M4A "), zeros(8));
  const mdat = box("mdat", sound);
  const table = (...offsets: number[]) => {
    const entries = offsets.flatMap((v) => [v >> 24, v >> 16, v >> 8, v].map((w) => w & 255));
    return box(
      "moov",
      box("trak", box("mdia", box("minf", box("stbl", box("stco", zeros(4), [0, 0, 0, 2], entries))))),
    );
  };
  const first = ftyp.length + 8, size = table(0, 0).length;
  const last = [...ftyp, ...mdat, ...table(first, first + 1000), ...box("free", zeros(9))];
  const wanted = [...ftyp, ...table(first + size, first + size + 1000), ...mdat, ...box("free", zeros(9))];
  const early = [...ftyp, ...table(first + size, first + size + 1000), ...mdat];
  for (const piece of [1e9, 700, 13]) {
    const feed = (file: number[]) => {
      const feeder = new MovieFeeder(), out: number[] = [];
      for (let at = 0; at < file.length; at += piece) {
        for (const part of feeder.push(Uint8Array.from(file.slice(at, at + piece)))) out.push(...part);
      }
      return out;
    };
    assertEquals(feed(last), wanted, `${piece}`);
    assertEquals(feed(early), early, `${piece}`);
  }
});

const tone = (n: number, step: number) => Int16Array.from({ length: n }, (_, i) => 32767.5 * Math.sin(i * step) - 0.5);

Deno.test("a FLAC file gives its exact samples, whole and in pieces, whatever its name", async () => {
  for (const channels of [[tone(9000, 0.1)], [tone(9000, 0.1), tone(9000, 0.03)]]) {
    const file = flac(channels);
    const { samples, seconds, sampleRate, warnings } = await readRecording(file, "named.wav");
    assertEquals([samples.length, seconds, sampleRate, warnings], [9000, 9000 / 16000, 16000, []]);
    samples.forEach((y, i) => {
      const mean = channels.reduce((sum, channel) => sum + channel[i] / 32768, 0) / channels.length;
      assertStrictEquals(y, Math.fround(mean));
    });
    const reader = new RecordingReader("x", { settings: frontEnd }), parts: number[] = [];
    for (let at = 0; at < file.length; at += 1000) {
      for (const part of await reader.push(file.subarray(at, at + 1000))) parts.push(...part);
    }
    for (const part of await reader.finish()) parts.push(...part);
    assertEquals(Float32Array.from(parts), samples);
  }
});

Deno.test("a truncated FLAC file is read as far as possible, with a warning; one without sound is refused", async () => {
  const { samples, warnings } = await readRecording(flac([tone(9000, 0.1)], 17000), "cut.flac");
  assertEquals(samples.length, 9000);
  assertMatch(
    warnings[0],
    /^cut\.flac: the recording is cut short: its header states 17000 samples, 9000 .* 0\.500 s are missing$/,
  );
  await assertRejects(
    () => readRecording(flac([tone(9000, 0.1)]).subarray(0, 60), "empty.flac"),
    TypeError,
    "empty.flac: a FLAC file that can't be decoded: it holds no sound that can be decoded; expected a sound recording",
  );
});

Deno.test("a wav file is read by its content, whatever its name", async () => {
  const { samples } = await readRecording(encodeWav(Float32Array.of(0.5, -0.5), 16000), "song.mp3");
  assertEquals(samples, Float32Array.of(0.5, -0.5));
  await assertRejects(
    () => readRecording(bytes("hello there, no sound"), "song.mp3"),
    TypeError,
    "song.mp3: not a wav file",
  );
});

Deno.test("an M4A index that declares more than it has is refused before the decoder uses it", async () => {
  const u32 = (v: number) => [v >>> 24, v >>> 16, v >>> 8, v].map((w) => w & 255), many = u32(0xfffffff0);
  const track = (...tables: number[][]) =>
    box("moov", box("trak", box("edts", ...tables), box("mdia", box("minf", box("stbl", ...tables)))));
  const entry = (size: number) => [...u32(size), ...ascii("mp4a"), ...zeros(60)];
  const lies: Record<string, number[]> = {
    "an edit list of 4,294,967,280 edits": box("elst", zeros(4), many, zeros(24)),
    "that many descriptions, of 0 bytes each": box("stsd", zeros(4), many, entry(0)),
    "a description longer than its box": box("stsd", zeros(4), u32(1), entry(4000)),
    "a table in a description": box("stsd", zeros(4), u32(1), [
      ...u32(56),
      ...ascii("mp4a"),
      ...zeros(28),
      ...box("stsz", zeros(8), many),
    ]),
    "that many samples of one size": box("stsz", zeros(4), u32(1), many),
    "that many of one length": box("stts", zeros(4), u32(1), many, u32(1)),
    "a descriptor of a length below 0": box("esds", zeros(4), [6, 0x88, 0x80, 0x80, 0x80, 0x80, 0], zeros(30)),
    "ALAC frames of that many samples": box("alac", zeros(4), many, zeros(20)),
  };
  for (const [what, table] of Object.entries(lies)) {
    const file = Uint8Array.from([
      ...box("ftyp", ascii("M4A "), zeros(8)),
      ...track(table),
      ...box("mdat", zeros(500)),
    ]);
    await assertRejects(
      () => readRecording(file, "lie.m4a"),
      TypeError,
      "a table of its index states more entries than it has",
      what,
    );
  }
});

Deno.test("recognise() skips tags that end with their head again, and padding after them", () => {
  const frame = [0xff, 0xfb, 0x90, 0x00],
    foot = bytes("ID3", [4, 0, 16, 0, 0, 0, 8], zeros(8), "3DI", [4, 0, 16, 0, 0, 0, 8]);
  for (
    const [before, offset] of [[foot, 28], [bytes([...foot], [...id3]), 168], [
      bytes([...id3], zeros(4096)),
      4236,
    ]] as const
  ) {
    assertEquals(recognise(bytes([...before], frame, zeros(60)), false), { codec: "mp3", offset });
    assertStrictEquals(recognise(before, false), "more");
  }
  assertEquals(recognise(bytes(zeros(3000), frame, zeros(60)), false), { codec: "mp3", offset: 3000 });
  assertStrictEquals(recognise(new Uint8Array(1 << 17), false), undefined);
  assertStrictEquals(recognise(new Uint8Array(5000), true), undefined);
});

Deno.test("a FLAC file keeps its last frames if these are as short as those of silence", async () => {
  for (const length of [4096 + 1, 2 * 4096 + 2, 3 * 4096 + 3, 4096 + 100]) {
    const { samples, warnings } = await readRecording(flac([tone(length, 0.1)]), "short.flac");
    assertEquals([samples.length, warnings], [length, []]);
  }
  for (const length of [4096 + 1, 5 * 4096, 5 * 4096 + 7]) {
    const { samples, warnings } = await readRecording(
      flac([new Int16Array(length)], length, "constant"),
      "silent.flac",
    );
    assertEquals([samples.length, warnings], [length, []]);
  }
});

Deno.test("an M4A file in fragments is refused with the command that repairs it", async () => {
  const file = bytes(
    box("ftyp", ascii("iso5"), zeros(8)),
    box("moov", box("mvex", box("trex", zeros(24)))),
    box("moof", zeros(90)),
  );
  await assertRejects(
    () => readRecording(file, "stream.mp4"),
    TypeError,
    "it is fragmented, which EPR does not read: ffmpeg ",
  );
});
