/**
 * One experiment into one run folder: each fold's chain of networks, saved as they are fitted; then, where all folds were run, the
 * judge's figures.
 */
import type { Features } from "../corpora/mod.ts";
import type { Device } from "../kernels/mod.ts";
import type { EpochRecord } from "../nn/mod.ts";
import {
  fitForest,
  type FoldProgress,
  type FoldResult,
  judge,
  type Results,
  runFold,
  type Settings,
  type StageOutput,
} from "../refinery/mod.ts";
import type { RunFolder } from "./run_folder.ts";
import project from "../deno.json" with { type: "json" };

/** What is run. */
export interface Experiment {
  /** Kind of corpus. */
  corpus: string;
  /** Where it lies, if anywhere. */
  data?: string;
  /** Set of defaults that the settings began from. */
  preset: string;
  /** All of them; the segment hop is the features'. */
  settings: Settings;
  /** What networks see. */
  features: Features;
  /** The fold of each utterance, 0 to folds - 1. */
  folds: Int32Array;
  /** The one fold to run, from 0; not set: all of them, and the judge. */
  onlyFold?: number;
  /** What it runs on. */
  device: Device;
}

/** What an experiment tells of itself while it runs. */
export interface ExperimentHooks {
  /** Stops it. */
  signal?: AbortSignal;
  /** Now and then. */
  onProgress?: (progress: FoldProgress) => void;
  /** After each epoch; fold and epoch from 0, stage from 1. */
  onEpoch?: (epoch: EpochRecord & { fold: number; stage: number }) => void;
  /** When a network is fitted and saved. */
  onNetwork?: () => void;
}

/** What an experiment gives. */
export interface Outcome {
  /** Each fold that was run. */
  folds: FoldResult[];
  /** What is in `results.json`, if all folds were run. */
  results?: Results;
}

/**
 * Runs an experiment.
 *
 * @param folder where all is written; what is in it when this rejects is whole
 * @param started performance.now() when the job began, for its seconds
 * @throws the signal's reason where it is aborted; an Error where a loss is not finite or a file can't be written
 */
export async function runExperiment(
  experiment: Experiment,
  folder: RunFolder,
  hooks: ExperimentHooks = {},
  started: number = performance.now(),
): Promise<Outcome> {
  const { settings, onlyFold } = experiment;
  const all = Array.from({ length: settings.folds }, (_, fold) => fold);
  const chosen = onlyFold === undefined ? all : [onlyFold];
  await describe(experiment, chosen, folder);
  try {
    const outcome: Outcome = { folds: [] };
    for (const fold of chosen) outcome.folds.push(await saveFold(experiment, fold, folder, hooks));
    if (onlyFold === undefined) outcome.results = await saveResults(experiment, outcome.folds, folder, started);
    folder.log({ event: "end", seconds: since(started) });
    return outcome;
  } catch (error) {
    folder.log({ event: "stopped", reason: (error as Error).message, seconds: since(started) });
    throw error;
  }
}

/** Says what is run: `config.json`, `kernels.json`, and the log's first line. */
async function describe(experiment: Experiment, chosen: number[], folder: RunFolder): Promise<void> {
  const { corpus, data, preset, settings, features, onlyFold, device } = experiment;
  await folder.writeConfig({
    versions: { epr: project.version, deno: Deno.version.deno, v8: Deno.version.v8 },
    started: new Date().toISOString(),
    corpus: {
      name: corpus,
      ...(data !== undefined && { data }),
      emotions: features.emotions,
      utterances: features.utterances.length,
      segments: features.segmentStart.length,
      seconds: features.seconds,
      skipped: features.skipped.length,
    },
    preset,
    settings,
    ...(onlyFold !== undefined && { onlyFold: onlyFold + 1 }),
    device: { kind: device.kind, description: device.description },
  });
  // of the cpu device; of a GPU, where `choices` opens a device that computes alike
  const { simd, adapterName, kernelChoices } = device as {
    simd?: string;
    adapterName?: string;
    kernelChoices?: unknown;
  };
  await folder.writeKernels({ device: device.kind, simd, adapter: adapterName, choices: kernelChoices });
  folder.log({
    event: "run",
    version: project.version,
    corpus,
    preset,
    device: device.description,
    folds: chosen.map((fold) => fold + 1),
    stages: settings.stages,
  });
}

/** One fold's chain; each network is saved when it is fitted. */
async function saveFold(
  experiment: Experiment,
  fold: number,
  folder: RunFolder,
  { signal, onProgress, onEpoch, onNetwork }: ExperimentHooks,
): Promise<FoldResult> {
  const { settings, features, folds, device } = experiment;
  const began = performance.now();
  let stageBegan = began;
  const result = await runFold(features, device, settings, folds, fold, {
    signal,
    onProgress,
    onEpoch: (record) => {
      const { stage, epoch, ...figures } = record;
      folder.log({ event: "epoch", ...figures, fold: fold + 1, stage, epoch: epoch + 1 });
      onEpoch?.(record);
    },
    onStage: async (output) => {
      await saveStage(experiment, output, folder);
      const { stage, epochs, bestEpoch, labelEntropy, labelError } = output.result;
      const figures = { epochs: epochs.length, bestEpoch: bestEpoch + 1, labelEntropy, labelError };
      folder.log({ event: "stage", fold: fold + 1, stage, ...figures, seconds: since(stageBegan) });
      stageBegan = performance.now();
      onNetwork?.();
    },
  });
  folder.log({ event: "fold", fold: fold + 1, seconds: since(began) });
  return result;
}

async function saveStage({ features, folds, onlyFold }: Experiment, output: StageOutput, folder: RunFolder) {
  const { fold, result, weights, shapes, standardisation: { mean, deviation } } = output;
  const { emotions, segmentHop } = features;
  const place = { fold: fold + 1, stage: result.stage };
  const metadata = { emotions: emotions.join(" "), mean: String(mean), deviation: String(deviation) };
  await folder.writeWeights({ ...place, weights, shapes, metadata });
  if (onlyFold === undefined) return; // a stage's file of all utterances will hold them
  const utterances = features.utterances.filter((_, i) => folds[i] === fold);
  await folder.writeProfiles(place, { utterances, segmentHop, emotions, profiles: result.profiles });
}

/** What all folds give. */
async function saveResults(
  { corpus, preset, settings, features, folds, device }: Experiment,
  foldResults: FoldResult[],
  folder: RunFolder,
  started: number,
): Promise<Results> {
  const { emotions, utterances, segmentHop } = features;
  const { stages, profiles, decisions } = judge(features, settings, folds, foldResults);
  for (const [i, { confusion: _, ...figures }] of stages.entries()) {
    await folder.writeProfiles({ stage: i + 1 }, { utterances, segmentHop, emotions, profiles: profiles[i] });
    folder.log({ event: "results", ...figures });
  }
  await folder.writePredictions({ emotions, utterances, predictions: decisions });
  const everyone = utterances.map((_, i) => i);
  await folder.writeForest(fitForest(features, profiles[profiles.length - 1], everyone, settings));
  const results: Results = {
    corpus,
    method: settings.method,
    preset,
    seed: settings.seed,
    device: device.kind, // config.json says more; any number of threads gives these same figures
    emotions,
    utterances: utterances.length,
    segments: features.segmentStart.length,
    folds: settings.folds,
    stages,
    seconds: since(started),
  };
  await folder.writeResults(results);
  return results;
}

/** Seconds since then, to the millisecond. */
function since(time: number): number {
  return Math.round(performance.now() - time) / 1000;
}
