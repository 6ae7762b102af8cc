/**
 * Estimates the cost of the whole paper, for `paper --dry-run`: the networks of every chain, with the first stage
 * counted once.
 */
import { countNetworks, type PaperChain } from "../refinery/paper.ts";
import type { Experiment } from "../runs/plan.ts";
import { printJson } from "./common.ts";
import { estimateCost } from "./cost.ts";
import { formatDuration } from "./job_progress.ts";

/** Counts, measures a few steps and prints the estimate. */
export async function costPaper(
  experiment: Experiment,
  chains: readonly PaperChain[],
  seeds: number,
  json: boolean | undefined,
  signal: AbortSignal,
): Promise<void> {
  // two stages: one that computes the next stage's labels, and one that does not
  const cost = await estimateCost({ ...experiment, settings: { ...experiment.settings, stages: 2 } }, signal);
  const sum = (stage: number) => cost.folds.reduce((flops, fold) => flops + fold.stageFlops[stage], 0);
  const [inner, last] = [sum(0), sum(1)];
  const rest = chains.reduce((flops, { stages }) => flops + (stages - 2) * inner + last, 0);
  const flops = seeds * (inner + rest), seconds = flops * cost.seconds / cost.flops;
  const perFold = countNetworks(chains);
  const networks = seeds * experiment.settings.folds * perFold;
  const disk = seeds * cost.disk / 2 * perFold;
  if (json) return printJson({ networks, flops, seconds, segmentsPerSecond: cost.segmentsPerSecond, disk });
  console.log([
    `cost at most, if every network runs all ${experiment.settings.epochs} epochs:`,
    `  networks    ${networks.toLocaleString("en")}`,
    `  operations  ${(flops / 1e12).toLocaleString("en", { maximumFractionDigits: 1 })} TFLOP`,
    `  time        ${formatDuration(seconds)}, at ${Math.round(cost.segmentsPerSecond).toLocaleString("en")} ` +
    "segments/s in training (measured just now)",
    `  disk        ${Math.ceil(disk / 1e6).toLocaleString("en")} MB`,
  ].join("\n"));
}
