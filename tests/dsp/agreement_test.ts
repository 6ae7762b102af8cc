/**
 * Recordings of every kind that FFmpeg and SoX write here, compared with FFmpeg's decoding of the same bytes: sample by sample,
 * lossless kinds to a step of 24 bits, lossy ones to -40 dB.
 */
import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import { readRecording, RecordingReader } from "../../dsp/recording_reader.ts";
import { frontEnd } from "../../dsp/settings.ts";
import { encodeWav } from "../../dsp/wav.ts";

/** A file to create. */
interface Case {
  name: string;
  rate: number;
  channels: number;
  /** options of FFmpeg or SoX */
  options: string[];
  by?: "sox";
  /** the largest accepted difference; default: -40 dB of the sound's power */
  step?: number;
  /** samples that the reference has before our first one: an encoder's delay that FFmpeg keeps */
  delay?: number;
  /**
   * samples by which the lengths may differ: FFmpeg also returns the encoder's padding if a file declares its length
   */
  padding?: number;
}

/** A step of 24 bits: the accepted difference of lossless kinds, whatever their width. */
const step = 2 ** -23;

const cases: Case[] = [];
const formats: [rate: number, channels: number][] = [[8000, 1], [16000, 1], [22050, 2], [44100, 2], [48000, 1]];
for (const [rate, channels] of formats) {
  const add = (name: string, options: string[], more: Partial<Case> = {}) => {
    const [stem, extension] = name.split(".");
    cases.push({ name: `${stem}_${rate}_${channels}.${extension}`, rate, channels, options, ...more });
  };
  for (const codec of ["pcm_u8", "pcm_s16le", "pcm_s24le", "pcm_s32le"]) add(`${codec}.wav`, ["-c:a", codec], { step });
  for (const codec of ["pcm_f32le", "pcm_alaw", "pcm_mulaw"]) add(`${codec}.wav`, ["-c:a", codec], { step });
  // SoX and the IMA's own text round each part of a difference, FFmpeg their sum
  for (const codec of ["adpcm_ima_wav", "adpcm_ms"]) add(`${codec}.wav`, ["-c:a", codec], { padding: 1100 });
  add("rf64.wav", ["-rf64", "always"], { step });
  add("w64.w64", ["-c:a", "pcm_s24le"], { step });
  add("flac16.flac", ["-c:a", "flac", "-sample_fmt", "s16"], { step });
  add("flac24.flac", ["-c:a", "flac", "-sample_fmt", "s32"], { step });
  add("mp3.mp3", ["-c:a", "libmp3lame", "-q:a", "4"]);
  // FFmpeg keeps or drops a part of the last block; ours has the declared number of samples
  add("vorbis.ogg", ["-c:a", "libvorbis", "-q:a", "4"], { padding: 256 });
  add("opus.opus", ["-ar", "48000", "-c:a", "libopus", "-b:a", "48k"], { padding: 312 }); // a short one keeps its padding
  add("aac.m4a", ["-c:a", "aac"], { padding: 1024 });
}
cases.push(
  { name: "double.wav", rate: 44100, channels: 1, options: ["-c:a", "pcm_f64le"], step },
  { name: "six.flac", rate: 48000, channels: 6, options: ["-c:a", "flac"], step },
  { name: "high.flac", rate: 96000, channels: 2, options: ["-c:a", "flac"], step },
  { name: "flac.ogg", rate: 16000, channels: 1, options: ["-c:a", "flac"], step },
  { name: "constant.mp3", rate: 32000, channels: 1, options: ["-c:a", "libmp3lame", "-b:a", "64k"] },
  {
    name: "table_first.m4a",
    rate: 44100,
    channels: 1,
    options: ["-c:a", "aac", "-movflags", "+faststart"],
    padding: 1024,
  },
  { name: "bare.aac", rate: 44100, channels: 1, options: ["-c:a", "aac"], delay: 1024, padding: 1024 },
  { name: "sox_20.wav", rate: 16000, channels: 1, by: "sox", options: ["-b", "24", "-e", "signed"], step },
  { name: "sox_ima.wav", rate: 8000, channels: 2, by: "sox", options: ["-e", "ima-adpcm"], padding: 1100 },
  { name: "sox_ms.wav", rate: 8000, channels: 1, by: "sox", options: ["-e", "ms-adpcm"], padding: 1100 },
  { name: "sox.flac", rate: 16000, channels: 1, by: "sox", options: ["-b", "24", "-C", "8"], step },
  { name: "sox_float.wav", rate: 22050, channels: 2, by: "sox", options: ["-b", "32", "-e", "float"], step },
);

const missing = ["ffmpeg", "sox"].filter((program) => {
  try {
    return !new Deno.Command(program, { args: ["-version"], stdout: "null", stderr: "null" }).outputSync();
  } catch {
    return true;
  }
});

/** Runs a program; on failure, throws with its message. */
async function run(program: string, args: string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command(program, { args, stdin: "null" }).output();
  if (!success) throw new Error(`${program}: ${new TextDecoder().decode(stderr)}`);
}

/** A voice: harmonics of a gliding pitch with varying loudness. */
function voice(rate: number, seconds: number): Float32Array {
  return Float32Array.from({ length: Math.round(rate * seconds) }, (_, i) => {
    const t = i / rate, phase = 2 * Math.PI * (130 + 40 * t) * t;
    let sum = 0;
    for (let n = 1; n <= 16; n++) sum += Math.sin(n * phase + n * n) / n;
    return 0.2 * sum * (0.6 + 0.4 * Math.sin(9 * t));
  });
}

/** The mean of the channels of the reference, from its raw floats. */
function mean(raw: Uint8Array, channels: number): Float32Array {
  const all = new Float32Array(raw.slice().buffer);
  return Float32Array.from({ length: all.length / channels }, (_, i) => {
    let sum = 0;
    for (let c = 0; c < channels; c++) sum += all[i * channels + c];
    return sum / channels;
  });
}

/** Decodes a file at its own rate, mono: whole, and in pieces. */
async function decode(file: string, rate: number): Promise<Float32Array> {
  const bytes = await Deno.readFile(file), settings = { ...frontEnd, sampleRate: rate };
  const { samples, warnings, sampleRate } = await readRecording(bytes, file, settings);
  assertEquals([warnings, sampleRate], [[], rate], file);
  // names are ignored, and the size of pieces does not matter
  const reader = new RecordingReader("named.wav", { settings }), parts: number[] = [];
  for (let at = 0; at < bytes.length; at += 5000) {
    for (const part of await reader.push(bytes.subarray(at, at + 5000))) parts.push(...part);
  }
  for (const part of await reader.finish()) parts.push(...part);
  assertEquals(Float32Array.from(parts), samples, file);
  return samples;
}

Deno.test({
  name: `${cases.length} recordings of every kind are decoded as FFmpeg decodes them${
    missing.length === 0 ? "" : ` (not installed here: ${missing.join(", ")})`
  }`,
  ignore: missing.length > 0,
  fn: async () => {
    const dir = await Deno.makeTempDir({ prefix: "epr_agreement_" });
    try {
      const source = join(dir, "source.wav");
      await Deno.writeFile(source, encodeWav(voice(48000, 0.7), 48000));
      const outputs = cases.filter(({ by }) => by === undefined).flatMap(({ name, rate, channels, options }) => [
        ...["-ar", `${rate}`, "-ac", `${channels}`, ...options, join(dir, name)],
      ]);
      await run("ffmpeg", ["-v", "error", "-bitexact", "-i", source, ...outputs]);
      for (const { name, rate, channels, options } of cases.filter(({ by }) => by === "sox")) {
        await run("sox", [source, "-r", `${rate}`, "-c", `${channels}`, ...options, join(dir, name)]);
      }
      const inputs = cases.flatMap(({ name }) => ["-i", join(dir, name)]);
      const raws = cases.flatMap(({ name }, i) => ["-map", `${i}`, "-f", "f32le", join(dir, `${name}.raw`)]);
      await run("ffmpeg", ["-v", "error", ...inputs, ...raws]);
      const wrong: string[] = [];
      let worst = -Infinity;
      for (const { name, rate, channels, step, delay = 0, padding = 0 } of cases) {
        const own = await decode(join(dir, name), name.endsWith(".opus") ? 48000 : rate);
        const reference = mean(await Deno.readFile(join(dir, `${name}.raw`)), channels).subarray(delay);
        let largest = 0, error = 0, power = 0;
        for (let i = 0; i < Math.min(own.length, reference.length); i++) {
          largest = Math.max(largest, Math.abs(own[i] - reference[i]));
          error += (own[i] - reference[i]) ** 2;
          power += reference[i] ** 2;
        }
        const dB = 10 * Math.log10(error / power + 1e-20);
        if (step === undefined) worst = Math.max(worst, dB);
        const fits = Math.abs(own.length - reference.length) <= padding && own.length > 0.65 * rate && power > 10;
        if (!fits || (step === undefined ? dB > -40 : largest > step)) {
          wrong.push(`${name}: ${own.length} for ${reference.length} samples, off by ${largest}, ${dB.toFixed(1)} dB`);
        }
      }
      console.log(`${cases.length} recordings; of the lossy ones the farthest from FFmpeg: ${worst.toFixed(1)} dB`);
      assertEquals(wrong, []);
      assert(cases.length >= 60);
    } finally {
      await Deno.remove(dir, { recursive: true });
    }
  },
});
