/**
 * One seed of the paper, chain after chain, with the bars and words that go with it.
 */
import type { PaperChain } from "../refinery/paper.ts";
import { foldsAtOnce, type JobsOptions } from "../runs/jobs.ts";
import { runPaperChains } from "../runs/paper_chains.ts";
import type { Experiment } from "../runs/plan.ts";
import { say } from "./common.ts";
import { formatDuration, JobProgress } from "./job_progress.ts";

/** What the seeds of one paper share. */
export interface SeedOptions {
  /** What is run of each. */
  chains: readonly PaperChain[];
  /** Networks of all seeds. */
  networks: number;
  /** Those of the seeds before. */
  finished: number;
  /** Whether to show nothing. */
  quiet: boolean;
  /** How folds are run at once, if they are. */
  jobs: JobsOptions;
}

/**
 * Runs every chain of one seed. Gives how many networks it has.
 *
 * @throws {Error} that says how to go on
 */
export async function runSeed(
  experiment: Experiment,
  out: string,
  { chains, networks, finished, quiet, jobs }: SeedOptions,
  signal: AbortSignal,
): Promise<number> {
  const { settings } = experiment;
  let done = 0; // networks of this seed's chains so far
  let progress: JobProgress | undefined;
  const began = performance.now();
  try {
    const results = await runPaperChains(out, experiment, chains, {
      hooks: {
        signal,
        onProgress: (told) => progress?.update(told),
        onNote: (line) => progress ? progress.say(line) : say(line),
      },
      runFolds: jobs.jobs > 1 ? (own, folder) => foldsAtOnce(own, folder, jobs) : undefined,
      onChain: ({ method, stages }, there) => {
        progress?.stop();
        const shared = done > 0 ? settings.folds : 0; // its first stage, which was counted with the first chain
        progress = new JobProgress({
          ...settings,
          stages,
          chain: method,
          networks: networks - finished - done,
          finished: there - shared,
          quiet,
        });
        done += settings.folds * stages - shared;
      },
    });
    progress?.stop();
    if (!quiet) {
      say(`seed ${settings.seed}: ${results.length} chains, ${formatDuration((performance.now() - began) / 1000)}`);
    }
    return done;
  } catch (error) {
    progress?.stop();
    const resume = `deno task paper --resume --out ${out}`;
    if (error !== signal.reason) throw new Error(`${(error as Error).message}\nTo resume: ${resume}`);
    throw new Error(`Finished networks and checkpoints are saved. To resume: ${resume}`);
  }
}
