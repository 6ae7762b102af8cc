/** Teaching without a browser: the chain, the figures and the model of `train` and `export`, on takes. */
import { assert, assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import { join } from "@std/path";
import type { Corpus } from "../../corpora/corpus.ts";
import { extractFeatures } from "../../corpora/features.ts";
import { openSynthetic } from "../../corpora/synthetic.ts";
import { decodeRecording } from "../../dsp/recording.ts";
import { encodeWav } from "../../dsp/wav.ts";
import { describeModel } from "../../models/card.ts";
import { decodeModel } from "../../models/model.ts";
import { foldBatchNorm } from "../../nn/fold_batch_norm.ts";
import { runFold } from "../../refinery/fold.ts";
import type { StageOutput } from "../../refinery/fold_hooks.ts";
import { CrossValidation } from "../../refinery/cross_validation.ts";
import { segmentation } from "../../refinery/derived_settings.ts";
import { judge } from "../../refinery/judge.ts";
import type { Settings } from "../../refinery/settings.ts";
import { featuresOf } from "../../web/engine/corpus.ts";
import { packTakes } from "../../web/engine/take_archive.ts";
import { readTake } from "../../web/engine/take.ts";
import { type TeachNews, whatIsMissing } from "../../web/engine/teach_protocol.ts";
import { settingsFor, TEACH_SETTINGS } from "../../web/engine/teach_settings.ts";
import { Teaching } from "../../web/engine/teaching.ts";
import { Turns } from "../../web/engine/turns.ts";
import { cpu } from "../devices.ts";

/** Two classes of four takes, one of them shorter than a segment. */
const NAMES = ["loud", "a sad one"], STEPS = 8;
const settings: Settings = { ...TEACH_SETTINGS, width: 1 / 64, batch: 8, stages: 2, trees: 10, profileHop: 10 };
const { utterances } = openSynthetic(5, { utterances: 20, speakers: 1 });
const spoken = await Promise.all(
  ["anger", "sadness"].flatMap((emotion, k) =>
    utterances.filter((own) => own.emotion === emotion).map(async (own, i) => ({
      class: NAMES[k],
      name: `${k} ${i}`,
      samples: (await own.read()).samples.slice(0, i === 0 ? 8000 : undefined),
    }))
  ),
);
const classes = NAMES.map((name) => ({ name, takes: spoken.filter((own) => own.class === name) }));
const corpus: Corpus = {
  name: "by hand",
  emotions: NAMES,
  utterances: spoken.map(({ class: emotion, name, samples }) => ({
    ...{ id: name, emotion, speaker: "unknown", text: "" },
    read: () => Promise.resolve({ samples, seconds: samples.length / 16000 }),
  })),
  skipped: [],
  segmentHop: 1,
};

Deno.test("takes have the features of extractFeatures() at one level, also if shorter than a segment", async () => {
  const cut = segmentation(settings), own = await featuresOf(corpus, { segmentHop: 10, ...cut }, async () => {});
  const { frames, segmentStart, segmentUtterance, utterances, padded, level } = await extractFeatures(
    { ...corpus, emotions: [...NAMES].sort() },
    { ...cut, threads: 1 },
  );
  assertEquals([own.frames, own.segmentStart, own.segmentUtterance], [frames, segmentStart, segmentUtterance]);
  assertEquals([own.padded, own.level], [padded, level]);
  assertEquals(padded, 2);
  assertEquals(own.utterances.map(({ segmentCount }) => segmentCount), utterances.map((one) => one.segmentCount));
});

Deno.test("teaching gives the figures of runFold() and judge() over its folds, and the weights of a chain on all takes", async () => {
  const device = await cpu.open(), news: TeachNews[] = [];
  const teaching = new Teaching(classes, (own) => news.push(own), { settings, steps: STEPS });
  const { bytes, taught } = (await new Turns().with((turn) => teaching.run(device, turn)))!;
  const features = await featuresOf(corpus, { segmentHop: 10, ...segmentation(settings) }, async () => {});
  const cv = new CrossValidation(features, settings), every = settings.segmentHop! / 10;
  /** As many steps for each network, whatever it learns from. */
  const withEpochs = (fold: number) => {
    const learned = cv.training(fold).reduce(
      (sum, i) => sum + Math.ceil(features.utterances[i].segmentCount / every),
      0,
    );
    return new CrossValidation(features, settingsFor(learned, settings, STEPS), cv.folds);
  };
  const results = [];
  for (let fold = 0; fold < 3; fold++) results.push(await runFold(withEpochs(fold), fold, device));
  const judgement = judge(cv, results), last = judgement.stages.at(-1)!;
  assertEquals([taught.classes, taught.takes, taught.folds], [NAMES, 8, 3]);
  assertEquals([taught.confusion, taught.accuracy], [last.confusion, last.weightedAccuracy]);
  assertEquals(Object.values(taught.decidedAs), [...judgement.decisions.at(-1)!]);

  const outputs: StageOutput[] = [];
  await runFold(withEpochs(3), 3, device, { onStage: (output) => void outputs.push(output) });
  const { description, weights } = decodeModel(bytes, "taught"),
    { weights: trained, standardisation } = outputs.at(-1)!;
  assertEquals(description.emotions, NAMES);
  assertEquals(description.standardisation, standardisation);
  assertEquals(
    weights,
    foldBatchNorm(trained, { classes: 2, width: 1 / 64, frames: 64, batchNorm: true, batchNormDense: true }),
  );
  const [accuracy] = description.accuracy;
  assertEquals([accuracy.weightedAccuracy, accuracy.confusion], [last.weightedAccuracy, last.confusion]);
  assertMatch(description.training.recordings, /^[0-9a-f]{64}$/);
  assertMatch(describeModel(description).replaceAll(/\s+/g, " "), /takes that somebody recorded or dropped in Teach/);

  const of = <N extends TeachNews["news"]>(name: N) =>
    news.filter((own): own is Extract<TeachNews, { news: N }> => own.news === name);
  const [{ steps, heldOut }] = of("teachReady");
  assertEquals([steps.length, heldOut.reduce((a, b) => a + b), heldOut.at(-1)], [4, 8, 0]);
  steps.forEach((count, network) =>
    assertEquals(of("teachStep").findLast((own) => own.network === network)!.step, count)
  );
  assertEquals(of("teachStep").at(-1)!.done, 1);
  assertEquals(of("teachNetwork").map(({ network }) => network), [0, 1, 2, 3]);
});

Deno.test("stopped teaching gives nothing, whether it has begun or not", async () => {
  const device = await cpu.open();
  for (const early of [true, false]) {
    const teaching = new Teaching(classes, (own) => own.news === "teachStep" && teaching.stop(), {
      settings,
      steps: STEPS,
    });
    if (early) teaching.stop("before");
    assertEquals(await new Turns().with((turn) => teaching.run(device, turn)), undefined);
    assertEquals(teaching.stopped, early ? "before" : "");
  }
});

Deno.test("classes that can't be learned are refused in a sentence", () => {
  assertEquals(whatIsMissing([{ name: "a", takes: 2 }, { name: "b", takes: 12 }]), []);
  assertEquals(whatIsMissing([{ name: "é", takes: 2 }, { name: " E\u0301 ", takes: 2 }]), [
    "Class 2 has the name of class 1, E\u0301.",
  ]);
  assertEquals(whatIsMissing([{ name: "x".repeat(41), takes: 2 }, { name: "a\u202eb", takes: 2 }]), [
    "Class 1: expected a name of at most 40 characters, found 41.",
    "Class 2: its name has a character that cannot be seen.",
  ]);
  assertThrows(() => new Teaching([{ name: "a", takes: [] }], () => {}), Error, "Add a class: expected at least two");
});

Deno.test("a take is trimmed to its speech, to a segment at least; rates and formats are those of predict", async () => {
  const hum = (seconds: number, rate = 16000) =>
    Float32Array.from({ length: seconds * rate }, (_, i) => 0.1 * Math.sin(2 * Math.PI * 200 * i / rate));
  const quiet = new Float32Array(32000);
  const long = await readTake({ samples: Float32Array.from([...quiet, ...hum(2), ...quiet]), sampleRate: 16000 }, "x");
  assert(long.samples.length >= 32000 + 2 * 2000 && long.samples.length < 32000 + 2 * 6400, `${long.samples.length}`);
  assert(Math.abs(long.cut + long.samples.length / 16000 - 6) < 1e-9);
  const word = await readTake(
    { samples: Float32Array.from([...quiet, ...hum(0.1), ...quiet]), sampleRate: 16000 },
    "x",
  );
  assert(word.samples.length >= 64 * 160 && word.samples.length < 16000, `${word.samples.length}`);
  const other = await readTake({ bytes: encodeWav(hum(1, 44100), 44100), name: "y" }, "y");
  assert(Math.abs(other.samples.length - 16000) < 10);
  await assertRejects(() => readTake({ bytes: new Uint8Array(100), name: "z.wav" }, "z.wav"), Error, "z.wav");
});

Deno.test("saved takes are one folder for each class, with names that every system accepts, and contain the sound", async () => {
  const folder = await Deno.makeTempDir(), [{ takes: [{ samples }] }] = classes;
  try {
    const named = (name: string, ...takes: string[]) => ({ name, takes: takes.map((name) => ({ name, samples })) });
    const archive = packTakes([
      named("a/b: c", "x.wav", "x.mp3", "../../up.wav"),
      named("A b- C", "take 1", "t".repeat(90)),
      named("\u{1f642}".repeat(40) + "\u4e2d".repeat(40), "..."),
    ]);
    await Deno.writeFile(join(folder, "takes.tar"), archive);
    const { success } = await new Deno.Command("tar", { args: ["-xf", "takes.tar"], cwd: folder }).output();
    assert(success);
    const found: string[] = [];
    for (const { name } of Deno.readDirSync(join(folder, "takes"))) {
      for (const file of Deno.readDirSync(join(folder, "takes", name))) found.push(`${name}/${file.name}`);
    }
    assertEquals(
      found.sort(),
      [
        `-${"\u4e2d".repeat(13)}/-.wav`,
        "A b- C/take 1.wav",
        `A b- C/${"t".repeat(40)}.wav`,
        "a-b- c/-up.wav",
        "a-b- c/x 2.wav",
        "a-b- c/x.wav",
      ].sort(),
    );
    const file = "takes/a-b- c/x.wav", read = decodeRecording(await Deno.readFile(join(folder, file)), file).samples;
    assertEquals(read.length, samples.length);
    assert(read.every((x, i) => Math.abs(x - samples[i]) <= 1 / 32768));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test.afterAll(async () => (await cpu.open()).close());
