/** An experiment of a fraction of a second, for tests of what happens to a run: 20 utterances, 2 folds of 2 stages of 3 epochs. */
import { extractFeatures } from "../../corpora/features.ts";
import { openSynthetic } from "../../corpora/synthetic.ts";
import { createCpuDevice } from "../../kernels/cpu/create.ts";
import type { Device } from "../../kernels/device.ts";
import { assignFolds } from "../../refinery/folds.ts";
import type { Results } from "../../refinery/results.ts";
import { PRESETS } from "../../refinery/presets.ts";
import type { Settings } from "../../refinery/settings.ts";
import { openRun } from "../../runs/begin.ts";
import { runExperiment } from "../../runs/experiment.ts";
import type { Experiment, ExperimentHooks, PlanOutcome, Start } from "../../runs/plan.ts";

export const settings: Settings = {
  ...PRESETS.quick,
  learningRate: 0.00025,
  width: 1 / 32,
  folds: 2,
  stages: 2,
  epochs: 3,
  batch: 16,
  segmentHop: 24,
};
export const features = await extractFeatures(openSynthetic(1, { utterances: 20, speakers: 2 }), { segmentHop: 24 });
export const folds = assignFolds(features.utterances, features.emotions, settings);

const opened: Device = await createCpuDevice({ threads: 2 });

/** The experiment, less how it begins; closing its device does nothing, so that tests may share it. */
export const experiment: Experiment = {
  corpus: "synthetic",
  preset: "quick",
  settings,
  features,
  folds,
  device: opened,
};

/** Runs it, or resumes it, in a folder. */
export async function run(
  out: string,
  start: Start,
  changes: Partial<Experiment> = {},
  hooks: ExperimentHooks = {},
): Promise<PlanOutcome> {
  const own = { ...experiment, ...changes, start };
  const { onlyFold } = own;
  return await runExperiment(own, await openRun(out, own, start, { ...hooks, onlyFold }), hooks);
}

/** Runs it until so many epochs are saved, and stops it there as Ctrl-C would. */
export async function runEpochs(out: string, start: Start, epochs: number, changes: Partial<Experiment> = {}) {
  const abort = new AbortController();
  const reason = new Error("stopped by the test");
  let left = epochs;
  const onEpoch = () => void (--left === 0 && abort.abort(reason));
  try {
    await run(out, start, changes, { signal: abort.signal, onEpoch });
    throw new Error("it ended before it was stopped");
  } catch (error) {
    if (error !== reason) throw error;
  }
}

/** Results less the seconds. */
export function plain({ results }: PlanOutcome): Omit<Results, "seconds"> {
  const { seconds: _, ...rest } = results!;
  return rest;
}
