/** `deno task predict` from a user's view: every kind of recording, fault and output. */
import { assert, assertEquals, assertMatch, assertStrictEquals } from "@std/assert";
import { basename, join, relative } from "@std/path";
import { tableFromIPC } from "apache-arrow";
import { SHIPPED_MODEL } from "../../cli/model_option.ts";
import { decodeRecording } from "../../dsp/recording.ts";
import { encodeWav } from "../../dsp/wav.ts";
import { Random } from "../../kernels/random.ts";
import { Predictor } from "../../models/predictor.ts";
import { writeModel } from "../../models/write_folder.ts";
import { tone, withFolder } from "../corpora/folders.ts";
import { cpu } from "../devices.ts";
import { oddWavs } from "../dsp/containers.ts";
import { flac } from "../dsp/flac.ts";
import { makeWav, WAV_KINDS } from "../fuzz/wavs.ts";
import { trainTinyModel } from "../models/tiny_model.ts";

const root = join(import.meta.dirname!, "..", "..");
const device = await cpu.open();
const { bytes, model } = await trainTinyModel(device);
const { emotions } = model.description;

function spawn(args: string[], task = "predict"): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "-P=predict", `cli/${task}.ts`, ...args],
    cwd: root,
    env: { NO_COLOR: "1" },
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

async function predict(args: string[], input: Uint8Array = new Uint8Array(), task?: string) {
  const child = spawn(args, task), output = child.output();
  const writer = child.stdin.getWriter();
  await writer.write(input).then(() => writer.close()).catch(() => {}); // it may have ended without reading
  const { code, stdout, stderr } = await output;
  return { code, stdout: new TextDecoder().decode(stdout), stderr: new TextDecoder().decode(stderr) };
}

/** Runs `body` with a folder of files, and the options for the tiny model. */
async function withModel(
  files: Record<string, string | Uint8Array | null>,
  body: (dir: string, options: string[]) => Promise<void>,
): Promise<void> {
  await withFolder(files, async (dir) => {
    const folder = join(dir, "..", `${basename(dir)}-model`);
    try {
      await writeModel(folder, bytes);
      await body(dir, ["--model", folder, "--device", "cpu", "--threads", "1", "--quiet"]);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });
}

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

Deno.test("predict prints for each recording that it can't judge the reason in a line, does the others, and ends with 1", async () => {
  const loud = Float32Array.from({ length: 16000 }, (_, i) => Math.max(-1, Math.min(1, 3 * Math.sin(i / 20))));
  const files = {
    "good.wav": tone(0.5, 300),
    "other/also.wav": tone(0.4, 700),
    "other/song.mp3": "ID3",
    "nothing/read.me": "",
    "empty.wav": new Uint8Array(),
    "headers.wav": encodeWav(new Float32Array(0), 16000),
    "short.wav": tone(0.3),
    "silent.wav": encodeWav(new Float32Array(16000), 16000),
    "clipped.wav": encodeWav(loud, 16000),
    "picture.wav": new Uint8Array([0xff, 0xd8, 0xff, 0xe0, 0, 16, 74, 70, 73, 70]),
    "cut.wav": tone(0.5).subarray(0, 9000),
    "notes.wav": "nothing to hear here",
  };
  await withModel(files, async (dir, options) => {
    const bad = ["gone", "empty", "headers", "short", "silent", "clipped", "picture", "cut", "notes"];
    const inputs = ["good.wav", ...bad.map((name) => `${name}.wav`), "nothing", "other"].map((name) => join(dir, name));
    const { code, stdout, stderr } = await predict([...inputs, ...options]);
    assertEquals(code, 1);
    const judged = stdout.trimEnd().split("\n").map((line) => relative(dir, line.split("  ")[0]));
    assertEquals(judged, ["good.wav", "clipped.wav", "other/also.wav"]);
    const wanted = [
      /gone\.wav: no such file$/,
      /empty\.wav: the file is empty; expected a RIFF\/WAVE file/,
      /headers\.wav: expected samples, found none$/,
      /short\.wav: expected at least 335 ms of sound, found 300 ms; --pad pads it with silence$/,
      /silent\.wav: silent: no sample reaches -80 dB/,
      /clipped\.wav: clipped: \d+\.\d % of its samples are cut off at full scale, so the result is doubtful$/,
      /picture\.wav: not a wav file: it begins like a JPEG image/,
      /cut\.wav: the recording is cut short: its data chunk states 16000 bytes, the file has 8956 of them/,
      /cut\.wav: expected at least 335 ms of sound, found 279 ms/,
      /notes\.wav: not a wav file: it has 20 bytes/,
      /nothing: expected wav files in this folder, found none$/,
      /other\/song\.mp3: not a wav file: it begins like an MP3 file/,
    ];
    const lines = stderr.trimEnd().split("\n");
    assertEquals(lines.length, wanted.length, stderr);
    wanted.forEach((message, i) => {
      assertMatch(lines[i], message);
      assert(lines[i].startsWith(/cut short/.test(lines[i]) ? "warning: " : "error: "), lines[i]);
    });

    const padded = await predict([join(dir, "short.wav"), "--pad", ...options]);
    assertEquals([padded.code, padded.stderr], [0, ""]);
    assertMatch(padded.stdout, /short\.wav .* 0\.30 s\n$/);
    const json = await predict([join(dir, "clipped.wav"), join(dir, "gone.wav"), "--json", ...options]);
    const { recordings } = JSON.parse(json.stdout);
    assertEquals(json.code, 1);
    assertEquals(recordings[0].emotion !== undefined && /clipped/.test(recordings[0].fault), true);
    assertMatch(recordings[1].fault, /gone\.wav: no such file/);
    const none = await predict([join(dir, "gone.wav"), "--json", ...options]);
    assertEquals([none.code, JSON.parse(none.stdout).recordings.length], [1, 1]);
  });
});

Deno.test("predict shows the profile, the most likely emotions, and draws a recording", async () => {
  await withModel({ "tone.wav": tone(1, 300) }, async (dir, options) => {
    const [file, svg] = [join(dir, "tone.wav"), join(dir, "tone.svg")];
    const args = [file, "--profile", "--top", "2", "--svg", svg, "--segment-hop", "10", ...options];
    const { code, stdout, stderr } = await predict(args);
    assertEquals([code, stderr], [0, ""]);
    const [line, head, ...rows] = stdout.trimEnd().split("\n");
    assertMatch(line, /tone\.wav +\w+ +\d+\.\d % +\w+ +\d+\.\d % +1\.00 s$/);
    assertEquals(head.trim().split(/ +/), ["seconds", ...emotions, "likeliest"]);
    assertEquals(rows.map((row) => row.trim().split(" ")[0]), [
      "0.000",
      "0.100",
      "0.200",
      "0.300",
      "0.400",
      "0.500",
      "0.600",
    ]);
    const drawing = await Deno.readTextFile(svg);
    assertMatch(drawing, /^<svg [^]*<\/svg>\n$/);
    for (const word of ["waveform", "log-mel, 64 bands", "profile", "seconds", ...emotions, "data:image/png;base64,"]) {
      assert(drawing.includes(word), word);
    }
    const waveform = drawing.indexOf("waveform"), logMel = drawing.indexOf("log-mel");
    assert(waveform < logMel && logMel < drawing.indexOf(">profile<"));
  });
});

Deno.test("predict reports wrong usage with status 2, and an invalid model with 1, in a line", async () => {
  await withModel({ "a.wav": tone(), "b.wav": tone(), "model/model.json": "{}" }, async (dir, options) => {
    const a = join(dir, "a.wav");
    const mistakes: [args: string[], code: number, says: RegExp][] = [
      [[], 2, /Expected a recording, a folder of recordings, or - for standard input; found none/],
      [["-", "-"], 2, /Standard input \(-\) can be read only once/],
      [[a, "--json", "--csv"], 2, /--json and --csv exclude each other/],
      [[dir, "--svg", join(dir, "x.svg"), ...options], 2, /--svg requires one recording, found 2/],
      [[a, "--top", "0"], 2, /Expected a whole number from 1 to 64, found "0"/],
      [[a, "--segment-hop", "x"], 2, /Expected a whole number from 1 to 1000, found "x"/],
      [[a, "--device", "webgpu", "--threads", "2"], 2, /--threads requires the cpu device/],
      [
        [a, "--model", join(dir, "nowhere")],
        1,
        /nowhere: expected a model, a folder with a model\.json in it, found no such folder/,
      ],
      [[a, "--model", join(dir, "model")], 1, /model\.json\.format: expected "epr-model", found nothing/],
      [[a, "--model", a], 1, /expected the folder of a model, or a tar archive of it, found/],
    ];
    for (let i = 0; i < mistakes.length; i += 2) { // two at a time: the smallest machine has two processors
      await Promise.all(
        mistakes.slice(i, i + 2).map(async ([args, code, says]) => {
          const said = await predict(args), where = `predict ${args.join(" ")}\n${said.stderr}`;
          assertMatch(said.stderr, says, where);
          assertEquals([said.code, said.stdout], [code, ""], where);
          assertMatch(said.stderr, /^error: .*\n$/, where);
        }),
      );
    }
    // if no model is given, the one that ships is used, or an error states that there is none
    const { code, stdout, stderr } = await predict([a, "--quiet"]);
    const ships = await Deno.stat(SHIPPED_MODEL).then(() => true, () => false);
    // the model was trained on speech, not noise
    if (ships) assertMatch(stderr, /^warning: [^\n]*a\.wav: [^\n]*the model learned from [^\n]*\n$/);
    if (ships) assertStrictEquals(code, 0);
    else assertMatch(stderr, /^error: This copy of EPR has no model: --model names a model folder.*\n$/);
    assertStrictEquals(stdout === "", !ships);
  });
});

Deno.test({
  name: "predict ends with 130 at Ctrl-C while it waits for standard input",
  ignore: Deno.build.os === "windows", // has no such signal
  async fn() {
    await withModel({}, async (_, options) => {
      const child = spawn(["-", ...options.filter((option) => option !== "--quiet")]);
      const reader = child.stderr.pipeThrough(new TextDecoderStream()).getReader();
      let said = "";
      for (let interrupted = false;;) {
        const { value, done } = await reader.read();
        if (done) break;
        said += value;
        if (interrupted || !said.includes("device ")) continue;
        child.kill("SIGINT");
        interrupted = true;
      }
      const { code } = await child.status;
      await child.stdout.cancel();
      await child.stdin.close();
      assertEquals(code, 130);
      assertMatch(said, /\nStopped by Ctrl-C\n$/);
    });
  },
});

Deno.test("evaluate judges a model over the emotions that a corpus shares with it, and lists them", async () => {
  const files = Object.fromEntries(
    ["angry", "sad", "calm"].flatMap((emotion, e) =>
      [1, 2, 3].map((n) => [`${emotion}/a/${n}.wav`, tone(0.5 + 0.1 * n, 300 + 500 * e)])
    ),
  );
  await withModel(
    { ...files, "sad/a/bad.wav": "no wav", "two/calm/1.wav": null, "two/surprise/1.wav": null },
    async (dir, options) => {
      const data = ["--corpus", "folder", "--data", dir];
      const { code, stdout, stderr } = await predict([...data, ...options], undefined, "evaluate");
      assertEquals(code, 0, stderr);
      assertMatch(stdout, /^shared emotions: anger, sadness\nonly in the corpus: calm/m);
      assertMatch(
        stdout,
        /only in the model: fear, happiness, neutral \(left out of the choice; otherwise the model would/,
      );
      assertMatch(stdout, /WA \d+\.\d % of 6 utterances \(95 % interval .*\), UA \d+\.\d %; chance is 50\.0 %/);
      assertMatch(stdout, /skipped 1 file, the first .*bad\.wav: not a wav file/);
      const json = JSON.parse((await predict([...data, "--json", ...options], undefined, "evaluate")).stdout);
      const byMean = await predict([...data, "--json", "--decide", "mean", ...options], undefined, "evaluate");
      const predictor = new Predictor(model, device);
      for (const [decide, judged] of [["forest", json], ["mean", JSON.parse(byMean.stdout)]] as const) {
        const confusion = [[0, 0], [0, 0]];
        for (const [name, content] of Object.entries(files)) {
          if (name.startsWith("calm")) continue;
          const { probabilities } = await predictor.predict(decodeRecording(content, name).samples, { decide });
          const [anger, sadness] = [0, 4].map((k) => probabilities[k]);
          confusion[name.startsWith("angry") ? 0 : 1][sadness > anger ? 1 : 0]++;
        }
        const { emotions, utterances } = judged;
        assertEquals([emotions, judged.confusion, utterances], [["anger", "sadness"], confusion, 6]);
        assertStrictEquals(judged.decidedBy, decide);
      }
      predictor.close();
      const none = await predict(
        ["--corpus", "folder", "--data", join(dir, "two"), ...options],
        undefined,
        "evaluate",
      );
      assertEquals(none.code, 1);
      assertMatch(
        none.stderr,
        /^error: Expected at least two emotions that model and corpus share, found none: .*the corpus has surprise, calm\n$/,
      );
    },
  );
});
