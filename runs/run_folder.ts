/**
 * A run is a folder that any tool can read:
 *
 *     config.json                           every setting, the corpus, the device, the versions
 *     corpus.csv                            each utterance and the content of its recording, as SHA-256
 *     kernels.json                          what the device chose to compute with
 *     log.jsonl                             what happened (log.ts); log-fold-3.jsonl of a process that ran fold 3 alone
 *     folds/fold-1-stage-1.json             how each network was fitted; the stage is finished when it is there
 *     weights/fold-1-stage-1.safetensors    each network, as soon as it is fitted
 *     profiles/fold-1-stage-1.arrow         the profiles of the utterances that the fold held out (profiles_arrow.ts)
 *     profiles/stage-1.arrow                every utterance's profile, from the fold that held it out
 *     predictions.csv                       what the forest made of each utterance, stage by stage
 *     forest.json                           a forest fitted to the last stage's profiles, for use on new recordings
 *     results.json                          the figures: the run is complete when it is there
 *     report.html, report/                  what it gave, to read (the report's own, write.ts)
 *     checkpoints/, locks/                  while it runs: what it would go on from, and who runs which fold
 *
 * Files are written whole and renamed (atomic.ts); the log alone grows, a line at a time. Folds and stages count from 1 there (names.ts), and
 * from 0 in the program.
 */
import { fromOrdinal, ordinal } from "../base/numbering.ts";
import { OptionError } from "../base/option_error.ts";
import { join } from "@std/path";
import type { FoldStage, Results } from "../refinery/results.ts";
import { completeSettings } from "../refinery/presets.ts";
import { writeAtomically, writeJson } from "../files/atomic.ts";
import { csv } from "./csv.ts";
import type { Identity } from "./identity.ts";
import type { RunConfig } from "./run_config.ts";
import { appendEvent, type LogEvent } from "./log.ts";
import { foldName, foldStageName, stageName } from "./names.ts";
import { encodeProfiles, type ProfileTable } from "./profiles_arrow.ts";
import { writeSealed } from "./sealed.ts";
import { readStored, runConfig, runResults, stageRecord } from "./stored.ts";

/** `folds/fold-1-stage-1.json`: a finished stage, less its profiles. */
export interface StageRecord extends Omit<FoldStage, "profiles"> {
  /** Of the run that it belongs to. */
  identity: Identity;
  /** Which fold. */
  fold: number;
  /** What it ran on. */
  device: string;
  /** CRC-32 of the file of its profiles, hexadecimal. */
  profiles: string;
  /** How long it took. */
  seconds: number;
  /** The run that it was taken over from, as a path from this one; not set: it was fitted here. */
  sharedFrom?: string;
}

/** One run's folder. */
export class RunFolder {
  /** Where it is. */
  readonly path: string;
  readonly #log: string;

  private constructor(path: string, log: string) {
    this.path = path;
    this.#log = log;
  }

  /**
   * Makes the folder, with those above it.
   *
   * @throws {Error} as {@link requireVacant}, or where the system does not let it be made
   */
  static async create(folder: string): Promise<RunFolder> {
    await requireVacant(folder);
    return await RunFolder.at(folder);
  }

  /**
   * The folder, made if it is not there, whatever is in it.
   *
   * @param onlyFold the one fold that this process runs: several append to one log safely on one machine only, so
   *   that each has its own
   * @throws {OptionError} of `out` where the system does not let it be made
   */
  static async at(folder: string, onlyFold?: number): Promise<RunFolder> {
    try {
      await Deno.mkdir(folder, { recursive: true });
    } catch (error) {
      const found = (error as Error).message;
      throw new OptionError({
        option: "out",
        where: folder,
        required: "a folder that can be created",
        found,
        cause: error,
      });
    }
    return new RunFolder(folder, onlyFold === undefined ? "log.jsonl" : `log-${foldName(onlyFold)}.jsonl`);
  }

  /** Reads `config.json`; undefined where there is none. Throws an Error where it is damaged: no JSON, or not what a run writes. */
  async readConfig(): Promise<RunConfig | undefined> {
    const config = await readStored<RunConfig>(this.in("config.json"), runConfig);
    return config && { ...config, settings: completeSettings(config.settings) };
  }

  /** Writes `config.json`. */
  async writeConfig(config: RunConfig): Promise<void> {
    await writeJson(this.in("config.json"), config);
  }

  /** Writes `kernels.json`. */
  async writeKernels(choices: Record<string, unknown>): Promise<void> {
    await writeJson(this.in("kernels.json"), choices);
  }

  /** Adds a line to `log.jsonl`. */
  log(event: LogEvent): void {
    appendEvent(this.in(this.#log), event);
  }

  /** Writes a network's weights. */
  async writeWeights(
    { fold, stage, weights, shapes, metadata }: {
      fold: number;
      stage: number;
      weights: Record<string, Float32Array>;
      shapes: Record<string, readonly number[]>;
      metadata: Record<string, string>;
    },
  ): Promise<void> {
    const tensors = Object.entries(weights).map(([name, data]) => [name, { shape: shapes[name], data }]);
    await writeSealed(this.weightsFile(fold, stage), { tensors: Object.fromEntries(tensors), metadata });
  }

  /** Where a network's weights are. */
  weightsFile(fold: number, stage: number): string {
    return this.in("weights", `${foldStageName(fold, stage)}.safetensors`);
  }

  /** Where a fold's profiles are. */
  profilesFile(fold: number, stage: number): string {
    return this.in("profiles", `${foldStageName(fold, stage)}.arrow`);
  }

  /** Where the profiles of a stage over all folds are. */
  mergedProfilesFile(stage: number): string {
    return this.in("profiles", `${stageName(stage)}.arrow`);
  }

  /** Where it is written that a stage is finished. */
  recordFile(fold: number, stage: number): string {
    return this.in("folds", `${foldStageName(fold, stage)}.json`);
  }

  /** Writes what is known of a finished stage; to be done last. */
  async writeRecord(record: StageRecord): Promise<void> {
    const { fold, stage } = record;
    await writeJson(this.recordFile(fold, stage), { ...record, fold: ordinal(fold), stage: ordinal(stage) });
  }

  /** Reads it; undefined where the stage is not finished. Throws an Error where the file is damaged. */
  async readRecord(fold: number, stage: number): Promise<StageRecord | undefined> {
    const found = await readStored<StageRecord>(this.recordFile(fold, stage), stageRecord);
    return found && { ...found, fold: fromOrdinal(found.fold), stage: fromOrdinal(found.stage) };
  }

  /** Writes a stage's profiles of all utterances. */
  async writeProfiles(stage: number, table: ProfileTable): Promise<void> {
    await writeAtomically(this.mergedProfilesFile(stage), encodeProfiles(table));
  }

  /** Writes `forest.json`. */
  async writeForest(forest: unknown): Promise<void> {
    await writeAtomically(this.in("forest.json"), JSON.stringify(forest) + "\n"); // indented it is many times as long
  }

  /**
   * Writes `predictions.csv`: utterance, speaker, emotion, the forest's emotion at each stage, and that of the mean profile.
   *
   * @param predictions one a stage: an index into `emotions` for each utterance
   * @param votes in the same way, by the mean profile
   */
  async writePredictions(
    { emotions, utterances, predictions, votes }: {
      emotions: readonly string[];
      utterances: readonly { id: string; speaker: string; emotion: number }[];
      predictions: readonly ArrayLike<number>[];
      votes: readonly ArrayLike<number>[];
    },
  ): Promise<void> {
    const rows = utterances.map(({ id, speaker, emotion }, u) => {
      return [id, speaker, emotions[emotion], ...[...predictions, ...votes].map((stage) => emotions[stage[u]])];
    });
    const columns = (name: string, of: readonly unknown[]) => of.map((_, stage) => `${name}_${ordinal(stage)}`);
    const head = ["utterance", "speaker", "emotion", ...columns("stage", predictions), ...columns("mean", votes)];
    await writeAtomically(this.in("predictions.csv"), csv([head, ...rows]));
  }

  /** Writes `results.json`. */
  async writeResults(results: Results): Promise<void> {
    await writeJson(this.in("results.json"), results);
  }

  /** How many networks are finished: of one fold, or of all. */
  async countFinished(fold?: number): Promise<number> {
    const names = await Array.fromAsync(Deno.readDir(this.in("folds"))).catch(() => []);
    const start = fold === undefined ? "fold-" : `${foldName(fold)}-`;
    return names.filter(({ name }) => name.startsWith(start) && name.endsWith(".json")).length;
  }

  /** Removes the folders of what is wanted only while it runs, if they are empty. */
  async tidy(): Promise<void> {
    for (const name of ["checkpoints", "locks"]) await Deno.remove(this.in(name)).catch(() => {}); // not empty, or not there
  }

  /** Reads `results.json`; undefined where the run is not complete. Throws an Error where the file is damaged. */
  async readResults(): Promise<Results | undefined> {
    return await readStored<Results>(this.in("results.json"), runResults);
  }

  /** The path of something in it. */
  in(...names: string[]): string {
    return join(this.path, ...names);
  }
}

/** What a run's folder holds before its config.json does: all that a process leaves that is killed as it begins. */
const BEGINNING = /^(locks|corpus\.csv|kernels\.json|.*\.tmp)$/;

/**
 * Checks that a folder is not there yet, or is empty.
 *
 * @throws {OptionError} of `out` where it holds anything or is no folder
 */
export async function requireVacant(folder: string): Promise<void> {
  try {
    const names = (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name);
    if (names.every((name) => BEGINNING.test(name))) return;
    throw new OptionError({
      option: "out",
      where: folder,
      required: "a new or an empty folder",
      found: names[0],
      ...(names.includes("config.json") && { help: "`resume: true` resumes the run in it" }),
    });
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return;
    if (error instanceof Deno.errors.NotADirectory) {
      throw new OptionError({ option: "out", where: folder, required: "a new or an empty folder", found: "a file" });
    }
    throw error;
  }
}
