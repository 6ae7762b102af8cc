/**
 * Runs several folds at once on one machine (`--jobs`). Each has a worker thread with its own device and its share of the
 * threads, so no fold waits for another. Each fold's results are the same as when it runs alone.
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

/** Options for running folds at once. */
export interface JobsOptions {
  /** Largest number of folds at once. */
  jobs: number;
  /** The device that each worker opens; the number of threads is per fold. */
  device: OpenDeviceOptions;
  /** The worker's program; tests replace it. */
  worker?: URL;
}

/**
 * Seconds without news after which the workers count as hung. A step of a large network on a slow device takes minutes.
 */
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
        settle: true, // if one fold fails, the others save their state
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
