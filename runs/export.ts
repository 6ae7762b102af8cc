/**
 * Exports models from a run. Two kinds:
 *
 * - of a fold: its network, unchanged, and its forest, neither of which was trained on the fold's held-out utterances. On
 *   these it reproduces the run's results, so it can be verified;
 * - for deployment: one more chain of networks, on all utterances, saved like a fold in `everything/` of the run's folder; the forest
 *   learns from the *out-of-fold* profiles, never from profiles of utterances that their network was trained on.
 */
import { ordinal } from "../base/numbering.ts";
import { FileError } from "../base/file_error.ts";
import { OptionError } from "../base/option_error.ts";
import { join } from "@std/path";
import type { Features } from "../corpora/features.ts";
import { withLevel } from "../dsp/levelling.ts";
import { frontEnd } from "../dsp/settings.ts";
import { type Certainty, chooseThreshold } from "../models/certainty.ts";
import type { ModelAccuracy, ModelBytes, ModelDescription } from "../models/description.ts";
import { domainOf, SoundStatistics } from "../models/domain.ts";
import { encodeModel } from "../models/model.ts";
import { foldBatchNorm } from "../nn/fold_batch_norm.ts";
import type { VggEOptions } from "../nn/vgg_e.ts";
import { CrossValidation } from "../refinery/cross_validation.ts";
import { crossValidate, fitFoldForest, fitForest } from "../refinery/forests.ts";
import { meanProfiles } from "../refinery/judge.ts";
import { networkOptions } from "../refinery/derived_settings.ts";
import type { Settings } from "../refinery/settings.ts";
import { STATISTICS } from "../refinery/statistics.ts";
import { requireRun } from "./begin.ts";
import { DeviceKeeper } from "./device_keeper.ts";
import { identityOf } from "./identity.ts";
import { runKeptFold } from "./kept_fold.ts";
import type { Experiment, ExperimentHooks } from "./plan.ts";
import { foldName } from "./names.ts";
import { readConditions } from "./measured_conditions.ts";
import { decodeProfiles } from "./profiles_arrow.ts";
import { readRunCorpus } from "./read_corpus.ts";
import type { RunConfig } from "./run_config.ts";
import { RunFolder } from "./run_folder.ts";
import { readSealed } from "./sealed.ts";
import { exportCommand, resumeCommand } from "./training_command.ts";
import project from "../deno.json" with { type: "json" };

/** A model's metadata that the run does not contain. */
export interface ExportNote {
  /** Its name; default: corpus, preset and seed. */
  name?: string;
  /** The model's licence. */
  licence: string;
  /** Accepted share of wrong predictions among the sure ones, 0 to 1; default 0.1. The model is unsure of the rest. */
  unsureError?: number;
  /**
   * Another complete run, whose accuracy at the model's stage (or its last, if it has fewer) is added to the model: for
   * unseen speakers, say.
   */
  alsoJudgedBy?: string;
  /**
   * Files with the JSON of `deno task evaluate RUN --under ...`, whose figures are added to the model. RUN is the model's run, or
   * `alsoJudgedBy` if that has no more stages.
   */
  judgedUnder?: readonly string[];
}

/**
 * Exports the model of a fold of a complete run.
 *
 * @throws {Error} if the run is not complete or has no such fold, or a file of it is damaged
 */
export async function exportFold(run: string, fold: number, note: ExportNote): Promise<ModelBytes> {
  const finished = await readFinished(run), { config, corpus, profiles } = finished;
  const { settings } = config, stage = settings.stages - 1;
  if (!(fold >= 0 && fold < settings.folds)) {
    throw new OptionError({
      option: "fold",
      where: run,
      required: `a number from 0 to ${settings.folds - 1}`,
      found: fold,
    });
  }
  const accuracies = await readAccuracies(finished, note), cv = new CrossValidation(corpus, settings);
  const network = await readNetwork(finished.folder.weightsFile(fold, stage), config);
  const forest = fitFoldForest(cv, profiles, fold, stage);
  const learned = cv.training(fold).map((i) => corpus.utterances[i]);
  const described = describe(finished, note, accuracies, learned, network.standardisation);
  const name = `${described.name}-${foldName(fold)}`;
  const training = { ...described.training, heldOutFold: ordinal(fold) };
  const made = { ...described.made, command: exportCommand(config, fold) };
  return encodeModel({ ...described, name, training, made, network: network.options }, network.weights, forest);
}

/**
 * Exports the model for deployment: trains its networks, or resumes their training, and adds the forest of the run.
 *
 * @param experiment the run's experiment; the run must be complete
 * @throws {Error} as {@link exportFold}, and as an experiment does
 */
export async function exportEverything(
  run: string,
  experiment: Experiment,
  note: ExportNote,
  hooks: ExperimentHooks = {},
): Promise<ModelBytes> {
  const finished = await readFinished(run), { config, corpus, profiles } = finished, { settings } = config;
  const accuracies = await readAccuracies(finished, note); // before hours of training, should a file be invalid
  const folder = await RunFolder.at(join(run, "everything"));
  const devices = new DeviceKeeper(experiment.device, experiment.reopen);
  const { folds: noneHeldOut } = CrossValidation.holdingNoneOut(experiment.features, settings);
  try {
    const kept = { experiment: { ...experiment, folds: noneHeldOut, start: "resume" as const }, folder, devices };
    await runKeptFold({ ...kept, identity: identityOf(config) }, 0, hooks);
    await folder.tidy();
  } finally {
    if (devices.device !== experiment.device) devices.device.close();
  }
  const trained = await readNetwork(folder.weightsFile(0, settings.stages - 1), config), network = simplify(trained);
  const forest = fitForest(corpus, profiles, [...corpus.utterances.keys()], settings);
  const described = describe(finished, note, accuracies, corpus.utterances, trained.standardisation);
  const domain = domainOf(soundsOf(experiment.features));
  return encodeModel({ ...described, domain, network: network.options }, network.weights, forest);
}

/**
 * Requires a run whose model can be deployed: `predict` standardises by one mean and one deviation.
 *
 * @throws {Error} if the run standardised frames differently
 */
function requireGlobalScaling({ settings: { scaling } }: RunConfig): void {
  if (scaling === "global") return;
  throw new Error(
    `scaling: expected a run whose frames are standardised globally, found ${scaling}, which has no model for single recordings`,
  );
}

/** Reads a complete run and its accuracies. */
async function readJudged(run: string) {
  const { folder, config } = await requireRun(run);
  const results = await folder.readResults();
  if (!results) {
    throw new FileError({
      ...{ file: run, expected: "a complete run", found: "no results.json" },
      help: `to resume: ${resumeCommand("train", run)}`,
    });
  }
  return { run, folder, config, results };
}

/** Reads the same, with the utterances' labels and the last stage's out-of-fold profiles. */
async function readFinished(run: string) {
  const judged = await readJudged(run), { folder, config } = judged;
  requireGlobalScaling(config);
  const { corpus } = await readRunCorpus(folder, config);
  const last = await Deno.readFile(folder.mergedProfilesFile(config.settings.stages - 1));
  return { ...judged, corpus, profiles: decodeProfiles(last, corpus.emotions) };
}

/** Reads a trained network from a run, without the parts that only training needs. */
async function readNetwork(file: string, { settings, corpus }: RunConfig) {
  const { tensors, metadata: { mean, deviation } } = await readSealed(file);
  // a model has the first of a stage's networks
  const first = Object.entries(tensors).filter(([name]) => !name.startsWith("member-"));
  const weights = Object.fromEntries(first.map(([name, { data }]) => [name, data]));
  const { width, frames, classes, batchNorm, batchNormDense } = networkOptions(settings, corpus.emotions.length);
  const shape = { height: frontEnd.nMels, frames };
  const options: VggEOptions = {
    ...{ classes, width, ...shape },
    ...(batchNorm && { batchNorm }),
    ...(batchNormDense && { batchNormDense }),
  };
  return { options, weights, standardisation: { mean: Number(mean), deviation: Number(deviation) } };
}

/** A smaller network that computes the same, up to rounding: a plain VGG-E. */
function simplify(
  { options, weights }: { options: VggEOptions; weights: Record<string, Float32Array> },
): { options: VggEOptions; weights: Record<string, Float32Array> } {
  const { batchNorm: _, batchNormDense: __, ...plain } = options;
  return { options: plain, weights: foldBatchNorm(weights, options) };
}

/** Measures the sound of each recording of a corpus. */
function soundsOf({ frames, utterances }: Features) {
  const { nMels } = frontEnd;
  return utterances.flatMap(({ firstFrame, frameCount }) => {
    const sound = new SoundStatistics(nMels);
    sound.push(frames.subarray(firstFrame * nMels, (firstFrame + frameCount) * nMels));
    return sound.values ?? [];
  });
}

/** The threshold of certainty that keeps an error on the held-out utterances, at the run's last stage. */
function certaintyOf({ config, corpus, profiles }: FinishedRun, error: number): Certainty {
  const { settings } = config, { utterances, emotions: { length: K } } = corpus;
  const cv = new CrossValidation(corpus, settings), truth = utterances.map(({ emotion }) => emotion);
  const probabilities = new Float64Array(utterances.length * K);
  for (const { forest, held, x } of crossValidate(cv, profiles, settings.stages - 1)) {
    const own = forest.predictProbabilities(x);
    held.forEach((i, row) => probabilities.set(own.subarray(row * K, (row + 1) * K), i * K));
  }
  const forest = chooseThreshold(probabilities, truth, K, error);
  const mean = chooseThreshold(meanProfiles(corpus, profiles), truth, K, error);
  return { error, ...(forest && { forest }), ...(mean && { mean }) };
}

type FinishedRun = Awaited<ReturnType<typeof readFinished>>;

/** The accuracies that the model's description states. */
async function readAccuracies(
  { run, config: { corpus, settings }, results }: FinishedRun,
  { alsoJudgedBy, judgedUnder = [] }: ExportNote,
): Promise<Pick<ModelDescription, "accuracy" | "conditions">> {
  const accuracy = [accuracyOf(settings, results)], runs = [{ run, ...accuracy[0] }];
  if (alsoJudgedBy !== undefined) {
    const other = await readJudged(alsoJudgedBy);
    if (other.config.corpus.name !== corpus.name || other.config.corpus.digest !== corpus.digest) {
      throw new FileError({
        ...{ file: alsoJudgedBy, expected: "a run on the same recordings" },
        found: "another corpus: its accuracy does not apply to this model",
      });
    }
    const stages = Math.min(settings.stages, other.config.settings.stages);
    const own = accuracyOf({ ...other.config.settings, stages }, other.results);
    accuracy.push(own);
    if (stages === other.config.settings.stages) runs.push({ run: alsoJudgedBy, ...own }); // `evaluate` judges the last stage
  }
  return { accuracy, ...(judgedUnder.length > 0 && { conditions: await readConditions(judgedUnder, runs) }) };
}

function describe(
  finished: FinishedRun,
  { name, licence, unsureError = 0.1 }: ExportNote,
  accuracies: Pick<ModelDescription, "accuracy" | "conditions">,
  training: readonly { speaker: string }[],
  standardisation: { mean: number; deviation: number },
) {
  const { corpus, preset, settings } = finished.config;
  return {
    name: name ?? `${corpus.name}-${preset}-${settings.seed}`,
    emotions: corpus.emotions,
    frontEnd: withLevel({ ...frontEnd, segmentFrames: settings.segmentFrames }, settings.level ?? "none"),
    standardisation,
    segmentHop: settings.profileHop || settings.segmentHop!,
    statistics: [...STATISTICS],
    training: {
      corpus: corpus.name,
      utterances: training.length,
      speakers: new Set(training.map(({ speaker }) => speaker)).size,
      recordings: corpus.digest,
      settings: { ...settings },
    },
    ...accuracies,
    certainty: certaintyOf(finished, unsureError),
    licence,
    made: { epr: project.version, date: new Date().toISOString(), command: exportCommand(finished.config) },
  };
}

/** The accuracy of a run at a stage; default: the last. */
function accuracyOf(
  { folds, split, forestFolds, method, stages }: Settings,
  results: Awaited<ReturnType<typeof readJudged>>["results"],
): ModelAccuracy {
  const { weightedAccuracy, unweightedAccuracy, meanVoteAccuracy, confusion } = results.stages[stages - 1];
  const who = {
    utterance: "by utterance, so that training and test have the same speakers",
    speaker: "by speaker, so that training and test have different speakers",
    session: "by session, so that training and test have different sessions",
    text: "by text, so that training and test have different texts",
    official: "over the corpus's official folds",
  }[split];
  const anew = forestFolds === "anew" ? ", the forest over ten other folds" : "";
  return {
    protocol: `${folds}-fold cross-validation ${who} (${method}, stage ${stages}, seed ${results.seed}${anew})`,
    utterances: results.utterances,
    weightedAccuracy,
    unweightedAccuracy,
    meanVoteAccuracy,
    confusion,
  };
}
