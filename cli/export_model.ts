/** Makes a run's model for deployment, for both `train --export` and `export`. */
import { type Command } from "commander";
import type { ModelBytes } from "../models/description.ts";
import { readModel } from "../models/mod.ts";
import { writeModel } from "../models/write_folder.ts";
import { exportEverything, type ExportNote } from "../runs/export.ts";
import type { Experiment } from "../runs/plan.ts";
import { realNumber } from "./common.ts";
import { JobProgress } from "./job_progress.ts";

/** Options for a model's metadata. */
export interface NoteFlags {
  licence: string;
  name?: string;
  unsureError?: number;
}

/** Adds `--licence --name --unsure-error`. */
export function addNoteOptions(command: Command): Command {
  return command
    .option("--licence <text>", "licence of the model, printed on its card", "not stated by its maker")
    .option("--name <name>", "name of the model (default: corpus, preset and seed)")
    .option(
      "--unsure-error <share>",
      "the model counts as sure where at most this share of its predictions was wrong in the run (default: 0.1)",
      realNumber({ min: 0, below: 1 }),
    );
}

/** Trains the networks of the model for deployment, or the remaining part of them, with a progress bar. */
export async function trainForUse(
  run: string,
  experiment: Experiment,
  note: ExportNote,
  { quiet, signal }: { quiet?: boolean; signal: AbortSignal },
): Promise<ModelBytes> {
  const { settings } = experiment;
  const networks = settings.stages, own = { ...settings, folds: 1, networks, quiet: quiet ?? false };
  const progress = new JobProgress({ ...own, chain: "the model for use" });
  try {
    return await exportEverything(run, experiment, note, {
      signal,
      onProgress: (done) => progress.update(done),
      onNote: (line) => progress.say(line),
    });
  } catch (error) {
    progress.stop();
    if (!signal.aborted) throw error;
    throw new Error(`Its checkpoints are saved. To resume: deno task export ${run}`);
  } finally {
    progress.stop();
  }
}

/** Writes a model and prints what was written. @param show prints a line */
export async function writeShown(folder: string, bytes: ModelBytes, show: (line: string) => void): Promise<void> {
  await writeModel(folder, bytes);
  const { description: { name } } = await readModel(folder);
  const size = Object.values(bytes).reduce((sum, { length }) => sum + length, 0);
  show(`model: ${folder} (${name}, ${(size / 1e6).toFixed(1)} MB; its card is README.md in it)`);
}
