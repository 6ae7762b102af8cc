/** The subject of a report: one run, or the runs of the whole paper, as chains (methods) by seeds. */
import { join } from "@std/path";
import { PAPER_CORPORA, type PaperCorpus } from "../refinery/paper.ts";
import type { Method } from "../refinery/choices.ts";
import { chainFolder, readPaper } from "../runs/paper_folder.ts";
import { resumeCommand } from "../runs/training_command.ts";
import { readRun, type RunView } from "./read_run.ts";

/** The runs of one method. */
export interface StudyChain {
  /** The method. */
  method: Method;
  /** Number of its networks. */
  stages: number;
  /** The runs, one per seed, at least one. */
  runs: RunView[];
}

/** The input of a report. */
export interface Study {
  /** The folder. */
  path: string;
  /** The chains; the first is reported in detail: pEPR for the paper, or the only one. */
  chains: [StudyChain, ...StudyChain[]];
  /** Missing parts, one line each. */
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
  const chains: StudyChain[] = [], missing: string[] = [];
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

/** The paper's name of the corpus; undefined if the paper has no results for it. */
export function paperCorpus({ chains: [{ runs: [{ config }] }] }: Study): PaperCorpus | undefined {
  const { name } = config.corpus;
  return name in PAPER_CORPORA ? name as PaperCorpus : undefined;
}

/** One quantity of a stage, by seed. */
export function stageValues(
  chain: StudyChain,
  stage: number,
  figure: (run: RunView, stage: number) => number,
): number[] {
  return chain.runs.map((run) => figure(run, stage));
}

async function exists(file: string): Promise<boolean> {
  return await Deno.stat(file).then(() => true, () => false);
}
