/** Models of a run: what they give is what the run says, and what they learned from is what they say. */
import assert from "@std/assert";
import path from "@std/path";
import { parseCsv } from "../../corpora/csv.ts";
import { openSynthetic } from "../../corpora/synthetic.ts";
import { decodeModel, Predictor } from "../../refinery/mod.ts";
import { decodeProfiles, exportEverything, exportFold, readModel, RunFolder, writeModel } from "../../runs/mod.ts";
import { inTemporary, names } from "./folders.ts";
import { experiment, features, folds, run, settings } from "./small_experiment.ts";

const note = { licence: "MIT", command: "a test" };
const corpus = openSynthetic(1, { utterances: 20, speakers: 2 });
const K = features.emotions.length;

Deno.test("the model of a fold gives, on the utterances that it held out, what the run's results say: to the utterance", async () => {
  await inTemporary(async (dir) => {
    const out = path.join(dir, "run"), { results } = await run(out, "new");
    const table = await Deno.readTextFile(path.join(out, "predictions.csv"));
    const predicted = new Map(parseCsv(table, "predictions.csv").map(({ fields }) => [fields[0], fields.at(-1)]));
    const profiles = decodeProfiles(await Deno.readFile(path.join(out, "profiles/stage-2.arrow")), features.emotions);
    const confusion = Array.from({ length: K }, () => new Array<number>(K).fill(0));
    for (const fold of [1, 2]) {
      const folder = path.join(dir, `fold-${fold}`);
      await writeModel(folder, await exportFold(out, fold, note));
      assert.deepEqual(names(folder), ["README.md", "forest.json", "model.json", "weights.safetensors"]);
      const model = await readModel(folder);
      assert.equal(model.description.training.heldOutFold, fold);
      assert.equal(model.description.training.utterances, 10);
      const predictor = new Predictor(model, experiment.device);
      for (const [i, { id, emotion, firstSegment, segmentCount }] of features.utterances.entries()) {
        if (folds[i] !== fold - 1) continue;
        const { samples } = await corpus.utterances[i].read();
        const heard = await predictor.predict(samples);
        assert.deepEqual(heard.profile, profiles.subarray(firstSegment * K, (firstSegment + segmentCount) * K), id);
        assert.equal(heard.emotion, predicted.get(id), id);
        confusion[emotion][features.emotions.indexOf(heard.emotion)]++;
      }
      predictor.close();
    }
    assert.deepEqual(confusion, results!.stages[1].confusion);
  });
});

Deno.test("the model for use has heard every utterance, and its forest is the run's, of out-of-fold profiles", async () => {
  await inTemporary(async (dir) => {
    const out = path.join(dir, "run"), { results } = await run(out, "new");
    const everything = { ...experiment, start: "resume" as const };
    const bytes = await exportEverything(out, everything, { ...note, name: "small" });
    const { description, forest, weights } = decodeModel(bytes, "small");
    assert.deepEqual(
      JSON.parse(JSON.stringify(forest)),
      JSON.parse(await Deno.readTextFile(path.join(out, "forest.json"))),
    );
    assert.deepEqual(description.training, {
      corpus: "synthetic",
      utterances: 20,
      speakers: 2,
      recordings: description.training.recordings,
      settings: JSON.parse(JSON.stringify(settings)),
    });
    const [{ weightedAccuracy, confusion, protocol }] = description.accuracy;
    assert.deepEqual({ weightedAccuracy, confusion }, {
      weightedAccuracy: results!.stages[1].weightedAccuracy,
      confusion: results!.stages[1].confusion,
    });
    assert.equal(protocol, "2-fold cross-validation on the others, speakers mixed (pEPR, stage 2, seed 1)");
    // its network is none of the folds'
    const fold = decodeModel(await exportFold(out, 1, note), "fold 1");
    assert.notDeepEqual(weights["dense3.w"], fold.weights["dense3.w"]);
    // what was trained is kept, and not trained again
    const folder = await RunFolder.at(path.join(out, "everything"));
    assert.equal(await folder.countFinished(), settings.stages);
    const began = performance.now();
    const again = await exportEverything(out, everything, { ...note, name: "small" });
    assert.deepEqual(again["weights.safetensors"], bytes["weights.safetensors"]);
    assert(performance.now() - began < 5000);
  });
});

Deno.test("only a complete run is exported, and only its own folds", async () => {
  await inTemporary(async (dir) => {
    const out = path.join(dir, "run");
    await assert.rejects(exportFold(out, 1, note), /holds no run/);
    await run(out, "join", { onlyFold: 0 });
    await assert.rejects(exportFold(out, 1, note), /is not complete \(no results\.json\): deno task train --resume/);
    await run(out, "resume");
    await assert.rejects(exportFold(out, 3, note), /has 2 folds, counted from 1; found 3/);
    const other = path.join(dir, "other");
    await run(other, "new", { settings: { ...settings, split: "speaker" } });
    const { description } = decodeModel(await exportFold(out, 1, { ...note, alsoJudgedBy: other }), "x");
    assert.match(description.accuracy[1].protocol, /2-fold cross-validation on speakers that neither/);
  });
});

Deno.test("writeModel() writes over a model, never over anything else", async () => {
  await inTemporary(async (dir) => {
    const out = path.join(dir, "run");
    await run(out, "new");
    const bytes = await exportFold(out, 1, note), model = path.join(dir, "model");
    await writeModel(model, bytes);
    await writeModel(model, bytes);
    await assert.rejects(writeModel(out, bytes), /run is not empty \(it holds .*\) and holds no model/);
    await assert.rejects(writeModel(path.join(out, "config.json"), bytes), /config\.json is no folder/);
  });
});
