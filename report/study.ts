/**
 * What a report is about: one run, or the runs of the whole paper, as chains (a way of refining labels) by seeds.
 */
import { join } from "@std/path";
import { PAPER_CORPORA, type PaperCorpus } from "../refinery/paper.ts";
import type { Method } from "../refinery/choices.ts";
import { chainFolder, readPaper } from "../runs/paper_folder.ts";
import { resumeCommand } from "../runs/training_command.ts";
import { readRun, type RunView } from "./read_run.ts";

/** One way of refining labels. */
export interface Chain {
  /** How. */
  method: Method;
  /** Networks in it. */
  stages: number;
  /** A seed each, at least one. */
  runs: RunView[];
}

/** Everything that a report is made from. */
export interface Study {
  /** The folder. */
  path: string;
  /** The one that is told at length first: pEPR of the paper's, or the only one. */
  chains: [Chain, ...Chain[]];
  /** What is not there yet, in a line each. */
  missing: string[];
}

/**
 * Reads a run folder, or the folder of `deno task paper`.
 *
 * @param recompute as for readRun
 * @throws {Error} if there is no complete run
 */
export async function readStudy(folder: string, recompute = false): Promise<Study> {
  const paper = await readPaper(folder);
  if (!paper) {
    const run = await readRun(folder, recompute);
    const { method, stages } = run.config.settings;
    return { path: folder, chains: [{ method, stages, runs: [run] }], missing: [] };
  }
  const chains: Chain[] = [], missing: string[] = [];
  for (const { method, stages } of paper.chains) {
    const runs: RunView[] = [];
    for (const seed of paper.seeds) {
      const place = chainFolder(folder, seed, { method });
      if (await exists(join(place, "results.json"))) runs.push(await readRun(place, recompute));
      else missing.push(`${method}, seed ${seed}: not complete yet; to resume: ${resumeCommand("paper", folder)}`);
    }
    if (runs.length > 0) chains.push({ method, stages, runs });
  }
  const [first, ...others] = chains;
  if (!first) {
    throw new Error(
      `${folder}: expected a chain that is complete, found none; to resume: ${resumeCommand("paper", folder)}`,
    );
  }
  return { path: folder, chains: [first, ...others], missing };
}

/** The corpus as the paper knows it; undefined where the paper has no numbers for it. */
export function paperCorpus({ chains: [{ runs: [{ config }] }] }: Study): PaperCorpus | undefined {
  const { name } = config.corpus;
  return name in PAPER_CORPORA ? name as PaperCorpus : undefined;
}

/** One figure of a stage, a seed each. */
export function stageValues(chain: Chain, stage: number, figure: (run: RunView, stage: number) => number): number[] {
  return chain.runs.map((run) => figure(run, stage));
}

async function exists(file: string): Promise<boolean> {
  return await Deno.stat(file).then(() => true, () => false);
}
