/**
 * Runs every chain of the paper for one seed, one after the other. Each is a separate run that can be resumed like any other.
 * A chain reuses stage 1 of the first, and a complete chain is skipped.
 */
import type { PaperChain } from "../refinery/paper.ts";
import type { Results } from "../refinery/results.ts";
import { openRun } from "./begin.ts";
import { runExperiment } from "./experiment.ts";
import { chainFolder } from "./paper_folder.ts";
import type { Experiment, ExperimentHooks, RunFolds } from "./plan.ts";
import { RunFolder } from "./run_folder.ts";
import { shareStages } from "./share_stage.ts";

/** Options for running the chains. */
export interface PaperRunOptions {
  /** Called at the start of each chain, with the number of its finished networks. */
  onChain?: (chain: PaperChain, finished: number) => void;
  /** Replaces running the folds one after the other. */
  runFolds?: (experiment: Experiment, folder: RunFolder) => RunFolds;
  /** Hooks for each chain. */
  hooks?: ExperimentHooks;
}

/**
 * Runs the chains, or the remaining part of them.
 *
 * @param out the paper's folder
 * @param experiment the common experiment; the chains set its method and stages
 * @throws as runExperiment does; finished work is saved
 */
export async function runPaperChains(
  out: string,
  experiment: Experiment,
  chains: readonly PaperChain[],
  options: PaperRunOptions = {},
): Promise<Results[]> {
  const { hooks = {}, onChain, runFolds } = options, { seed } = experiment.settings;
  const results: Results[] = [];
  let first: RunFolder | undefined;
  for (const chain of chains) {
    const place = chainFolder(out, seed, chain);
    const own: Experiment = { ...experiment, settings: { ...experiment.settings, ...chain } };
    const begun = await Deno.stat(place).then(() => true, () => false);
    const found = begun ? await (await RunFolder.at(place)).readConfig() : undefined;
    const folder = await openRun(place, own, found ? "resume" : "new", { onNote: hooks.onNote });
    if (first) await shareStages(folder, first);
    first ??= folder;
    onChain?.(chain, await folder.countFinished());
    const complete = await folder.readResults();
    const resumed: Experiment = { ...own, start: "resume" }; // its first stage may have been copied from the first chain
    const run = () => runExperiment(resumed, folder, hooks, performance.now(), runFolds && runFolds(resumed, folder));
    results.push(complete ?? (await run()).results!);
  }
  return results;
}
