/**
 * Names of the files and leases of folds and stages: `fold-1-stage-2`, and for the stage's second network
 * `fold-1-stage-2-member-2`.
 */
import { fromOrdinal, ordinal } from "../base/numbering.ts";

/** The name of a fold. */
export const foldName = (fold: number): string => `fold-${ordinal(fold)}`;

/** The name of a stage over all folds. */
export const stageName = (stage: number): string => `stage-${ordinal(stage)}`;

/** The name of a stage of a fold. */
export const foldStageName = (fold: number, stage: number): string => `${foldName(fold)}-${stageName(stage)}`;

/** The name of a network fitted for a stage; the first has no number. */
export const networkName = (fold: number, stage: number, member: number): string =>
  foldStageName(fold, stage) + (member > 0 ? `-member-${ordinal(member)}` : "");

/** The position of a fit: finished epochs, and steps of the next. */
export interface CheckpointPlace {
  /** The stage in the chain. */
  stage: number;
  /** The network's number in the stage. */
  member: number;
  /** Finished epochs. */
  epoch: number;
  /** Finished steps of the next epoch. */
  step: number;
}

/** The file of a checkpoint. */
export function checkpointName(fold: number, { stage, member, epoch, step }: CheckpointPlace): string {
  return `${networkName(fold, stage, member)}-epoch-${epoch}-step-${step}.safetensors`;
}

/** The checkpoints among some file names, oldest first. */
export function readCheckpointNames(names: readonly string[]): (CheckpointPlace & { name: string })[] {
  const found = names.flatMap((name) => {
    const place = /-stage-(\d+)-(?:member-(\d+)-)?epoch-(\d+)-step-(\d+)\.safetensors$/.exec(name)?.slice(1);
    if (!place) return [];
    const [stage, member, epoch, step] = place.map((number) => Number(number ?? 1));
    return [{ name, stage: fromOrdinal(stage), member: fromOrdinal(member), epoch, step }];
  });
  return found.sort((a, b) => a.stage - b.stage || a.member - b.member || a.epoch - b.epoch || a.step - b.step);
}
