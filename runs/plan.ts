/** The definitions of an experiment, its hooks and its outcome. */
import type { ReadingChoices } from "../corpora/corpus.ts";
import type { Features } from "../corpora/features.ts";
import type { Device } from "../kernels/device.ts";
import type { EpochRecord } from "../nn/fit.ts";
import { CrossValidation } from "../refinery/cross_validation.ts";
import type { FoldProgress } from "../refinery/fold_hooks.ts";
import type { FoldResult, Results } from "../refinery/results.ts";
import type { Settings } from "../refinery/settings.ts";
import type { LeaseOptions } from "./lease.ts";

/**
 * How a process enters a run folder: as a new run, by joining (the first of several processes creates it), or by
 * resuming.
 */
export type Start = "new" | "join" | "resume";

/** An experiment. */
export interface Experiment {
  /** Kind of corpus. */
  corpus: string;
  /** The location of the corpus, if any. */
  data?: string;
  /** The user's choices for reading it. */
  choices?: ReadingChoices;
  /** The preset that the settings started from. */
  preset: string;
  /** All settings; the features set the segment hop. */
  settings: Settings;
  /** The network's input. */
  features: Features;
  /** The fold of each utterance, 0 to folds - 1. */
  folds: Int32Array;
  /** The only fold to run; default: all of them, followed by the judge. */
  onlyFold?: number;
  /** The device to run on. */
  device: Device;
  /** Opens a replacement if the device is lost; without it, a loss ends the run. */
  reopen?: () => Promise<Device>;
  /** Whether the run is new, joined or resumed. Default: new. */
  start?: Start;
  /** Seconds between saves of a network within an epoch. Default 600. */
  saveEvery?: number;
  /** Options of the folds' leases. */
  lease?: Pick<LeaseOptions, "beat" | "patience" | "host">;
}

/** The cross-validation of an experiment. An experiment is plain data, so that it can be sent to a worker. */
export function crossValidationOf(
  { features, settings, folds }: Pick<Experiment, "features" | "settings" | "folds">,
): CrossValidation<Features> {
  return new CrossValidation(features, settings, folds);
}

/** Hooks of a running experiment. */
export interface ExperimentHooks {
  /** Stops the experiment. */
  signal?: AbortSignal;
  /** Receives the progress at intervals. */
  onProgress?: (progress: FoldProgress) => void;
  /** Called after each epoch. */
  onEpoch?: (epoch: EpochRecord & { fold: number; stage: number }) => void;
  /** Receives problems and how they were handled, one line each. */
  onNote?: (line: string) => void;
}

/** The outcome of an experiment. */
export interface PlanOutcome {
  /** The folds that ran, or were finished before. */
  folds: FoldResult[];
  /** The contents of `results.json`, if all folds are finished. */
  results?: Results;
}

/** Runs the given folds and returns their results in the same order. */
export type RunFolds = (folds: number[], hooks: ExperimentHooks) => Promise<FoldResult[]>;

/** Seconds since a time, rounded to the millisecond. */
export function since(time: number): number {
  return Math.round(performance.now() - time) / 1000;
}
