/**
 * The run folder: settings, log, weights, profiles, results, each in a format that other tools read.
 *
 * @module
 */
export { choicesOf, type Described, identify, keptChoices, openRun, requireRun } from "./begin.ts";
export { DeviceKeeper } from "./device_keeper.ts";
export { runExperiment } from "./experiment.ts";
export type { Experiment, ExperimentHooks, Outcome, RunFolds, Start } from "./plan.ts";
export { exportEverything, exportFold, type ExportNote } from "./export.ts";
export { FoldFiles, type FoldFilesOptions } from "./fold_files.ts";
export { differences, type Identity, identityOf } from "./identity.ts";
export { foldsAtOnce, type JobsOptions } from "./jobs.ts";
export { HeldError, Lease, type LeaseNote, type LeaseOptions, readLeases, type SeenLease } from "./lease.ts";
export { appendEvent, type LogEvent } from "./log.ts";
export { type Merged, mergeFolds, readFold } from "./merge.ts";
export { writeModel } from "../models/write_folder.ts"; // models runs in browsers too, which write no folders
export { type PaperRunOptions, runPaperChains } from "./paper_chains.ts";
export { chainFolder, type PaperConfig, readPaper, requireVacantPaper, writePaper } from "./paper_folder.ts";
export { packRun, unpackRun } from "./pack.ts";
export { countProfileSegments, decodeProfiles, encodeProfiles, type ProfileTable } from "./profiles_arrow.ts";
export { readRunCorpus } from "./read_corpus.ts";
export type { RunConfig } from "./run_config.ts";
export { requireVacant, RunFolder, type StageRecord } from "./run_folder.ts";
export { readSealed, type Sealed, type Unsealed, writeSealed } from "./sealed.ts";
export { shareStages } from "./share_stage.ts";
export { type FoldStatus, readStatus, type RunStatus } from "./status.ts";
export { optionName, resumeCommand, trainingCommand } from "./training_command.ts";
export { defaultFolder, defaultPreset, train, type TrainOptions, type TrainResult } from "./train.ts";
