/**
 * What a user of the npm package does in Node to keep a run: two folds of two stages on a folder of recordings, in a run folder, and again
 * over what is there. Prints the accuracies as JSON.
 *
 *     node npm_runs.mjs RECORDINGS FOLDER
 */
import { corpora, kernels, refinery } from "@epr/epr";
import { openRun, readStatus, runExperiment } from "@epr/epr/runs";

const [, , data, folder] = process.argv;
const settings = { ...refinery.PRESETS.demo, width: 1 / 32, folds: 2, stages: 2, epochs: 1, batch: 16, segmentHop: 24 };
const corpus = await corpora.openCorpus("folder", { data });
const features = await corpora.extractFeatures(corpus, refinery.segmentation(settings));
const folds = refinery.assignFolds(features.utterances, features.emotions, settings);
const device = await kernels.openDevice({ device: "cpu", threads: 2 });
const found = [];
for (const start of ["new", "resume"]) {
  const experiment = { corpus: "folder", data, preset: "demo", settings, features, folds, device, start };
  const { results } = await runExperiment(experiment, await openRun(folder, experiment, start));
  found.push(results.stages.map(({ weightedAccuracy }) => weightedAccuracy));
}
device.close();
console.log(JSON.stringify({ found, status: (await readStatus(folder)).folds.map(({ state }) => state) }));
