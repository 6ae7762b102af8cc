/** What `deno task predict` prints and draws, and how it ends: faults of recordings and of usage, Ctrl-C. */
import { assert, assertEquals, assertMatch, assertStrictEquals } from "@std/assert";
import { join, relative } from "@std/path";
import { SHIPPED_MODEL } from "../../cli/model_option.ts";
import { encodeWav } from "../../dsp/wav.ts";
import { tone } from "../corpora/folders.ts";
import { interrupt } from "./interrupt.ts";
import { emotions, predict, spawn, withModel } from "./predicting.ts";

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
    "notes.wav": "words, but no sound.",
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
      const { code, stderr } = await interrupt(child, "device ");
      await child.stdin.close();
      assertEquals(code, 130);
      assertMatch(stderr, /\nStopped by Ctrl-C\n$/);
    });
  },
});
