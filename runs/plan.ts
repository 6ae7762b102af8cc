/** What an experiment is, what it tells of itself while it runs, and what it gives. */
import type { ReadingChoices } from "../corpora/corpus.ts";
import type { Features } from "../corpora/features.ts";
import type { Device } from "../kernels/device.ts";
import type { EpochRecord } from "../nn/fit.ts";
import { CrossValidation } from "../refinery/cross_validation.ts";
import type { FoldProgress } from "../refinery/fold_hooks.ts";
import type { FoldResult, Results } from "../refinery/results.ts";
import type { Settings } from "../refinery/settings.ts";
import type { LeaseOptions } from "./lease.ts";

/** How a process comes to a run folder: it is new; or made by whoever of several comes first; or goes on. */
export type Start = "new" | "join" | "resume";

/** What is run. */
export interface Experiment {
  /** Kind of corpus. */
  corpus: string;
  /** Where it lies, if anywhere. */
  data?: string;
  /** How it is read, where its user chose. */
  choices?: ReadingChoices;
  /** Set of defaults that the settings began from. */
  preset: string;
  /** All of them; the segment hop is the features'. */
  settings: Settings;
  /** What networks see. */
  features: Features;
  /** The fold of each utterance, 0 to folds - 1. */
  folds: Int32Array;
  /** The one fold to run; not set: all of them, and the judge. */
  onlyFold?: number;
  /** What it runs on. */
  device: Device;
  /** Opens another such device where that one is lost; without it, a loss ends the run. */
  reopen?: () => Promise<Device>;
  /** Whether the run is new, joined, or gone on with. Default: new. */
  start?: Start;
  /** Seconds after which a network is kept within an epoch. Default 600. */
  saveEvery?: number;
  /** How folds are held. */
  lease?: Pick<LeaseOptions, "beat" | "patience" | "host">;
}

/** Who is held out when: an experiment itself is plain data, so that it can be sent to a worker. */
export function crossValidationOf(
  { features, settings, folds }: Pick<Experiment, "features" | "settings" | "folds">,
): CrossValidation<Features> {
  return new CrossValidation(features, settings, folds);
}

/** What an experiment tells of itself while it runs. */
export interface ExperimentHooks {
  /** Stops it. */
  signal?: AbortSignal;
  /** Now and then. */
  onProgress?: (progress: FoldProgress) => void;
  /** After each epoch. */
  onEpoch?: (epoch: EpochRecord & { fold: number; stage: number }) => void;
  /** What was found amiss, and what is done about it, in a line. */
  onNote?: (line: string) => void;
}

/** What an experiment gives. */
export interface Outcome {
  /** Each fold that was run, or was finished before. */
  folds: FoldResult[];
  /** What is in `results.json`, if all folds were run. */
  results?: Results;
}

/** Runs the folds of a list, and gives their results in its order. */
export type RunFolds = (folds: number[], hooks: ExperimentHooks) => Promise<FoldResult[]>;

/** Seconds since then, to the millisecond. */
export function since(time: number): number {
  return Math.round(performance.now() - time) / 1000;
}
