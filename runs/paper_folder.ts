/**
 * The whole paper in one folder: a run for each way of refining labels and each seed, which are run folders like any other, and
 * what they have in common.
 *
 *     paper.json            which chains of networks, which seeds
 *     seed-1/pEPR/          a run (run_folder.ts); the first chain's stage 1 is shared by the others
 *     seed-1/sEPR/ ...
 *     report.html, report/  what they give
 */
import { join } from "@std/path";
import { writeJson } from "../files/atomic.ts";
import type { PaperChain } from "../refinery/paper.ts";
import { requireVacant } from "./run_folder.ts";
import { paperConfig, readStored } from "./stored.ts";

/** `paper.json`. */
export interface PaperConfig {
  /** The chains, the first of which makes stage 1 for all. */
  chains: PaperChain[];
  /** What random choices are keyed by, run after run. */
  seeds: number[];
}

/** Where the run of a chain is. */
export function chainFolder(folder: string, seed: number, { method }: Pick<PaperChain, "method">): string {
  return join(folder, `seed-${seed}`, method);
}

/** Reads `paper.json`; undefined where the folder holds none. Throws an Error where it is damaged. */
export async function readPaper(folder: string): Promise<PaperConfig | undefined> {
  return await readStored<PaperConfig>(join(folder, "paper.json"), paperConfig);
}

/** Writes `paper.json`. */
export async function writePaper(folder: string, config: PaperConfig): Promise<void> {
  await writeJson(join(folder, "paper.json"), config);
}

/**
 * Checks that a paper can begin in a folder: that it is not there yet, or is empty, or holds what one left that was stopped
 * before its first run was there.
 *
 * @throws {Error} if it holds anything else or is no folder
 */
export async function requireVacantPaper(folder: string): Promise<void> {
  const paper = await readPaper(folder);
  if (paper) {
    const first = join(chainFolder(folder, paper.seeds[0], paper.chains[0]), "config.json");
    if (!await Deno.stat(first).then(() => true, () => false)) return;
  }
  await requireVacant(folder);
}
