/** Runs one seed of the paper, chain after chain, with progress bars and messages. */
import type { PaperChain } from "../refinery/paper.ts";
import { foldsAtOnce, type JobsOptions } from "../runs/jobs.ts";
import { runPaperChains } from "../runs/paper_chains.ts";
import type { Experiment } from "../runs/plan.ts";
import { say } from "./common.ts";
import { formatDuration, JobProgress } from "./job_progress.ts";

/** Options common to all seeds. */
export interface SeedOptions {
  /** The chains to run for each seed. */
  chains: readonly PaperChain[];
  /** Total number of networks of all seeds. */
  networks: number;
  /** Number of networks of the previous seeds. */
  finished: number;
  /** Whether to show nothing. */
  quiet: boolean;
  /** How folds run at once, if they do. */
  jobs: JobsOptions;
}

/**
 * Runs every chain of one seed. Returns its number of networks.
 *
 * @throws {Error} with the command that resumes
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
