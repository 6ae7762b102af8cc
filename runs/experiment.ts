/**
 * Runs one experiment in one run folder: each fold's chain of networks, saved as it progresses (`kept_fold.ts`). When all folds
 * are finished, by this process or others, computes the final statistics.
 */
import type { FoldResult } from "../refinery/results.ts";
import { identify } from "./begin.ts";
import { DeviceKeeper } from "./device_keeper.ts";
import { runKeptFold } from "./kept_fold.ts";
import { readFold, writeResults } from "./merge.ts";
import { type Experiment, type ExperimentHooks, type PlanOutcome, type RunFolds, since } from "./plan.ts";
import type { RunFolder } from "./run_folder.ts";
import project from "../deno.json" with { type: "json" };

/**
 * Runs an experiment, or the remaining part of it.
 *
 * @param folder the run folder from `openRun`; its files are complete even when this rejects
 * @param started performance.now() at the start of the job, for its duration
 * @param runFolds replaces running the folds one after the other in this thread
 * @throws the signal's reason if aborted; an Error if a loss is not finite, a file can't be written, or another
 * process runs the fold
 */
export async function runExperiment(
  experiment: Experiment,
  folder: RunFolder,
  hooks: ExperimentHooks = {},
  started: number = performance.now(),
  runFolds: RunFolds = (folds, hooks) => oneAfterTheOther(experiment, folder, folds, hooks),
): Promise<PlanOutcome> {
  const { settings, features, onlyFold } = experiment;
  const all = Array.from({ length: settings.folds }, (_, fold) => fold);
  const chosen = onlyFold === undefined ? all : [onlyFold];
  const identity = identify(experiment), { emotions } = features;
  folder.log({
    event: "run",
    version: project.version,
    corpus: experiment.corpus,
    preset: experiment.preset,
    device: experiment.device.description,
    folds: chosen,
    stages: settings.stages,
  });
  try {
    const finished = new Map<number, FoldResult>();
    let before = 0; // seconds spent on folds finished earlier
    for (const fold of experiment.start === "new" ? [] : chosen) {
      const found = await readFold(folder, fold, identity, emotions).catch(() => undefined); // its stages are read again
      if (!found) continue;
      finished.set(fold, found);
      before += found.seconds;
    }
    const left = chosen.filter((fold) => !finished.has(fold));
    for (const result of await runFolds(left, hooks)) finished.set(result.fold, result);
    const outcome: PlanOutcome = { folds: chosen.map((fold) => finished.get(fold)!) };
    if (onlyFold === undefined) {
      outcome.results = await writeResults(experiment, outcome.folds, folder, () => before + since(started));
    }
    folder.log({ event: "end", seconds: since(started) });
    return outcome;
  } catch (error) {
    try {
      folder.log({ event: "stopped", reason: (error as Error).message, seconds: since(started) });
    } catch {
      // the reason may be that nothing can be written
    }
    throw error;
  }
}

/** Runs one fold after the other with all threads, on one device. */
async function oneAfterTheOther(
  experiment: Experiment,
  folder: RunFolder,
  folds: number[],
  hooks: ExperimentHooks,
): Promise<FoldResult[]> {
  const devices = new DeviceKeeper(experiment.device, experiment.reopen);
  const kept = { experiment, identity: identify(experiment), folder, devices };
  const results: FoldResult[] = [];
  try {
    for (const fold of folds) results.push(await runKeptFold(kept, fold, hooks));
    return results;
  } finally {
    if (devices.device !== experiment.device) devices.device.close();
  }
}
