/**
 * Stage 1 learns the utterances' labels, whatever refines them afterwards: its networks are the same, to the bit, in every chain
 * of one experiment. A run takes them over from another, so that nothing is trained twice; the labels of its stage 2 are
 * then made from those networks.
 *
 * Weights and profiles become hard links where the file system has them, else copies: files of a run are replaced, never
 * written over, so neither run can harm the other.
 */
import { dirname, relative } from "@std/path";
import { requireRun } from "./begin.ts";
import { readStage } from "./fold_files.ts";
import { differences, identityOf } from "./identity.ts";
import type { RunFolder } from "./run_folder.ts";

/**
 * Takes the finished first stages of another run over, where this one has none.
 *
 * @param to a run folder that was begun
 * @param from one whose settings differ in method and stages alone
 * @returns how many folds were taken over
 * @throws {Error} where the runs differ in more, or a file of a finished stage is gone or damaged
 */
export async function shareFirstStage(to: RunFolder, from: RunFolder): Promise<number> {
  const { config } = await requireRun(to.path), { config: other } = await requireRun(from.path);
  const identity = identityOf(config), theirs = identityOf(other);
  const { method, stages } = identity.settings;
  const alike = { ...theirs, settings: { ...theirs.settings, method, stages } };
  const differ = differences(alike, identity);
  if (theirs.recordings !== identity.recordings) differ.push("other recordings (corpus.csv)");
  if (differ.length > 0) {
    throw new Error(`${to.path} can't take stage 1 over from ${from.path}: ${differ.join("; ")}`);
  }
  let shared = 0;
  for (let fold = 1; fold <= identity.settings.folds; fold++) {
    const found = await readStage(from, fold, 1, { identity: theirs, emotions: other.corpus.emotions });
    if (!found || await to.readRecord(fold, 1)) continue;
    await linkOrCopy(from.weightsFile(fold, 1), to.weightsFile(fold, 1));
    await linkOrCopy(from.profilesFile(fold, 1), to.profilesFile(fold, 1));
    const record = (await from.readRecord(fold, 1))!;
    await to.writeRecord({ ...record, identity, seconds: 0, sharedFrom: relative(to.path, from.path) }); // last
    shared++;
  }
  return shared;
}

async function linkOrCopy(from: string, to: string): Promise<void> {
  await Deno.mkdir(dirname(to), { recursive: true });
  await Deno.remove(to).catch(() => {}); // what a process left that was killed before it wrote the record
  await Deno.link(from, to).catch(() => Deno.copyFile(from, to));
}
