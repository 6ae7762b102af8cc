/**
 * A run is a folder that any tool can read:
 *
 *     config.json                           all settings, the corpus, the device, the versions
 *     corpus.csv                            each utterance and the content of its recording, as SHA-256
 *     kernels.json                          the kernels that the device chose
 *     log.jsonl                             events (log.ts); log-fold-3.jsonl is from a process that ran fold 3 alone
 *     folds/fold-1-stage-1.json             the record of each fit; the stage is finished when this file exists
 *     weights/fold-1-stage-1.safetensors    each network, once it is fitted
 *     profiles/fold-1-stage-1.arrow         the profiles of the utterances that the fold held out (profiles_arrow.ts)
 *     profiles/stage-1.arrow                every utterance's profile, from the fold that held it out
 *     predictions.csv                       the forest's decision on each utterance, stage by stage
 *     forest.json                           a forest fitted to the last stage's profiles, for use on new recordings
 *     results.json                          the statistics; the run is complete when this file exists
 *     report.html, report/                  the report (written by the report's write.ts)
 *     checkpoints/, locks/                  while it runs: states to resume from, and who runs which fold
 *
 * Files are written completely and then renamed (atomic.ts); only the log grows, line by line. Folds and stages count from 1 in the folder
 * (names.ts), and from 0 in the program.
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

/** `folds/fold-1-stage-1.json`: a finished stage without its profiles. */
export interface StageRecord extends Omit<FoldStage, "profiles"> {
  /** The identity of its run. */
  identity: Identity;
  /** The fold. */
  fold: number;
  /** The device that computed it. */
  device: string;
  /** CRC-32 of its profiles file, hexadecimal. */
  profiles: string;
  /** Duration. */
  seconds: number;
  /** The run that it was copied from, as a relative path; undefined: it was fitted here. */
  sharedFrom?: string;
}

/** The folder of one run. */
export class RunFolder {
  /** Its path. */
  readonly path: string;
  readonly #log: string;

  private constructor(path: string, log: string) {
    this.path = path;
    this.#log = log;
  }

  /**
   * Creates the folder and its parents.
   *
   * @throws {Error} as {@link requireVacant}, or if the system can't create it
   */
  static async create(folder: string): Promise<RunFolder> {
    await requireVacant(folder);
    return await RunFolder.at(folder);
  }

  /**
   * Opens a folder, whatever its contents. Creates it if it does not exist.
   *
   * @param onlyFold the only fold that this process runs: appending to one log is safe on one machine only, so
   *   each such process has its own log
   * @throws {OptionError} of `out` if the system can't create it
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

  /**
   * Reads `config.json`; undefined if there is none. Throws an Error if it is damaged: not JSON, or not a run's
   * configuration.
   */
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

  /** Appends a line to `log.jsonl`. */
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

  /** The path of a network's weights. */
  weightsFile(fold: number, stage: number): string {
    return this.in("weights", `${foldStageName(fold, stage)}.safetensors`);
  }

  /** The path of a fold's profiles. */
  profilesFile(fold: number, stage: number): string {
    return this.in("profiles", `${foldStageName(fold, stage)}.arrow`);
  }

  /** The path of a stage's profiles over all folds. */
  mergedProfilesFile(stage: number): string {
    return this.in("profiles", `${stageName(stage)}.arrow`);
  }

  /** The path of the record that marks a stage as finished. */
  recordFile(fold: number, stage: number): string {
    return this.in("folds", `${foldStageName(fold, stage)}.json`);
  }

  /** Writes the record of a finished stage; call it last. */
  async writeRecord(record: StageRecord): Promise<void> {
    const { fold, stage } = record;
    await writeJson(this.recordFile(fold, stage), { ...record, fold: ordinal(fold), stage: ordinal(stage) });
  }

  /** Reads the record; undefined if the stage is not finished. Throws an Error if the file is damaged. */
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
    await writeAtomically(this.in("forest.json"), JSON.stringify(forest) + "\n"); // indented, it would be many times as long
  }

  /**
   * Writes `predictions.csv`: utterance, speaker, emotion, the forest's emotion at each stage, and that of the mean profile.
   *
   * @param predictions one array per stage: an index into `emotions` for each utterance
   * @param votes the same, by the mean profile
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

  /** Number of finished networks, of one fold or of all. */
  async countFinished(fold?: number): Promise<number> {
    const names = await Array.fromAsync(Deno.readDir(this.in("folds"))).catch(() => []);
    const start = fold === undefined ? "fold-" : `${foldName(fold)}-`;
    return names.filter(({ name }) => name.startsWith(start) && name.endsWith(".json")).length;
  }

  /** Removes the folders needed only during the run, if they are empty. */
  async tidy(): Promise<void> {
    for (const name of ["checkpoints", "locks"]) await Deno.remove(this.in(name)).catch(() => {}); // not empty or not there
  }

  /** Reads `results.json`; undefined if the run is not complete. Throws an Error if the file is damaged. */
  async readResults(): Promise<Results | undefined> {
    return await readStored<Results>(this.in("results.json"), runResults);
  }

  /** The path of a file in the folder. */
  in(...names: string[]): string {
    return join(this.path, ...names);
  }
}

/** Files in a run's folder before config.json exists, which a process killed at the start may leave. */
const BEGINNING = /^(locks|corpus\.csv|kernels\.json|.*\.tmp)$/;

/**
 * Checks that a folder does not exist, or is empty.
 *
 * @throws {OptionError} of `out` if it is not empty or not a folder
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
