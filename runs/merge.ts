/**
 * Combines finished folds to results: reads the folds from the run folder, checks that they belong to one run, and judges
 * them. The processes and machines that ran the folds do not matter.
 */
import { ordinal } from "../base/numbering.ts";
import { fitForest } from "../refinery/forests.ts";
import { judge } from "../refinery/judge.ts";
import type { FoldResult, Results } from "../refinery/results.ts";
import { identify } from "./begin.ts";
import { readStage } from "./stage_files.ts";
import type { Identity } from "./identity.ts";
import { crossValidationOf, type Experiment } from "./plan.ts";
import type { RunFolder } from "./run_folder.ts";

/** The parts of an experiment needed for merging. The device may be given by name only. */
export type MergeSource =
  & Pick<Experiment, "corpus" | "data" | "choices" | "preset" | "settings" | "features" | "folds">
  & {
    device: Pick<Experiment["device"], "kind" | "description">;
  };

/**
 * Reads a finished fold and its duration in seconds; undefined if it is not finished.
 *
 * @throws {Error} if a stage belongs to another run, or is damaged
 */
export async function readFold(
  folder: RunFolder,
  fold: number,
  identity: Identity,
  emotions: readonly string[],
): Promise<FoldResult & { seconds: number } | undefined> {
  const result = { fold, stages: [], seconds: 0 } as FoldResult & { seconds: number };
  for (let stage = 0; stage < identity.settings.stages; stage++) {
    const found = await readStage(folder, fold, stage, { identity, emotions });
    if (!found) return undefined;
    const { seconds, ...own } = found;
    result.stages.push(own);
    result.seconds += seconds;
  }
  return result;
}

/**
 * Reads every fold of a run, in order.
 *
 * @throws {Error} with the folds that are not finished, or belong to another run
 */
export async function readFolds(
  folder: RunFolder,
  identity: Identity,
  emotions: readonly string[],
): Promise<(FoldResult & { seconds: number })[]> {
  const found: (FoldResult & { seconds: number })[] = [], missing: number[] = [];
  for (let fold = 0; fold < identity.settings.folds; fold++) {
    const result = await readFold(folder, fold, identity, emotions);
    if (result) found.push(result);
    else missing.push(fold);
  }
  if (missing.length === 0) return found;
  const which = missing.length === 1
    ? `fold ${ordinal(missing[0])} is`
    : `folds ${missing.map(ordinal).join(", ")} are`;
  throw new Error(`${folder.path}: ${which} not finished; \`resume: true\` with \`onlyFold: ${missing[0]}\` runs it`);
}

/**
 * Judges the folds of a run folder, which must all be finished, and writes `results.json`.
 *
 * @throws {Error} with the folds that are not finished, or belong to another run
 */
export async function mergeFolds(merged: MergeSource, folder: RunFolder): Promise<Results> {
  const found = await readFolds(folder, identify(merged), merged.features.emotions);
  const began = performance.now();
  const spent = found.reduce((sum, { seconds }) => sum + seconds, 0);
  return await writeResults(merged, found, folder, () => spent + (performance.now() - began) / 1000);
}

/**
 * Writes the results of all folds.
 *
 * @param seconds duration of the job so far
 */
export async function writeResults(
  merged: MergeSource,
  foldResults: FoldResult[],
  folder: RunFolder,
  seconds: () => number,
): Promise<Results> {
  const { corpus, preset, settings, features, device } = merged, { emotions, utterances, segmentHop } = features;
  const { stages, profiles, decisions, votes } = judge(crossValidationOf(merged), foldResults);
  for (const [stage, { confusion: _, ...figures }] of stages.entries()) {
    await folder.writeProfiles(stage, { utterances, segmentHop, emotions, profiles: profiles[stage] });
    folder.log({ event: "results", stage, ...figures });
  }
  await folder.writePredictions({ emotions, utterances, predictions: decisions, votes });
  const everyone = utterances.map((_, i) => i);
  await folder.writeForest(fitForest(features, profiles[profiles.length - 1], everyone, settings));
  const results: Results = {
    corpus,
    method: settings.method,
    preset,
    seed: settings.seed,
    device: device.kind, // config.json has more; these results do not depend on the number of threads
    emotions,
    utterances: utterances.length,
    segments: features.segmentStart.length,
    folds: settings.folds,
    stages: stages.map((figures, stage) => ({ stage: ordinal(stage), ...figures })),
    seconds: Math.round(1000 * seconds()) / 1000,
  };
  await folder.writeResults(results);
  await folder.tidy();
  return results;
}
