/**
 * A run is a folder that any tool can read:
 *
 *     config.json                           every setting, the corpus, the device, the versions
 *     kernels.json                          what the device chose to compute with
 *     log.jsonl                             what happened (log.ts)
 *     weights/fold-1-stage-1.safetensors    each network, as soon as it is fitted
 *     profiles/stage-1.arrow                every utterance's profile, from the fold that held it out (profiles_arrow.ts);
 *     profiles/fold-1-stage-1.arrow         of a run of one fold: its held-out utterances' profiles
 *     predictions.csv                       what the forest made of each utterance, stage by stage
 *     forest.json                           a forest fitted to the last stage's profiles, for use on new recordings
 *     results.json                          the figures: the run is complete when it is there
 *
 * Files are written whole and renamed (atomic.ts); the log alone grows, a line at a time. Folds and stages count from 1.
 */
import path from "@std/path";
import { encodeSafetensors } from "../nn/mod.ts";
import type { Results } from "../refinery/results.ts";
import type { Settings } from "../refinery/settings.ts";
import { writeAtomically, writeJson } from "./atomic.ts";
import { appendEvent, type LogEvent } from "./log.ts";
import { encodeProfiles, type ProfileTable } from "./profiles_arrow.ts";

/** `config.json`. */
export interface RunConfig {
  /** EPR's version, and what it ran in. */
  versions: Record<string, string>;
  /** When it began, ISO 8601. */
  started: string;
  /** The corpus, where it lies (synthetic: nowhere), and what was found in it. */
  corpus: {
    name: string;
    data?: string;
    emotions: string[];
    utterances: number;
    segments: number;
    seconds: number;
    skipped: number;
  };
  /** Which set of defaults the settings began from. */
  preset: string;
  /** All of them, resolved. */
  settings: Settings;
  /** The one fold that was run, from 1, if not all were. */
  onlyFold?: number;
  /** What it ran on. */
  device: { kind: string; description: string };
}

/** One run's folder. */
export class RunFolder {
  /** Where it is. */
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  /**
   * Makes the folder, with those above it.
   *
   * @throws {Error} as {@link requireVacant}, or where the system does not let it be made
   */
  static async create(folder: string): Promise<RunFolder> {
    await requireVacant(folder);
    try {
      await Deno.mkdir(folder, { recursive: true });
    } catch (error) {
      throw new Error(`The run folder ${folder} can't be made (--out): ${(error as Error).message}`, { cause: error });
    }
    return new RunFolder(folder);
  }

  /** Writes `config.json`. */
  async writeConfig(config: RunConfig): Promise<void> {
    await writeJson(this.#in("config.json"), config);
  }

  /** Writes `kernels.json`. */
  async writeKernels(choices: Record<string, unknown>): Promise<void> {
    await writeJson(this.#in("kernels.json"), choices);
  }

  /** Adds a line to `log.jsonl`. */
  log(event: LogEvent): void {
    appendEvent(this.#in("log.jsonl"), event);
  }

  /** Writes a network's weights; `fold` and `stage` count from 1. */
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
    const bytes = encodeSafetensors(Object.fromEntries(tensors), metadata);
    await writeAtomically(this.#in("weights", `fold-${fold}-stage-${stage}.safetensors`), bytes);
  }

  /** Writes a stage's profiles: of all utterances, or, with `fold` (from 1), of those that it held out. */
  async writeProfiles({ fold, stage }: { fold?: number; stage: number }, table: ProfileTable): Promise<void> {
    const name = fold === undefined ? `stage-${stage}.arrow` : `fold-${fold}-stage-${stage}.arrow`;
    await writeAtomically(this.#in("profiles", name), encodeProfiles(table));
  }

  /** Writes `forest.json`. */
  async writeForest(forest: unknown): Promise<void> {
    await writeAtomically(this.#in("forest.json"), JSON.stringify(forest) + "\n"); // indented it is many times as long
  }

  /**
   * Writes `predictions.csv`: utterance, speaker, emotion, and the forest's emotion at each stage.
   *
   * @param predictions one a stage: an index into `emotions` for each utterance
   */
  async writePredictions(
    { emotions, utterances, predictions }: {
      emotions: readonly string[];
      utterances: readonly { id: string; speaker: string; emotion: number }[];
      predictions: readonly ArrayLike<number>[];
    },
  ): Promise<void> {
    const rows = utterances.map(({ id, speaker, emotion }, u) =>
      [id, speaker, emotions[emotion], ...predictions.map((stage) => emotions[stage[u]])].map(csvField).join(",")
    );
    const head = ["utterance", "speaker", "emotion", ...predictions.map((_, stage) => `stage_${stage + 1}`)].join(",");
    await writeAtomically(this.#in("predictions.csv"), [head, ...rows, ""].join("\n"));
  }

  /** Writes `results.json`. */
  async writeResults(results: Results): Promise<void> {
    await writeJson(this.#in("results.json"), results);
  }

  #in(...names: string[]): string {
    return path.join(this.path, ...names);
  }
}

/**
 * Checks that a folder is not there yet, or is empty.
 *
 * @throws {Error} where it holds anything or is no folder
 */
export async function requireVacant(folder: string): Promise<void> {
  try {
    for await (const { name } of Deno.readDir(folder)) {
      throw new Error(`The run folder ${folder} is not empty (it holds ${name}); name a new one (--out)`);
    }
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return;
    if (error instanceof Deno.errors.NotADirectory) {
      throw new Error(`The run folder ${folder} is a file, or lies below one; name a new one (--out)`);
    }
    throw error;
  }
}

/** A field of RFC 4180: in quotes where it has to be. */
function csvField(value: string): string {
  return /[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
}
