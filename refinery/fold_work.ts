/**
 * Progress of a fold, measured in work: training on a segment once is 1, and profiling it is a third, since the forward pass is a
 * third of a training step. Early stopping may end a fit sooner, so the remaining work lies between two bounds.
 */
import type { FitProgress } from "../nn/fit.ts";
import type { FoldData } from "./fold_data.ts";
import type { FoldProgress } from "./fold_hooks.ts";
import type { Settings } from "./settings.ts";

/** Number of parts of the training utterances in cross-fitting, and the number of its first network in a stage. */
export const PARTS = 4, CROSS_FIT = 100;

/** Share of the epochs after which the snapshot is taken. */
export const SNAPSHOT = 1 / 4;

/** Work of a profile relative to training on the same segments. */
const PROFILE_WORK = 1 / 3;

/**
 * Number of networks that a stage of a fold fits, in units of one network on all training utterances: its members, and those that
 * only produce the labels of the next stage.
 */
export function countFits(
  { members, stages, labelsFrom }: Pick<Settings, "members" | "stages" | "labelsFrom">,
  stage: number,
): number {
  const labelling = labelsFrom === "cross-fit" ? PARTS - 1 : labelsFrom === "snapshot" ? SNAPSHOT : 0;
  return members + (stage + 1 < stages ? labelling : 0);
}

/** Reports progress. */
export class FoldWork {
  readonly #data: FoldData;
  readonly #report: (progress: FoldProgress) => void;
  /** Epochs run by the network fitted last. */
  epochsRun = 0;

  /** @param report receives the progress */
  constructor(data: FoldData, report: (progress: FoldProgress) => void = () => {}) {
    [this.#data, this.#report] = [data, report];
  }

  /** Reports the progress of a network's fit. */
  fit(stage: number, member: number, { epoch, step, steps, loss, examples, earliest }: FitProgress): void {
    const { fitting, profiling } = this.#work(stage), { epochs, members } = this.#data.settings, part = step / steps;
    const before = member < CROSS_FIT ? member : members + (member - CROSS_FIT) * (1 - 1 / PARTS);
    const each = fitting / countFits(this.#data.settings, stage);
    const whole = fitting + profiling, done = (before + (epoch + part) / epochs) * each;
    const [least, most] = [(before + (earliest + 1) / epochs) * each - done + profiling, whole - done];
    this.#report({
      fold: this.#data.fold,
      stage,
      phase: "fit",
      epoch,
      part,
      loss,
      examples,
      done: done / whole,
      least: least / whole,
      most: most / whole,
    });
  }

  /** Reports the progress of profiling. @param before segments of the stage profiled before this set */
  profile(stage: number, done: number, length: number, before: number): void {
    const { fitting, profiling } = this.#work(stage), { epochs } = this.#data.settings, epoch = this.epochsRun;
    const whole = fitting + profiling, profiled = PROFILE_WORK * (before + done);
    const left = (profiling - profiled) / whole, spent = epoch / epochs * fitting + profiled;
    this.#report({
      fold: this.#data.fold,
      stage,
      phase: "profile",
      epoch,
      part: done / length,
      done: spent / whole,
      least: left,
      most: left,
    });
  }

  /** Work of a stage: all epochs, and the profiles. */
  #work(stage: number): { fitting: number; profiling: number } {
    const { learning, heldOut, training } = this.#data.sets, { epochs, stages } = this.#data.settings;
    const profiled = heldOut.length + (stage + 1 < stages ? training.length : 0);
    return {
      fitting: countFits(this.#data.settings, stage) * epochs * learning.length,
      profiling: PROFILE_WORK * profiled,
    };
  }
}
