/**
 * Reads a finished run for the report, from its folder alone, without the recordings.
 *
 * There are two ways. Reading uses the run's final files: `results.json`, `predictions.csv` and the stages' profiles.
 * Recomputing uses each fold's own files, its profiles with their check sums, fits every forest again and counts again. `report
 * --check` compares the two.
 */
import { parseCsv } from "../corpora/csv.ts";
import { digestOf, spanDigest } from "../corpora/feature_frames.ts";
import { type CorpusKind, openCorpus } from "../corpora/open.ts";
import type { EpochRecord } from "../nn/fit.ts";
import { type CorpusRecord, CrossValidation } from "../refinery/cross_validation.ts";
import { judge } from "../refinery/judge.ts";
import { readFeatures } from "../refinery/read_features.ts";
import type { StageFigures } from "../refinery/results.ts";
import { requireRun } from "../runs/begin.ts";
import { identityOf } from "../runs/identity.ts";
import { readFolds } from "../runs/merge.ts";
import { decodeProfiles } from "../runs/profiles_arrow.ts";
import { readRunCorpus } from "../runs/read_corpus.ts";
import type { RunConfig } from "../runs/run_config.ts";
import type { RunFolder } from "../runs/run_folder.ts";
import { resumeCommand } from "../runs/training_command.ts";

/** The record of a network's fit. */
export interface Curve {
  /** The fold. */
  fold: number;
  /** The stage. */
  stage: number;
  /** The epochs, in order. */
  epochs: EpochRecord[];
  /** The epoch whose weights were kept. */
  bestEpoch: number;
}

/** A finished run. */
export interface RunView {
  /** Its folder. */
  path: string;
  /** `config.json`. */
  config: RunConfig;
  /** Duration in seconds. */
  seconds: number;
  /** The judged corpus; `segmentTruth` only if recomputed. */
  corpus: CorpusRecord;
  /** SHA-256 of each utterance's recording. */
  digests: string[];
  /** The assignment of utterances to folds. */
  cv: CrossValidation;
  /** Statistics of each stage. */
  stages: StageFigures[];
  /** The forest's decisions, by stage. */
  decisions: Int32Array[];
  /** Out-of-fold profiles by stage: [segments, emotions]. */
  profiles: Float32Array[];
  /** The records of all fits. */
  curves: Curve[];
}

/**
 * Reads a run.
 *
 * @param recompute compute from the folds' profiles, instead of reading the run's results
 * @throws {Error} if there is no run, it is not complete, or a file is missing or damaged
 */
export async function readRun(out: string, recompute = false): Promise<RunView> {
  const { folder, config } = await requireRun(out);
  const results = await folder.readResults();
  if (!results) {
    throw new Error(
      `${out}: expected a complete run, found no results.json; to resume: ${resumeCommand("train", out)}`,
    );
  }
  const { corpus, digests } = await readRunCorpus(folder, config), { settings } = config;
  const cv = new CrossValidation(corpus, settings);
  const found = await readFolds(folder, identityOf(config), corpus.emotions);
  const curves = found.flatMap(({ fold, stages }) =>
    stages.map(({ stage, epochs, bestEpoch }): Curve => ({ fold, stage, epochs, bestEpoch }))
  );
  const view = { path: out, config, seconds: results.seconds, corpus, digests, cv, curves };
  if (!recompute) {
    const { profiles, decisions } = await readJudgement(folder, config, corpus);
    return { ...view, stages: results.stages, profiles, decisions };
  }
  const segmentTruth = await remakeTruth(config, digests);
  const known = { ...corpus, ...(segmentTruth && { segmentTruth }) };
  const again = new CrossValidation(known, settings, cv.folds);
  return { ...view, corpus: known, cv: again, ...judge(again, found) };
}

/** Reads the run's results from its folds. */
async function readJudgement(
  folder: RunFolder,
  { settings: { stages } }: RunConfig,
  { emotions, utterances }: CorpusRecord,
): Promise<Pick<RunView, "profiles" | "decisions">> {
  const profiles: Float32Array[] = [], decisions: Int32Array[] = [];
  const file = folder.in("predictions.csv");
  const [, ...predictions] = parseCsv(await Deno.readTextFile(file), file);
  if (predictions.length !== utterances.length) {
    throw new Error(`${file}: expected ${utterances.length} utterances, as in corpus.csv, found ${predictions.length}`);
  }
  for (let stage = 0; stage < stages; stage++) {
    profiles.push(decodeProfiles(await Deno.readFile(folder.mergedProfilesFile(stage)), emotions));
    decisions.push(Int32Array.from(predictions, ({ fields }) => emotions.indexOf(fields[3 + stage])));
  }
  return { profiles, decisions };
}

/** The true emotions of the segments, recomputed if the corpus is made from a seed. */
async function remakeTruth(
  { corpus: { name }, settings }: RunConfig,
  digests: readonly string[],
): Promise<Uint8Array | undefined> {
  if (name !== "synthetic") return undefined;
  const { utterances, segmentTruth } = await readFeatures(
    await openCorpus("synthetic", { seed: settings.seed }),
    settings,
  );
  if (utterances.length !== digests.length || utterances.some(({ digest }, u) => digest !== digests[u])) {
    throw new Error("The synthetic corpus: expected the run's sound (corpus.csv), found other sound");
  }
  return segmentTruth;
}

/** An utterance's sound at 16 kHz; undefined if its recording has been moved or has changed. */
export async function readSound(
  { config, digests, corpus }: RunView,
  utterance: number,
): Promise<Float32Array | undefined> {
  const { name, data, choices } = config.corpus, { id } = corpus.utterances[utterance];
  const options = name === "synthetic" ? { seed: config.settings.seed } : { data, ...choices };
  try {
    const opened = await openCorpus(name as CorpusKind, options);
    const found = opened.utterances.find((own) => own.id === id);
    if (!found) return undefined;
    const { samples } = await found.read();
    const whole = digestOf(found.path === undefined ? samples : await Deno.readFile(found.path));
    const digest = found.span === undefined ? whole : spanDigest(whole, found.span);
    return digest === digests[utterance] ? samples : undefined;
  } catch {
    return undefined; // moved, unmounted, or no longer readable: the report omits it
  }
}
