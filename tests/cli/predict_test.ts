/** What `deno task predict` reads: every kind of wav file, FLAC, standard input; the same results in every output format. */
import { assert, assertEquals, assertMatch, assertStrictEquals } from "@std/assert";
import { basename, join, relative } from "@std/path";
import { tableFromIPC } from "apache-arrow";
import { decodeRecording } from "../../dsp/recording.ts";
import { encodeWav } from "../../dsp/wav.ts";
import { Random } from "../../kernels/random.ts";
import { Predictor } from "../../models/predictor.ts";
import { tone } from "../corpora/folders.ts";
import { oddWavs } from "../dsp/containers.ts";
import { flac } from "../dsp/flac.ts";
import { makeWav, WAV_KINDS } from "../fuzz/wavs.ts";
import { device, emotions, model, predict, withModel } from "./predicting.ts";

const kinds = Object.fromEntries(
  WAV_KINDS.filter(({ seconds = 1 }) => seconds > 0.3).map((kind, i) => {
    const name = `${kind.rate}Hz-${kind.channels}ch-${kind.bits}bit${kind.float ? "-float" : ""}.wav`;
    return [name, makeWav(kind, new Random(1, i))];
  }),
);

Deno.test("predict reads every kind of wav file, in folders too, with the library's results, and the same in JSON, CSV and Arrow", async () => {
  const names = Object.keys(kinds).sort();
  for (const kind of ["192000Hz-1ch-16bit", "16000Hz-8ch", "8bit", "24bit", "32bit-float"]) {
    assert(names.some((name) => name.includes(kind)), kind);
  }
  await withModel(kinds, async (dir, options) => {
    const arrow = join(dir, "profiles.arrow");
    const json = await predict([dir, "--json", "--profile", "--arrow", arrow, ...options]);
    assertEquals([json.code, json.stderr], [0, ""]);
    const { recordings, ...rest } = JSON.parse(json.stdout);
    assertEquals(rest, { model: "tiny", decidedBy: "forest", emotions });
    assertEquals(recordings.map(({ file }: { file: string }) => basename(file)), names);

    const predictor = new Predictor(model, device), table = tableFromIPC(await Deno.readFile(arrow));
    let row = 0;
    const lines: string[] = [];
    for (const [i, name] of names.entries()) {
      const { samples, seconds } = decodeRecording(kinds[name], name);
      const { emotion, probability, probabilities, profile } = await predictor.predict(samples);
      const own = recordings[i], segments = profile.length / emotions.length;
      assertEquals([own.emotion, own.probability, own.segments, own.segmentHop], [
        emotion,
        probability,
        segments,
        8,
      ]);
      assertEquals(Object.entries<unknown>(own.probabilities), emotions.map((own, e) => [own, probabilities[e]]));
      assert(Math.abs(own.seconds - seconds) < 0.001);
      const shown = own.profile.flatMap(({ probabilities }: { probabilities: number[] }) => probabilities);
      assertEquals(Float32Array.from(shown), profile);
      assertEquals(
        own.profile.map(({ start }: { start: number }) => start),
        [0, 0.08, 0.16, 0.24].slice(0, segments),
      );
      for (let s = 0; s < segments; s++, row++) {
        assertStrictEquals(table.getChild("utterance")!.get(row), own.file);
        assertStrictEquals(table.getChild(emotions[0])!.get(row), profile[s * emotions.length]);
      }
      const percent = `${(100 * probability).toFixed(1)} %`;
      lines.push(`${own.file}  ${emotion}  ${percent}  ${seconds.toFixed(2)} s`);
    }
    assertStrictEquals(row, table.numRows);

    const mean = JSON.parse((await predict([dir, "--json", "--decide", "mean", ...options])).stdout);
    assertEquals(mean.decidedBy, "mean");
    const { samples } = decodeRecording(kinds[names[0]], names[0]);
    const wanted = await predictor.predict(samples, { decide: "mean" });
    assertEquals(Object.values(mean.recordings[0].probabilities), [...wanted.probabilities]);

    const plain = await predict([dir, ...options]);
    assertEquals(plain.code, 0);
    const squeezed = plain.stdout.trimEnd().split("\n").map((line) => line.split(/ {2,}| (?=\d+\.\d %)/).join("  "));
    assertEquals(squeezed, lines);

    const csv = (await predict([dir, "--csv", ...options])).stdout.trimEnd().split("\n").map((line) => line.split(","));
    assertEquals(csv[0], ["file", "emotion", "probability", "seconds", "segments", ...emotions]);
    assertEquals(
      csv.slice(1).map(([file, emotion]) => [file, emotion]),
      recordings.map((own: Record<string, string>) => [
        own.file,
        own.emotion,
      ]),
    );
    predictor.close();
  });
});

Deno.test("predict reads standard input while it arrives, from programs that do not know its length", async () => {
  const file = encodeWav(decodeRecording(tone(1.5, 300), "tone").samples, 16000);
  await withModel({ "tone.wav": file }, async (dir, options) => {
    const known = await predict([join(dir, "tone.wav"), "--csv", "--profile", ...options]);
    const piped = file.slice();
    new DataView(piped.buffer).setUint32(40, 0x7ffff000, true);
    const read = await predict(["-", "--csv", "--profile", ...options], piped);
    assertEquals([read.code, read.stderr], [0, ""]);
    assertStrictEquals(read.stdout.replaceAll("standard input", join(dir, "tone.wav")), known.stdout);
    assertMatch(read.stdout, /^file,segment,start_s,anger,.*\nstandard input,0,0\.000,0\.\d{6},/);
    const cut = await predict(["-", ...options], file.subarray(0, -1000));
    assertEquals(cut.code, 0);
    assertMatch(cut.stdout, /^standard input +.* 1\.47 s\n$/);
    assertMatch(
      cut.stderr,
      /^warning: standard input: the recording is cut short: its data chunk states 48000 bytes, .* the last 31\.3 ms are missing\n$/,
    );
  });
});

Deno.test("predict reads odd wav files; their faults are warnings, with status 0", async () => {
  const whole = encodeWav(decodeRecording(tone(1.5, 300), "tone").samples, 16000), streamed = whole.slice();
  new DataView(streamed.buffer).setUint32(4, 0x80000024, true);
  new DataView(streamed.buffer).setUint32(40, 0x80000000, true);
  const align16 = whole.slice();
  new DataView(align16.buffer).setUint16(32, 16, true);
  const files = {
    "whole.wav": whole,
    "streamed.wav": streamed,
    "align16.wav": align16,
    "short.wav": whole.slice(0, -2),
  };
  // noise in ADPCM reaches its limits, which predict reports as clipped: tests/dsp/odd_wavs_test.ts tests these
  const odd = Object.entries(oddWavs).filter(([kind]) => !kind.includes("ADPCM"));
  for (const [kind, file] of odd) Object.assign(files, { [`odd/${kind}.wav`]: file });
  await withModel(files, async (dir, options) => {
    const { code, stdout, stderr } = await predict([dir, ...options]);
    const lines = Object.fromEntries(
      stdout.trimEnd().split("\n").map((line) => [relative(dir, line.split("  ")[0]), line.split(/  +/).slice(1)]),
    );
    assertEquals([code, Object.keys(lines).length], [0, 4 + odd.length], stderr);
    for (const name of ["streamed.wav", "align16.wav", "short.wav"]) {
      assertEquals(lines[name], lines["whole.wav"], name);
    }
    const warnings = stderr.trimEnd().split("\n");
    assertEquals(warnings.length, 2, stderr);
    assertMatch(warnings[0], /^warning: .*align16\.wav: the header contradicts itself/);
    assertMatch(warnings[1], /^warning: .*short\.wav: the recording is cut short: .* the last 0\.0625 ms are missing$/);
    const piped = await predict(["-", ...options], streamed);
    assertEquals([piped.code, piped.stderr], [0, ""]);
    assertEquals(piped.stdout.trimEnd().split(/  +/).slice(1), lines["whole.wav"]);
  });
});

Deno.test("predict gives the same result for a FLAC file as for the wav file of the same samples, named rightly or wrongly, or piped", async () => {
  const wav = tone(0.8, 300), file = flac([new Int16Array(wav.slice(44).buffer)]);
  await withModel({ "a.wav": wav, "b.flac": file, "c.wav": file, "d.flac": wav }, async (dir, options) => {
    const { code, stdout, stderr } = await predict([dir, "--csv", "--profile", ...options]);
    assertEquals([code, stderr], [0, ""]);
    const lines = stdout.trimEnd().split("\n").slice(1),
      own = (name: string) => {
        return lines.filter((line) => line.startsWith(join(dir, name))).map((line) =>
          line.slice(join(dir, name).length)
        );
      };
    assert(own("a.wav").length > 0);
    for (const name of ["b.flac", "c.wav", "d.flac"]) assertEquals(own(name), own("a.wav"), name);
    const piped = await predict(["-", "--csv", "--profile", ...options], file);
    assertEquals([piped.code, piped.stderr], [0, ""]);
    assertEquals(
      piped.stdout.trimEnd().split("\n").slice(1).map((line) => line.slice("standard input".length)),
      own("a.wav"),
    );
  });
});
