/**
 * What the files and leases of folds and stages are called: `fold-1-stage-2`, and of the second network of the stage
 * `fold-1-stage-2-member-2`.
 */
import { fromOrdinal, ordinal } from "../base/numbering.ts";

/** Of a fold. */
export const foldName = (fold: number): string => `fold-${ordinal(fold)}`;

/** Of a stage over all folds. */
export const stageName = (stage: number): string => `stage-${ordinal(stage)}`;

/** Of a stage of a fold. */
export const foldStageName = (fold: number, stage: number): string => `${foldName(fold)}-${stageName(stage)}`;

/** Of a network that is fitted for a stage; the first has no number. */
export const networkName = (fold: number, stage: number, member: number): string =>
  foldStageName(fold, stage) + (member > 0 ? `-member-${ordinal(member)}` : "");

/** Where a fit stands: epochs that are finished, steps of the next. */
export interface CheckpointPlace {
  /** Of the chain. */
  stage: number;
  /** The network's number in the stage. */
  member: number;
  /** Finished epochs. */
  epoch: number;
  /** Steps of the next. */
  step: number;
}

/** The file of a checkpoint. */
export function checkpointName(fold: number, { stage, member, epoch, step }: CheckpointPlace): string {
  return `${networkName(fold, stage, member)}-epoch-${epoch}-step-${step}.safetensors`;
}

/** Those of files that are checkpoints, oldest first. */
export function readCheckpointNames(names: readonly string[]): (CheckpointPlace & { name: string })[] {
  const found = names.flatMap((name) => {
    const place = /-stage-(\d+)-(?:member-(\d+)-)?epoch-(\d+)-step-(\d+)\.safetensors$/.exec(name)?.slice(1);
    if (!place) return [];
    const [stage, member, epoch, step] = place.map((number) => Number(number ?? 1));
    return [{ name, stage: fromOrdinal(stage), member: fromOrdinal(member), epoch, step }];
  });
  return found.sort((a, b) => a.stage - b.stage || a.member - b.member || a.epoch - b.epoch || a.step - b.step);
}
