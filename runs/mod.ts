/**
 * The run folder: settings, log, weights, profiles, results, each in a format that other tools read.
 *
 * @module
 */
export { writeAtomically, writeJson } from "./atomic.ts";
export { type Experiment, type ExperimentHooks, type Outcome, runExperiment } from "./experiment.ts";
export { appendEvent, type LogEvent } from "./log.ts";
export { encodeProfiles, type ProfileTable } from "./profiles_arrow.ts";
export { requireVacant, type RunConfig, RunFolder } from "./run_folder.ts";
