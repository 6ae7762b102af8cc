/**
 * A fold's files in the run folder: its finished stages and, while a network is fitted, checkpoints to resume from.
 *
 *     checkpoints/fold-1-stage-2-epoch-3-step-120.safetensors   a FitState: 3 epochs finished, 120 steps of the next done
 *     checkpoints/fold-1-stage-2-labels.safetensors             the training labels of stage 2
 *     checkpoints/fold-1-stage-2-member-2-network.safetensors   the second of several networks of the stage, finished
 *
 * Checkpoints are sealed (sealed.ts) and contain the run's identity. The last two of a fold are kept. If one is damaged, or
 * belongs to another run, it is skipped and the previous one is used. When a stage is finished (stage_files.ts) its checkpoints
 * are removed.
 */
import { FileError } from "../base/file_error.ts";
import { ordinal } from "../base/numbering.ts";
import type { FitPlace, FitResult, FitSnapshot, FitState } from "../nn/fit.ts";
import type { FoldMemory, KeptNetwork } from "../refinery/fold_hooks.ts";
import type { FoldStage } from "../refinery/results.ts";
import { type Identity, shortIdentity } from "./identity.ts";
import { checkpointName, foldName, foldStageName, networkName, readCheckpointNames } from "./names.ts";
import type { RunFolder } from "./run_folder.ts";
import { readSealed, type SealedFile, type SealSource, writeSealed } from "./sealed.ts";
import { type FinishedStage, OtherRunError, readStage, writeStage } from "./stage_files.ts";
import { fitPlace, fitResult, parseStored } from "./stored.ts";

/** Number of checkpoints to keep per fold. */
const KEPT = 2;

/** Options of {@link FoldFiles}. */
export interface FoldFilesOptions {
  /** The run's identity. */
  identity: Identity;
  /** Columns of profiles. */
  emotions: readonly string[];
  /** Throws if this process no longer has the right to write for the fold. */
  check: () => void;
  /** Receives notes about skipped files, with the reason. */
  onNote: (line: string) => void;
  /** Receives each checkpoint: the seconds that it took, and its size in bytes. */
  onCheckpoint?: (kept: { stage: number; epoch: number; step: number; seconds: number; bytes: number }) => void;
}

/** The files of one fold. */
export class FoldFiles implements FoldMemory {
  /** The finished stages, in order. */
  readonly finished: FoldStage[] = [];
  readonly #folder: RunFolder;
  readonly #fold: number;
  readonly #options: FoldFilesOptions;

  private constructor(folder: RunFolder, fold: number, options: FoldFilesOptions) {
    [this.#folder, this.#fold, this.#options] = [folder, fold, options];
  }

  /**
   * Opens a fold's files and reads its finished stages.
   *
   * @param fold the fold of these files
   * @throws {Error} if a finished stage belongs to a run with another identity; the error lists the differences
   */
  static async open(folder: RunFolder, fold: number, options: FoldFilesOptions): Promise<FoldFiles> {
    const files = new FoldFiles(folder, fold, options);
    const { stages } = options.identity.settings;
    for (let stage = 0; stage < stages; stage++) {
      try {
        const found = await readStage(folder, fold, stage, options);
        if (!found) break;
        files.finished.push(found);
      } catch (error) {
        if (error instanceof OtherRunError) throw error;
        options.onNote(`${(error as Error).message}; ${placeName(fold, stage)} is made again`);
        break;
      }
    }
    return files;
  }

  /** Whether any file of the fold exists. */
  get begun(): boolean {
    return this.finished.length > 0 || this.#checkpoints().length > 0;
  }

  /** Removes incomplete files of a killed process. */
  sweep(): void {
    for (const dir of ["checkpoints", "folds", "profiles", "weights"]) {
      for (const name of this.#names(dir)) if (name.endsWith(".tmp")) removeIfThere(this.#folder.in(dir, name));
    }
  }

  async weights(stage: number): Promise<Record<string, Float32Array> | undefined> {
    const file = this.#folder.weightsFile(this.#fold, stage);
    const sealed = await readSealed(file).catch((error) => {
      if ((error as Error).cause instanceof Deno.errors.NotFound) return undefined;
      throw error;
    });
    if (!sealed) {
      this.#options.onNote(`${file}: not there; the networks of ${placeName(this.#fold, stage)} are fitted again`);
      return undefined;
    }
    const { tensors } = sealed;
    return Object.fromEntries(Object.entries(tensors).map(([name, { data }]) => [name, data]));
  }

  async labels(stage: number): Promise<Float32Array | undefined> {
    const file = this.#labelsFile(stage);
    const kept = await this.#read(file, "the labels are computed again");
    return kept?.tensors.labels?.data;
  }

  async keepLabels(stage: number, labels: Float32Array): Promise<void> {
    this.#options.check();
    const shape = [labels.length / this.#options.emotions.length, this.#options.emotions.length];
    await writeSealed(this.#labelsFile(stage), { tensors: { labels: { shape, data: labels } }, metadata: this.#mark });
    // networks that were fitted only for these labels
    for (const name of this.#names("checkpoints")) {
      if (name.startsWith(`${foldStageName(this.#fold, stage - 1)}-`)) {
        removeIfThere(this.#folder.in("checkpoints", name));
      }
    }
  }

  async state(stage: number, member = 0): Promise<FitState | undefined> {
    for (const { name, ...place } of this.#checkpoints().reverse()) {
      if (place.stage !== stage || place.member !== member) continue;
      const file = this.#folder.in("checkpoints", name), otherwise = "using the one before it";
      const kept = await this.#read(file, otherwise);
      if (!kept) continue;
      try {
        return fitState(kept, file);
      } catch (error) {
        this.#options.onNote(`${(error as Error).message}; ${otherwise}`);
      }
    }
  }

  async network(stage: number, member: number): Promise<KeptNetwork | undefined> {
    const file = this.#networkFile(stage, member), otherwise = "the network is fitted again";
    const kept = await this.#read(file, otherwise);
    if (!kept) return undefined;
    const weights = Object.fromEntries(Object.entries(kept.tensors).map(([name, { data }]) => [name, data]));
    try {
      return { weights, fitted: parseStored<FitResult>(kept.metadata.fitted ?? "", fitResult, file) };
    } catch (error) {
      this.#options.onNote(`${(error as Error).message}; ${otherwise}`);
    }
  }

  async keepNetwork(stage: number, member: number, { weights, fitted }: KeptNetwork): Promise<void> {
    this.#options.check();
    const tensors = Object.fromEntries(
      Object.entries(weights).map(([name, data]) => [name, { shape: [data.length], data }]),
    );
    const metadata = { ...this.#mark, fitted: JSON.stringify(fitted) };
    await writeSealed(this.#networkFile(stage, member), { tensors, metadata });
    for (const { name, ...place } of this.#checkpoints()) {
      if (place.stage === stage && place.member === member) removeIfThere(this.#folder.in("checkpoints", name));
    }
  }

  #networkFile(stage: number, member: number): string {
    return this.#folder.in("checkpoints", `${networkName(this.#fold, stage, member)}-network.safetensors`);
  }

  async keepState(stage: number, state: FitSnapshot | FitState, member = 0): Promise<void> {
    this.#options.check();
    const began = performance.now();
    const { weights, m, v, best, average, metrics, ...place } = state, { epoch, step } = place;
    const arrays = Object.entries({ weights, m, v, metrics, best, average }).flatMap(([name, data]) =>
      data ? [{ name, data }] : []
    );
    const sealed: SealSource = {
      tensors: Object.fromEntries(arrays.map(({ name, data }) => [name, { shape: [data.length], data }])),
      metadata: { ...this.#mark, state: JSON.stringify(place) },
    };
    const file = this.#folder.in("checkpoints", checkpointName(this.#fold, { stage, member, epoch, step }));
    try {
      await writeSealed(file, sealed);
    } catch (error) {
      // if the disk is full, deleting older checkpoints may make room
      const older = this.#checkpoints().slice(0, -1);
      if (!isDiskFull(error) || older.length === 0) throw error;
      for (const { name } of older) removeIfThere(this.#folder.in("checkpoints", name));
      await writeSealed(file, sealed);
    }
    for (const { name } of this.#checkpoints().slice(0, -KEPT)) removeIfThere(this.#folder.in("checkpoints", name));
    const bytes = arrays.reduce((sum, { data }) => sum + 4 * data.length, 0);
    this.#options.onCheckpoint?.({ stage, epoch, step, seconds: (performance.now() - began) / 1000, bytes });
  }

  /** Saves a finished stage. Its checkpoints are then removed. */
  async finish(stage: FinishedStage): Promise<void> {
    const { identity, check } = this.#options, name = foldStageName(this.#fold, stage.record.stage);
    await writeStage(this.#folder, this.#fold, stage, { identity, check });
    for (const file of this.#names("checkpoints")) {
      if (file.startsWith(`${name}-`)) removeIfThere(this.#folder.in("checkpoints", file));
    }
  }

  get #mark(): Record<string, string> {
    return { run: shortIdentity(this.#options.identity) };
  }

  #labelsFile(stage: number): string {
    return this.#folder.in("checkpoints", `${foldStageName(this.#fold, stage)}-labels.safetensors`);
  }

  /** Reads a sealed file of this run; undefined if there is none, or, with a note, if it can't be used. */
  async #read(file: string, otherwise: string): Promise<SealedFile | undefined> {
    try {
      const sealed = await readSealed(file);
      if (sealed.metadata.run === this.#mark.run) return sealed;
      this.#options.onNote(`${file}: from a run with other settings; ${otherwise}`);
    } catch (error) {
      if ((error as Error).cause instanceof Deno.errors.NotFound) return undefined;
      this.#options.onNote(`${(error as Error).message}; ${otherwise}`);
    }
  }

  /** The fold's checkpoints, oldest first. */
  #checkpoints(): ReturnType<typeof readCheckpointNames> {
    return readCheckpointNames(this.#names("checkpoints"));
  }

  /** The fold's files in a subfolder of the run. */
  #names(dir: string): string[] {
    try {
      const names = [...Deno.readDirSync(this.#folder.in(dir))].map(({ name }) => name);
      return names.filter((name) => name.startsWith(`${foldName(this.#fold)}-`));
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return [];
      throw error;
    }
  }
}

/** A place in words for people. */
const placeName = (fold: number, stage: number) => `fold ${ordinal(fold)}, stage ${ordinal(stage)}`;

/** Reads a fit's state from a checkpoint. Throws an Error if it contains anything else. */
function fitState({ tensors, metadata }: SealedFile, file: string): FitState {
  const place = parseStored<Omit<FitPlace, "metrics">>(metadata.state ?? "", fitPlace, file);
  for (const name of ["weights", "m", "v", "metrics"] as const) {
    if (!tensors[name]) {
      throw new FileError({ file, damaged: true, expected: `a tensor "${name}"`, found: "none" });
    }
  }
  const arrays = Object.entries(tensors).map(([name, { data }]) => [name, data]);
  return { ...place, ...Object.fromEntries(arrays) };
}

/** Whether a write failed for lack of space. */
function isDiskFull(error: unknown): boolean {
  return ((error as Error).cause as { code?: string } | undefined)?.code === "ENOSPC";
}

function removeIfThere(file: string): void {
  try {
    Deno.removeSync(file);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
