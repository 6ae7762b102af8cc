/** `deno task train` from a user's view: its files, its output, and its reports of mistakes. */
import { assert, assertEquals, assertMatch, assertRejects, assertStrictEquals } from "@std/assert";
import { join } from "@std/path";
import { tableFromIPC } from "apache-arrow";
import { formatDuration, JobClock } from "../../cli/job_progress.ts";
import { resolveSettings } from "../../cli/train_options.ts";
import { RandomForest } from "../../forest/forest.ts";
import { decodeSafetensors } from "../../nn/safetensors.ts";
import { summarise } from "../../nn/vgg_e.ts";
import { PRESETS } from "../../refinery/presets.ts";
import { defaultFolder } from "../../runs/train.ts";
import { tone, tones, withFolder } from "../corpora/folders.ts";
import { interrupt } from "./interrupt.ts";

const root = join(import.meta.dirname!, "..", "..");

function spawn(args: string[]): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "-P=train", "cli/train.ts", ...args],
    cwd: root,
    env: { NO_COLOR: "1" },
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

async function train(...args: string[]) {
  const { code, stdout, stderr } = await spawn(args).output();
  return { code, stdout: new TextDecoder().decode(stdout), stderr: new TextDecoder().decode(stderr) };
}

/** Two emotions, distinguished by pitch, with four utterances each. */
const recordings = Object.fromEntries(
  ["angry", "sad"].flatMap((emotion, e) =>
    [1, 2, 3, 4].map((n) => [`${emotion}/${"ab"[n % 2]}/${n}.wav`, tone(0.5 + 0.05 * n, 300 + 900 * e + 20 * n)])
  ),
);
const tiny = [
  "--width",
  "1/16",
  "--folds",
  "2",
  "--epochs",
  "2",
  "--batch",
  "16",
  "--segment-hop",
  "2",
  "--device",
  "cpu",
];

async function readJson(...names: string[]) {
  return JSON.parse(await Deno.readTextFile(join(...names)));
}

Deno.test("train writes a whole run folder, and the same results with 1 thread and with 2", async () => {
  await withFolder(recordings, async (dir) => {
    const [one, two] = [join(dir, "out", "one"), join(dir, "out", "two")];
    const corpus = ["--corpus", "folder", "--data", dir, ...tiny];
    const first = await train(...corpus, "--threads", "1", "--out", one);
    assertEquals(first.code, 0, first.stderr);
    const second = await train(...corpus, "--threads", "2", "--out", two, "--json");
    assertEquals(second.code, 0, second.stderr);

    const { seconds, ...results } = await readJson(one, "results.json");
    assert(seconds > 0);
    const { seconds: _, ...again } = await readJson(two, "results.json");
    assertEquals(again, results);
    for (const file of ["weights/fold-2-stage-2.safetensors", "profiles/stage-2.arrow", "forest.json"]) {
      assertEquals(await Deno.readFile(join(one, file)), await Deno.readFile(join(two, file)), file);
    }

    // the output: a table and the run's path; or one document, with all else on stderr
    const [head, ...lines] = first.stdout.trimEnd().split("\n");
    assertMatch(head, /^stage +WA +UA +WA by mean +segments right$/);
    assertEquals(lines.slice(2), [`run folder: ${one}`, `report: ${join(one, "report.html")}`]);
    for (const word of ["folder: 8 utterances, 2 emotions", "width 1/16", "cpu: 1 thread of"]) {
      assert(first.stderr.includes(word), first.stderr);
    }
    const { run, seconds: __, ...printed } = JSON.parse(second.stdout);
    assertStrictEquals(run, two);
    assertEquals(printed, results);

    // the folder's contents
    assertEquals([...Deno.readDirSync(one)].map(({ name }) => name).sort(), [
      "config.json",
      "corpus.csv",
      "folds",
      "forest.json",
      "kernels.json",
      "log.jsonl",
      "predictions.csv",
      "profiles",
      "report",
      "report.html",
      "results.json",
      "weights",
    ]);
    assertEquals(results.stages.length, 2);
    assertEquals(results.stages[0].confusion.flat().reduce((a: number, b: number) => a + b), 8);
    const config = await readJson(one, "config.json");
    assertEquals(config.settings, {
      ...PRESETS.quick,
      width: 1 / 16,
      folds: 2,
      epochs: 2,
      batch: 16,
      segmentHop: 2,
    });
    const profiles = tableFromIPC(await Deno.readFile(join(one, "profiles", "stage-1.arrow")));
    assertStrictEquals(profiles.numRows, results.segments);
    for (const row of profiles.toArray()) assert(Math.abs(row.anger + row.sadness - 1) < 1e-6);
    const weights = join(one, "weights", "fold-1-stage-1.safetensors");
    const { tensors, metadata } = decodeSafetensors(await Deno.readFile(weights), weights);
    const stored = Object.values(tensors).reduce((sum, { data }) => sum + data.length, 0);
    assertStrictEquals(
      stored,
      summarise({ width: 1 / 16, classes: 2 }).reduce((sum, { parameters }) => sum + parameters, 0),
    );
    assertEquals(metadata.emotions, "anger sadness");
    assert(Number.isFinite(Number(metadata.mean)) && Number(metadata.deviation) > 0);
    RandomForest.fromJSON(await readJson(one, "forest.json"));
    const log = (await Deno.readTextFile(join(one, "log.jsonl"))).trimEnd().split("\n").map((l) => JSON.parse(l));
    const events = Object.groupBy(log, ({ event }) => event);
    const epochs = events.stage!.reduce((sum, { epochs }) => sum + epochs, 0);
    assertEquals(Object.entries(events).map(([event, of]) => `${event} ${of!.length}`), [
      "run 1",
      `epoch ${epochs}`,
      `checkpoint ${epochs}`,
      "stage 4",
      "fold 2",
      "results 2",
      "end 1",
    ]);
  });
});

Deno.test("train --only-fold writes that fold's networks and profiles, and no results", async () => {
  await withFolder(recordings, async (dir) => {
    const out = join(dir, "out");
    const args = ["--corpus", "folder", "--data", dir, ...tiny, "--stages", "1", "--only-fold", "2", "--out", out];
    const { code, stdout, stderr } = await train(...args);
    assertEquals(code, 0, stderr);
    assertMatch(stdout, /^fold 2 of 2, 4 utterances held out\nstage .*\n +1 .*\nrun folder: .*\n$/);
    const files = ["weights/fold-2-stage-1.safetensors", "profiles/fold-2-stage-1.arrow"];
    for (const file of files) assert((await Deno.stat(join(out, file))).isFile);
    await assertRejects(() => Deno.stat(join(out, "results.json")), Deno.errors.NotFound);
    const whole = await train(...args.filter((arg, i) => arg !== "--only-fold" && args[i - 1] !== "--only-fold"));
    assertEquals(whole.code, 1);
    assertMatch(
      whole.stderr,
      /^error: .*: --out: expected a new or an empty folder, found .*; --resume resumes the run in it\n$/,
    );
  });
});

Deno.test("train --dry-run prints the estimated cost, and writes nothing", async () => {
  await withFolder(recordings, async (dir) => {
    const out = join(dir, "out");
    const { code, stdout, stderr } = await train(
      "--corpus",
      "folder",
      "--data",
      dir,
      ...tiny,
      "--out",
      out,
      "--dry-run",
    );
    assertEquals(code, 0, stderr);
    for (const word of ["fold ", "stage 2", "TFLOP", "segments/s", "memory", "disk"]) assert(stdout.includes(word));
    await assertRejects(() => Deno.stat(out), Deno.errors.NotFound);
  });
});

Deno.test({
  name: "train ends with 130 at Ctrl-C and says what is saved; the log says that it was stopped",
  ignore: Deno.build.os === "windows", // has no such signal
  async fn() {
    await withFolder(recordings, async (dir) => {
      const out = join(dir, "out");
      const endless = tiny.map((arg, i) => tiny[i - 1] === "--epochs" ? "100000" : arg);
      const child = spawn(["--corpus", "folder", "--data", dir, ...endless, "--out", out, "--verbose"]);
      const { code, stderr } = await interrupt(child, "epoch 1:");
      assertEquals(code, 130);
      assertMatch(
        stderr,
        /\nStopped by Ctrl-C: \d of 4 networks are finished; .* To resume: deno task train --resume --out .*out\n$/,
      );
      const last = (await Deno.readTextFile(join(out, "log.jsonl"))).trimEnd().split("\n").at(-1)!;
      assertEquals(JSON.parse(last).event, "stopped");
    });
  },
});

Deno.test("train prints a user's mistake in one line, with status 2 for wrong usage and 1 for bad data", async () => {
  const files = {
    ...tones(
      "two/angry/1.wav",
      "two/angry/2.wav",
      "two/angry/3.wav",
      "two/sad/1.wav",
      "two/sad/2.wav",
      "one/sad/1.wav",
    ),
    "jpeg/sad/1.wav": new Uint8Array([0xff, 0xd8, 0xff, 0xe0, 0, 16, 74, 70, 73, 70]),
    "jpeg/angry/1.wav": null,
    "short/sad/1.wav": tone(0.01),
    "short/angry/1.wav": null,
    "empty/note.txt": "",
  };
  await withFolder(files, async (dir) => {
    const folder = (
      name: string,
    ) => ["--corpus", "folder", "--data", join(dir, name), "--out", join(dir, "x")];
    const mistakes: [args: string[], code: number, says: RegExp][] = [
      [["--wdith", "1"], 2, /unknown option '--wdith'/],
      [["--width", "0"], 2, /Expected a number > 0 and <= 4, found "0"/],
      [["--width", "1/0"], 2, /Expected a number .*, found "1\/0"/],
      [["--preset", "finest"], 2, /Allowed choices are demo, quick, compact, tuned, best, paper/],
      [["--schedule", "stairs"], 2, /Expected steps, cosine, found "stairs"/],
      [
        ["--preset", "quick", "--validation", "0"],
        2,
        /--monitor: expected nothing, since --validation 0 .*, found loss/,
      ],
      [["--folds", "1"], 2, /Expected a whole number >= 2, found "1"/],
      [["--corpus", "emodb"], 2, /emodb: --data: expected the folder of the recordings/],
      [["--only-fold", "4"], 2, /--only-fold: expected a fold from 1 to 3, found 4/],
      [["--device", "webgpu", "--threads", "2"], 2, /--threads requires the cpu device, found --device webgpu/],
      [[...folder("nowhere")], 1, /nowhere/],
      [[...folder("empty")], 1, /empty: expected one folder for each emotion.*found no WAV file in it/],
      [[...folder("one")], 1, /only one emotion, sadness/],
      [[...folder("jpeg")], 1, /only one emotion, anger .*jpeg\/sad\/1\.wav: .*JPEG/],
      [
        [...folder("short")],
        1,
        /only one emotion, anger .*short\/sad\/1\.wav: expected at least 335 ms of sound, one segment, found 10 ms/,
      ],
      [
        [...folder("two"), "--folds", "3"],
        1,
        /--folds: expected .* 'sadness' for each of 3, found 2; at most --folds 2/,
      ],
      [
        [...folder("two"), "--folds", "2", "--split", "speaker"],
        1,
        /--folds: expected at most 1, the number of speakers, for --split speaker, found 2/,
      ],
      [
        [...folder("two").slice(0, 4), "--out", join(dir, "two")],
        1,
        /two: --out: expected a new or an empty folder, found/,
      ],
      [[...folder("two").slice(0, 4), "--folds", "2", "--out", join(dir, "empty/note.txt/run")], 1, /--out/],
    ];
    for (let i = 0; i < mistakes.length; i += 2) { // two at a time: the smallest machine has two processors
      await Promise.all(
        mistakes.slice(i, i + 2).map(async ([args, code, says]) => {
          const said = await train(...args);
          const where = `train ${args.join(" ")}\n${said.stderr}`;
          assertMatch(said.stderr, says, where);
          assertStrictEquals(said.code, code, where);
          assertEquals(said.stdout, "", where);
          const lines = said.stderr.trimEnd().split("\n").filter((line) => !line.startsWith("(Did you mean"));
          assertEquals(lines.length, 1, where);
          assertMatch(said.stderr, /^error: /, where);
        }),
      );
    }
    await assertRejects(() => Deno.stat(join(dir, "x")), Deno.errors.NotFound);
  });
});

Deno.test("resolveSettings() starts from demo for the synthetic corpus, from quick for another, and options override", () => {
  const flags = { corpus: "synthetic", seed: 7, device: "auto", precision: "f32", tune: "quick", jobs: 1 } as const;
  assertEquals(resolveSettings(flags), { preset: "demo", settings: { ...PRESETS.demo, seed: 7 } });
  const { preset, settings } = resolveSettings({ ...flags, corpus: "emodb", folds: 5, segmentHop: 2, method: "sEPR" });
  assertEquals(preset, "quick");
  assertEquals(settings, { ...PRESETS.quick, seed: 7, folds: 5, segmentHop: 2, method: "sEPR" });
});

Deno.test("defaultFolder() names corpus, preset, seed and time", () => {
  assertEquals(defaultFolder("emodb", "quick", 3, new Date(2020, 7, 2, 9, 5, 6)), "out/emodb-quick-3-20200802-090506");
});

Deno.test("JobClock gives the remaining time as a range: each network stops as early as it can, or runs every epoch", () => {
  let now = 0;
  const clock = new JobClock({ networks: 4, finished: undefined, shortest: 0.25 }, () => now);
  assertEquals(clock.read().left, undefined);
  clock.update({ fold: 0, stage: 1, done: 0, least: 0.25, most: 1 });
  now = 10; // the first is half done, and may stop at any time
  clock.update({ fold: 0, stage: 1, done: 0.5, least: 0, most: 0.5 });
  assertEquals(clock.read(), { left: { least: 20 * 0.75, most: 20 * 3.5 }, done: 0.5 / (0.5 + (0.75 + 3.5) / 2) });
  now = 20; // it stopped there, and two others run at once, one of them resumed from its half
  clock.update({ fold: 0, stage: 1, done: 0.5, least: 0, most: 0 });
  for (const fold of [1, 2]) clock.update({ fold, stage: 1, done: fold - 1 && 0.5, least: 0.25, most: 1.5 - fold / 2 });
  for (const fold of [1, 2]) clock.update({ fold, stage: 1, done: 0.75, least: 0, most: 0.25 });
  const pace = 20 / (0.5 + 0.75 + 0.25); // seconds for the work of a network
  assertEquals(clock.read().left, { least: pace * 0.25, most: pace * 1.5 });
});

Deno.test("formatDuration() never prints 60 seconds", () => {
  assertEquals([59.6, 3599.7, 119.5].map(formatDuration), ["1 min 0 s", "1 h 0 min", "2 min 0 s"]);
});
