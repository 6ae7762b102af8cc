/**
 * The whole paper in one folder: an ordinary run folder for each method and each seed, and their common files.
 *
 *     paper.json            the chains of networks and the seeds
 *     seed-1/pEPR/          a run (run_folder.ts); the first chain's stage 1 is shared by the others
 *     seed-1/sEPR/ ...
 *     report.html, report/  the report
 */
import { join } from "@std/path";
import { writeJson } from "../files/atomic.ts";
import type { PaperChain } from "../refinery/paper.ts";
import { requireVacant } from "./run_folder.ts";
import { paperConfig, readStored } from "./stored.ts";

/** `paper.json`. */
export interface PaperConfig {
  /** The chains; the first provides stage 1 for all. */
  chains: PaperChain[];
  /** The seeds of random choices, one per run. */
  seeds: number[];
}

/** The folder of a chain's run. */
export function chainFolder(folder: string, seed: number, { method }: Pick<PaperChain, "method">): string {
  return join(folder, `seed-${seed}`, method);
}

/** Reads `paper.json`; undefined if there is none. Throws an Error if it is damaged. */
export async function readPaper(folder: string): Promise<PaperConfig | undefined> {
  return await readStored<PaperConfig>(join(folder, "paper.json"), paperConfig);
}

/** Writes `paper.json`. */
export async function writePaper(folder: string, config: PaperConfig): Promise<void> {
  await writeJson(join(folder, "paper.json"), config);
}

/**
 * Checks that a paper can begin in a folder: it must not exist, be empty, or contain only the files of a paper that stopped
 * before its first run.
 *
 * @throws {Error} if it contains anything else or is not a folder
 */
export async function requireVacantPaper(folder: string): Promise<void> {
  const paper = await readPaper(folder);
  if (paper) {
    const first = join(chainFolder(folder, paper.seeds[0], paper.chains[0]), "config.json");
    if (!await Deno.stat(first).then(() => true, () => false)) return;
  }
  await requireVacant(folder);
}
