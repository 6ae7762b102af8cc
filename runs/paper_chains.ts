/**
 * Every chain of the paper for one seed, one after the other, each a run of its own that survives what a run survives. A chain
 * takes stage 1 over from the first; one that is complete is left as it is.
 */
import type { PaperChain } from "../refinery/paper.ts";
import type { Results } from "../refinery/results.ts";
import { openRun } from "./begin.ts";
import { runExperiment } from "./experiment.ts";
import { chainFolder } from "./paper_folder.ts";
import type { Experiment, ExperimentHooks, RunFolds } from "./plan.ts";
import { RunFolder } from "./run_folder.ts";
import { shareStages } from "./share_stage.ts";

/** How the chains are run. */
export interface PaperRunOptions {
  /** Told of each chain when its turn comes, with its networks that are there already. */
  onChain?: (chain: PaperChain, finished: number) => void;
  /** Runs folds otherwise than one after the other. */
  runFolds?: (experiment: Experiment, folder: RunFolder) => RunFolds;
  /** Hooks of each. */
  hooks?: ExperimentHooks;
}

/**
 * Runs the chains, or what is left of them.
 *
 * @param out the paper's folder
 * @param experiment what all have in common; its method and stages are the chains'
 * @throws as runExperiment does; what is finished is kept
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
    const resumed: Experiment = { ...own, start: "resume" }; // its first stage may have been taken over
    const run = () => runExperiment(resumed, folder, hooks, performance.now(), runFolds && runFolds(resumed, folder));
    results.push(complete ?? (await run()).results!);
  }
  return results;
}
