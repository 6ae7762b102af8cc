/**
 * The whole job in one call, like `deno task train`: features, folds x stages of networks, the forest, results and, on
 * request, a model. Everything is saved in a run folder, so that an interruption loses nothing.
 */
import { join } from "@std/path";
import type { Corpus } from "../corpora/corpus.ts";
import { type DeviceChoice, openDevice } from "../kernels/open_device.ts";
import { writeModel } from "../models/write_folder.ts";
import { assignFolds, countGroups } from "../refinery/folds.ts";
import type { Results } from "../refinery/results.ts";
import { checkSettings } from "../refinery/check_settings.ts";
import { type PresetName, PRESETS } from "../refinery/presets.ts";
import { readFeatures } from "../refinery/read_features.ts";
import type { Settings } from "../refinery/settings.ts";
import { choicesOf, keptChoices, openRun } from "./begin.ts";
import { runExperiment } from "./experiment.ts";
import { exportEverything, type ExportNote } from "./export.ts";
import type { Experiment, ExperimentHooks } from "./plan.ts";
import { RunFolder } from "./run_folder.ts";

/** Options of {@link train}. */
export interface TrainOptions extends ExperimentHooks, Partial<Settings> {
  /**
   * The preset; each setting given here overrides the preset's value. Default: `demo` for synthetic speech, else
   * `quick`.
   */
  preset?: PresetName;
  /**
   * The run folder. If it contains the same run, unfinished or complete, the run is resumed. Default: a new folder in
   * `out/`.
   */
  out?: string;
  /** Default: auto, which selects a hardware GPU if there is one, otherwise the processor. */
  device?: DeviceChoice;
  /** Number of worker threads for reading recordings and for the cpu device; default: one per processor. */
  threads?: number;
  /** A folder that caches log-mel frames between runs. */
  cacheDir?: string;
  /**
   * Also trains a model for deployment, in the run's `model/`: one more chain of networks, on all utterances. Its
   * licence and name, or true.
   */
  model?: boolean | Partial<ExportNote>;
}

/** What {@link train} returns. */
export interface TrainResult {
  /** Accuracies, confusion matrices and so on, stage by stage: the contents of the run's `results.json`. */
  results: Results;
  /** The run folder: `predictions.csv`, profiles, weights, the forest. */
  run: string;
  /** The model's folder, for `loadModel`, if requested. */
  model?: string;
}

/**
 * Trains, refines and judges with cross-validation on a corpus.
 *
 * @param corpus the corpus from `openCorpus`
 * @throws {RangeError} if settings contradict each other, or the corpus has fewer speakers, sessions or texts than folds
 * @throws {Error} if a recording can't be read, or `out` contains another run: the message names each setting that differs
 * @throws the signal's reason if aborted; the computed results are saved, and the same call resumes
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 * import { loadModel, openCorpus, train } from "@epr/epr";
 *
 * const corpus = await openCorpus("synthetic", { size: { utterances: 10, speakers: 2 } });
 * const out = await Deno.makeTempDir();
 * const { results, model } = await train(corpus, { folds: 2, epochs: 1, width: 1 / 32, device: "cpu", out, model: true });
 * assert(results.stages.length === 2);
 *
 * const listener = await loadModel(model!, { device: "cpu" });
 * const { emotion } = await listener.predict((await corpus.utterances[0].read()).samples);
 * assert(corpus.emotions.includes(emotion));
 * listener.close();
 * await Deno.remove(out, { recursive: true });
 * ```
 */
export async function train(corpus: Corpus, options: TrainOptions = {}): Promise<TrainResult> {
  const { signal, onProgress, onEpoch, onNote, ...choices } = options;
  const { preset = defaultPreset(corpus.name), out, device: kind, threads, cacheDir, model, ...given } = choices;
  const hooks: ExperimentHooks = { signal, onProgress, onEpoch, onNote }, started = performance.now();
  const asked: Settings = { ...PRESETS[preset], ...given };
  asked.segmentHop ??= corpus.segmentHop;
  checkSettings(asked);
  const run = out ?? defaultFolder(corpus.name, preset, asked.seed);
  const features = await readFeatures(corpus, asked, {
    threads,
    cacheDir,
    signal,
    onWarning: onNote,
    onCacheFault: onNote,
  });
  const settings = { ...asked, folds: given.folds ?? foldsOf(asked, features.utterances) };
  const folds = assignFolds(features.utterances, features.emotions, settings);
  const start = await isRun(run) ? "resume" : "new";
  const opening = { device: kind, threads, choices: await keptChoices(run) };
  const device = await openDevice(opening);
  const experiment: Experiment = {
    ...{
      corpus: corpus.name,
      data: corpus.data,
      choices: corpus.choices,
      preset,
      settings,
      features,
      folds,
      device,
      start,
    },
    reopen: () => openDevice({ ...opening, choices: choicesOf(device) }),
  };
  try {
    const { results } = await runExperiment(experiment, await openRun(run, experiment, start, hooks), hooks, started);
    if (!model) return { results: results!, run };
    const note = { licence: "not stated by its maker", ...(model === true ? {} : model) };
    const folder = join(run, "model");
    await writeModel(folder, await exportEverything(run, experiment, note, hooks));
    return { results: results!, run, model: folder };
  } finally {
    device.close();
  }
}

/** The default preset of a corpus. */
export function defaultPreset(corpus: string): PresetName {
  return corpus === "synthetic" ? "demo" : "quick";
}

/** The default folder of a run. @param now defaults to the present */
export function defaultFolder(corpus: string, preset: string, seed: number, now: Date = new Date()): string {
  const two = (n: number) => String(n).padStart(2, "0");
  const date = `${now.getFullYear()}${two(now.getMonth() + 1)}${two(now.getDate())}`;
  const time = `${two(now.getHours())}${two(now.getMinutes())}${two(now.getSeconds())}`;
  return `out/${corpus}-${preset}-${seed}-${date}-${time}`;
}

/** The preset's number of folds, limited by the number of groups to hold out. */
function foldsOf({ split, folds }: Settings, utterances: Parameters<typeof countGroups>[0]): number {
  if (split === "utterance") return folds;
  const groups = countGroups(utterances, split);
  return split === "official" ? groups : Math.min(folds, groups);
}

async function isRun(out: string): Promise<boolean> {
  const there = await Deno.stat(out).then(({ isDirectory }) => isDirectory, () => false);
  return there && await (await RunFolder.at(out)).readConfig() !== undefined;
}
