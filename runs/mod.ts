/**
 * The run folder: settings, log, weights, profiles, results, each in a format that other tools can read.
 *
 * @module
 */
export { writeModel } from "../models/write_folder.ts";
export { openRun, type RunDescription } from "./begin.ts";
export { runExperiment } from "./experiment.ts";
export { exportEverything, exportFold, type ExportNote } from "./export.ts";
export type { Identity } from "./identity.ts";
export type { LeaseNote, LeaseOptions, SeenLease } from "./lease.ts";
export type { LogEvent } from "./log.ts";
export { mergeFolds, type MergeSource } from "./merge.ts";
export { packRun, unpackRun } from "./pack.ts";
export type { Experiment, ExperimentHooks, PlanOutcome, RunFolds, Start } from "./plan.ts";
export { decodeProfiles, type ProfileTable } from "./profiles_arrow.ts";
export type { RunConfig } from "./run_config.ts";
export { RunFolder, type StageRecord } from "./run_folder.ts";
export { type FoldStatus, readStatus, type RunStatus } from "./status.ts";
export { train } from "./train.ts";
