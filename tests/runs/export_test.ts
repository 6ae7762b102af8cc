/** Models of a run: they predict what the run did, and learned from what their card states. */
import { assert, assertEquals, assertMatch, assertNotEquals, assertRejects, assertStrictEquals } from "@std/assert";
import { join } from "@std/path";
import { RandomForest } from "../../forest/forest.ts";
import { packForest } from "../../forest/packed.ts";
import { parseCsv } from "../../corpora/csv.ts";
import { extractFeatures } from "../../corpora/features.ts";
import { openSynthetic } from "../../corpora/synthetic.ts";
import { readModel } from "../../models/mod.ts";
import { decodeModel } from "../../models/model.ts";
import { Predictor } from "../../models/predictor.ts";
import { writeModel } from "../../models/write_folder.ts";
import { predictProbabilities } from "../../nn/predict.ts";
import { VggE } from "../../nn/vgg_e.ts";
import { SegmentDataset, SegmentStore } from "../../refinery/segment_dataset.ts";
import { segmentation } from "../../refinery/derived_settings.ts";
import type { Settings } from "../../refinery/settings.ts";
import { exportEverything, exportFold } from "../../runs/export.ts";
import { decodeProfiles } from "../../runs/profiles_arrow.ts";
import { RunFolder } from "../../runs/run_folder.ts";
import { readSealed } from "../../runs/sealed.ts";
import { inTemporary, names } from "./folders.ts";
import { experiment, features, folds, run, runEpochs, settings } from "./small_experiment.ts";
import { assertFileError } from "../file_errors.ts";
import { assertOptionError } from "../option_errors.ts";

const note = { licence: "MIT" };
const corpus = openSynthetic(1, { utterances: 20, speakers: 2 });
const K = features.emotions.length;

/** Runs, is stopped and resumes, exports each fold, and compares what its model predicts with the run. */
async function checkFolds(changed: Partial<Settings>): Promise<void> {
  const own = { ...settings, ...changed };
  const features = await extractFeatures(corpus, segmentation(own));
  await inTemporary(async (dir) => {
    const out = join(dir, "run");
    await runEpochs(out, "new", 1, { settings: own, features });
    const { results } = await run(out, "resume", { settings: own, features });
    const table = await Deno.readTextFile(join(out, "predictions.csv"));
    const [header, ...rows] = parseCsv(table, "predictions.csv"), column = header.fields.indexOf("stage_2");
    const predicted = new Map(rows.map(({ fields }) => [fields[0], fields[column]]));
    const profiles = decodeProfiles(await Deno.readFile(join(out, "profiles/stage-2.arrow")), features.emotions);
    const confusion = Array.from({ length: K }, () => new Array<number>(K).fill(0));
    for (const fold of [0, 1]) {
      const folder = join(dir, `fold-${fold}`);
      await writeModel(folder, await exportFold(out, fold, note));
      assertEquals(names(folder), ["README.md", "forest.json", "model.json", "weights.safetensors"]);
      const model = await readModel(folder);
      assertStrictEquals(model.description.training.heldOutFold, fold + 1); // as the run's files number it
      assertEquals(model.description.training.utterances, 10);
      const predictor = new Predictor(model, experiment.device);
      for (const [i, { id, emotion, firstSegment, segmentCount }] of features.utterances.entries()) {
        if (folds[i] !== fold) continue;
        const { samples } = await corpus.utterances[i].read();
        const prediction = await predictor.predict(samples);
        assertEquals(prediction.profile, profiles.subarray(firstSegment * K, (firstSegment + segmentCount) * K), id);
        assertStrictEquals(prediction.emotion, predicted.get(id), id);
        if (own.level) {
          const quiet = await predictor.predict(samples.map((x) => x * 10 ** (-15 / 20)));
          quiet.profile.forEach((p, at) => assert(Math.abs(p - prediction.profile[at]) < 1e-3, id));
        }
        confusion[emotion][features.emotions.indexOf(prediction.emotion)]++;
      }
      predictor.close();
    }
    assertEquals(confusion, results!.stages[1].confusion);
  });
}

Deno.test("the model of a fold reproduces the run's decision for each utterance that the fold held out", async () => {
  await checkFolds({});
});

Deno.test("so does the model of a fold whose networks have batch norm", async () => {
  await checkFolds({ batchNorm: true });
});

Deno.test("so does the model of a fold with recordings at one level, from samples at any volume", async () => {
  await checkFolds({ level: "percentile" });
});

Deno.test("so does one with recordings at one level and a raised floor", async () => {
  await checkFolds({ level: "floor" });
});

Deno.test("the model for use of networks with batch norm is a plain VGG-E, without dropout, that predicts the same but for rounding", async () => {
  await inTemporary(async (dir) => {
    const out = join(dir, "run"),
      own = { ...experiment, settings: { ...settings, batchNorm: true, dropout: 0.1 } };
    await run(out, "new", own);
    const plain = decodeModel(await exportEverything(out, { ...own, start: "resume" }, note), "plain");
    const { description, weights } = plain;
    assertEquals(description.network.options, { classes: K, width: 1 / 32, height: 64, frames: 32 });
    assert(Object.keys(weights).every((name) => !name.startsWith("bn")));
    const trained = await readSealed(join(out, "everything/weights/fold-1-stage-2.safetensors"));
    const network = new VggE(experiment.device, { classes: K, width: 1 / 32, batchNorm: true });
    network.parameters.write(
      Object.fromEntries(Object.entries(trained.tensors).map(([name, { data }]) => [name, data])),
    );
    const { samples } = await corpus.utterances[0].read(), [{ segmentCount }] = features.utterances;
    const store = new SegmentStore(experiment.device, features);
    const data = new SegmentDataset(store, [0], description.standardisation);
    const wanted = await predictProbabilities(network, data);
    const predictor = new Predictor(plain, experiment.device);
    const { profile } = await predictor.predict(samples);
    assertEquals(profile.length, segmentCount * K);
    profile.forEach((p, i) => assert(Math.abs(p - wanted[i]) < 1e-5, `${p}, ${wanted[i]}`));
    for (const used of [data, store, network.parameters]) used.release();
    predictor.close();
  });
});

Deno.test("the model for use learned every utterance, and its forest is the run's, of out-of-fold profiles", async () => {
  await inTemporary(async (dir) => {
    const out = join(dir, "run"), { results } = await run(out, "new");
    const everything = { ...experiment, start: "resume" as const };
    const bytes = await exportEverything(out, everything, { ...note, name: "small" });
    const { description, forest, weights } = decodeModel(bytes, "small");
    const own = RandomForest.fromJSON(JSON.parse(await Deno.readTextFile(join(out, "forest.json"))));
    assertEquals(packForest(forest.toJSON()), packForest(own.toJSON())); // thresholds that decide the same
    assertEquals(description.training, {
      corpus: "synthetic",
      utterances: 20,
      speakers: 2,
      recordings: description.training.recordings,
      settings: JSON.parse(JSON.stringify(settings)),
    });
    const [{ weightedAccuracy, meanVoteAccuracy, confusion, protocol }] = description.accuracy;
    assertEquals({ weightedAccuracy, meanVoteAccuracy, confusion }, {
      meanVoteAccuracy: results!.stages[1].meanVoteAccuracy,
      weightedAccuracy: results!.stages[1].weightedAccuracy,
      confusion: results!.stages[1].confusion,
    });
    assertEquals(
      protocol,
      "2-fold cross-validation by utterance, so that training and test have the same speakers (pEPR, stage 2, seed 1)",
    );
    assertEquals(
      description.made.command,
      "deno task train --corpus synthetic --preset quick --folds 2 --width 1/32 --epochs 3 --batch 16 --learning-rate 0.00025 --segment-hop 24 --seed 1 --export",
    );
    // its network is none of the folds'
    const fold = decodeModel(await exportFold(out, 0, note), "fold 1");
    assertNotEquals(weights["dense3.w"], fold.weights["dense3.w"]);
    // what was trained is saved, and not trained again
    const folder = await RunFolder.at(join(out, "everything"));
    assertStrictEquals(await folder.countFinished(), settings.stages);
    const began = performance.now();
    const again = await exportEverything(out, everything, { ...note, name: "small" });
    assertEquals(again["weights.safetensors"], bytes["weights.safetensors"]);
    assert(performance.now() - began < 5000);
  });
});

Deno.test("only a complete run is exported, and only its own folds", async () => {
  await inTemporary(async (dir) => {
    const out = join(dir, "run");
    await assertFileError(() => exportFold(out, 0, note), { file: out, expected: "the folder of a run" });
    await run(out, "join", { onlyFold: 0 });
    await assertFileError(
      () => exportFold(out, 0, note),
      { file: out, expected: "a complete run", found: "no results.json" },
    );
    await run(out, "resume");
    await assertOptionError(() => exportFold(out, 2, note), "fold", /expected a number from 0 to 1, found 2/);
    const other = join(dir, "other");
    await run(other, "new", { settings: { ...settings, split: "speaker", stages: 3 } });
    const { description } = decodeModel(await exportFold(out, 0, { ...note, alsoJudgedBy: other }), "x");
    assertMatch(
      description.accuracy[1].protocol,
      /2-fold cross-validation by speaker, so that training and test have different speakers \(pEPR, stage 2, seed 1\)/,
    );
    // conditions that `evaluate` measured on the run; not on one whose last stage the model does not have
    const under = join(dir, "under.json"), shares = { weightedAccuracy: 0.5, unweightedAccuracy: 0.25 };
    const measure = (run: string) => {
      const json = {
        model: run,
        decidedBy: "forest",
        utterances: 20,
        ...shares,
        under: [{ condition: "room", ...shares }],
      };
      return Deno.writeTextFile(under, JSON.stringify(json));
    };
    const judged = { ...note, alsoJudgedBy: other, judgedUnder: [under] };
    await measure(out);
    const { description: { conditions, accuracy } } = decodeModel(await exportFold(out, 0, judged), "x");
    assertStrictEquals(conditions?.protocol, accuracy[0].protocol);
    assertEquals(conditions?.under, [{ condition: "room", ...shares }]);
    await measure(other);
    await assertFileError(() => exportFold(out, 0, judged), { file: under, place: "model", found: "other" });
    const { stages: [, second] } = (await (await RunFolder.at(other)).readResults())!;
    assertStrictEquals(description.accuracy[1].weightedAccuracy, second.weightedAccuracy); // at the model's stage
  });
});

Deno.test("writeModel() overwrites a model, never anything else", async () => {
  await inTemporary(async (dir) => {
    const out = join(dir, "run");
    await run(out, "new");
    const bytes = await exportFold(out, 0, note), model = join(dir, "model");
    await writeModel(model, bytes);
    await writeModel(model, bytes);
    await assertOptionError(() => writeModel(out, bytes), "out", /expected .* that of a model, found/);
    await assertRejects(() => writeModel(join(out, "config.json"), bytes), Error, "config.json: expected a folder");
  });
});
