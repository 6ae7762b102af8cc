/**
 * Copies networks that one run has fitted and another needs, so that nothing is trained twice. Stage 1 learns the utterances' labels and
 * does not depend on the method, so its networks are the same, bit for bit, in every chain of one experiment. Later stages are the same if
 * the runs refine labels in the same way.
 *
 * Weights and profiles become hard links if the file system supports them, otherwise copies. Files of a run are replaced, never
 * overwritten, so neither run can damage the other. Weights that the other run no longer has are left out; whether they are needed depends
 * on the source of the labels.
 */
import { FileError } from "../base/file_error.ts";
import { dirname, relative } from "@std/path";
import type { Settings } from "../refinery/settings.ts";
import { requireRun } from "./begin.ts";
import { readStage } from "./stage_files.ts";
import { differences, identityOf } from "./identity.ts";
import type { RunFolder } from "./run_folder.ts";

/** Settings that affect no network, and those that do not affect stage 1. */
const JUDGING: readonly (keyof Settings)[] = ["stages", "averageStages", "trees", "forestFolds"];
const REFINING: readonly (keyof Settings)[] = ["method", "labelsFrom", "temperature"];

/**
 * Copies finished stages of another run that this run lacks: the first stage, and later ones if both runs refine labels in the same
 * way.
 *
 * @param to a run folder that exists
 * @param from one whose settings differ only in refinery, stages and judging
 * @returns the number of copied networks
 * @throws {Error} if the runs differ in other settings, or a file of a finished stage is missing or damaged
 */
export async function shareStages(to: RunFolder, from: RunFolder): Promise<number> {
  const { config } = await requireRun(to.path), { config: other } = await requireRun(from.path);
  const identity = identityOf(config), theirs = identityOf(other);
  const only = (names: readonly (keyof Settings)[]) =>
    Object.fromEntries(names.map((name) => [name, identity.settings[name]])) as Partial<Settings>;
  const alike = (names: readonly (keyof Settings)[]) => ({
    ...theirs,
    preset: identity.preset, // the preset's name has no further effect
    settings: { ...theirs.settings, ...only(names) },
  });
  const differ = differences(alike([...JUDGING, ...REFINING]), identity);
  if (theirs.recordings !== identity.recordings) differ.push("other recordings (corpus.csv)");
  if (differ.length > 0) {
    throw new FileError({
      ...{ file: from.path, expected: `a run with the same stage 1 as ${to.path}` },
      found: `another: ${differ.join("; ")}`,
    });
  }
  const refinedAlike = differences(alike(JUDGING), identity).length === 0;
  const count = refinedAlike ? Math.min(identity.settings.stages, theirs.settings.stages) : 1;
  let shared = 0;
  for (let fold = 0; fold < identity.settings.folds; fold++) {
    for (let stage = 0; stage < count; stage++) {
      const found = await readStage(from, fold, stage, { identity: theirs, emotions: other.corpus.emotions });
      if (!found) break;
      if (await to.readRecord(fold, stage)) continue;
      await linkOrCopy(from.weightsFile(fold, stage), to.weightsFile(fold, stage), { missing: true });
      await linkOrCopy(from.profilesFile(fold, stage), to.profilesFile(fold, stage));
      const record = (await from.readRecord(fold, stage))!;
      await to.writeRecord({ ...record, identity, seconds: 0, sharedFrom: relative(to.path, from.path) }); // written last
      shared++;
    }
  }
  return shared;
}

async function linkOrCopy(from: string, to: string, { missing = false } = {}): Promise<void> {
  await Deno.mkdir(dirname(to), { recursive: true });
  await Deno.remove(to).catch(() => {}); // a process killed before it wrote the record may have left the file
  const there = await Deno.stat(from).then(() => true, () => false);
  if (missing && !there) return;
  await Deno.link(from, to).catch(() => Deno.copyFile(from, to));
}
