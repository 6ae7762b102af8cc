/**
 * Several folds at once on one machine (`--jobs`): a worker thread each, with a device of its own and its share of the threads,
 * so that no fold waits for another. What each fold computes is the same as alone.
 */
import { ordinal } from "../base/numbering.ts";
import type { OpenDeviceOptions } from "../kernels/open_device.ts";
import type { FoldResult } from "../refinery/results.ts";
import { Crew } from "../workers/crew.ts";
import { identify } from "./begin.ts";
import type { FoldNews, FoldSetup } from "./fold_worker.ts";
import { readFold } from "./merge.ts";
import type { Experiment, RunFolds } from "./plan.ts";
import type { RunFolder } from "./run_folder.ts";

/** How folds are run at once. */
export interface JobsOptions {
  /** How many at once, at most. */
  jobs: number;
  /** The device that each opens; its threads are each fold's own. */
  device: OpenDeviceOptions;
  /** The worker's own file; tests give others. */
  worker?: URL;
}

/** Seconds without any news after which the workers count as hung. A step of a large network on a slow device takes minutes. */
const PATIENCE = 3600;

/** Runs folds of an experiment at once, for {@link runExperiment}. */
export function foldsAtOnce(experiment: Experiment, folder: RunFolder, options: JobsOptions): RunFolds {
  const { jobs, device, worker: program = new URL("./fold_worker.ts", import.meta.url) } = options;
  const { device: { kind, description }, reopen: _, ...sent } = experiment;
  const setup = { experiment: { ...sent, device: { kind, description } }, out: folder.path, device };
  return async (folds, hooks) => {
    const crew = new Crew<FoldSetup, number, number, FoldNews>({
      program,
      name: (fold) => `Fold ${ordinal(fold)}`,
      patience: PATIENCE,
    });
    crew.start(Math.min(jobs, folds.length));
    try {
      await crew.run({
        setup,
        jobs: folds,
        settle: true, // where one fails, the others keep what they have
        onNews: ({ hook, of }) => (hooks[hook] as ((of: unknown) => void) | undefined)?.(of),
        signal: hooks.signal,
      });
    } finally {
      await crew.close();
    }
    const identity = identify(experiment), results: FoldResult[] = [];
    for (const fold of folds) results.push((await readFold(folder, fold, identity, experiment.features.emotions))!);
    return results;
  };
}
