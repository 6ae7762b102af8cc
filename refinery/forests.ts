/**
 * The forests of a cross-validation: each learns from statistics of the out-of-fold profiles of all utterances except its fold's
 * held-out ones, and decides on these. The training profiles come from networks that learned the held-out utterances' labels, as in
 * any stacking.
 */
import { ordinal } from "../base/numbering.ts";
import { STREAMS } from "../base/streams.ts";
import { RandomForest } from "../forest/forest.ts";
import type { CorpusRecord, CrossValidation } from "./cross_validation.ts";
import type { Settings } from "./settings.ts";
import { profileStatistics, STATISTICS } from "./statistics.ts";

/** A forest, and the held-out utterances that it judges. */
export interface FoldForest {
  /** Fitted to the profiles of all others. */
  forest: RandomForest;
  /** Indices of utterances. */
  held: number[];
  /** Statistics of their profiles, [held, emotions * 4]. */
  x: Float32Array;
}

/**
 * Yields the forests of a stage, one after the other.
 *
 * @param cv the networks' cross-validation
 * @param profiles of all utterances, out of fold: [segments, emotions]
 */
export function* crossValidate(cv: CrossValidation, profiles: Float32Array, stage: number): Generator<FoldForest> {
  const forests = cv.forForests();
  for (const fold of new Set(forests.folds)) {
    const held = forests.heldOut(fold);
    yield { forest: fitFoldForest(forests, profiles, fold, stage), held, x: rows(cv.corpus, profiles, held) };
  }
}

/**
 * Fits the forest that judges one fold to the profiles of all other folds.
 *
 * @param profiles of all utterances, out of fold: [segments, emotions]
 */
export function fitFoldForest(cv: CrossValidation, profiles: Float32Array, fold: number, stage: number): RandomForest {
  const { corpus, settings } = cv, seed = forestSeed(settings, fold, stage);
  return fitForest(corpus, profiles, cv.training(fold), { trees: settings.trees, seed });
}

/** Fits a forest to statistics of the given utterances' profiles. */
export function fitForest(
  corpus: CorpusRecord,
  profiles: Float32Array,
  utterances: readonly number[],
  options: { trees: number; seed: number },
): RandomForest {
  const K = corpus.emotions.length;
  const y = Int32Array.from(utterances, (i) => corpus.utterances[i].emotion);
  return RandomForest.fit(rows(corpus, profiles, utterances), y, {
    ...options,
    features: K * STATISTICS.length,
    classes: K,
  });
}

/** The seed of a forest's random choices. */
export const forestSeed = (settings: Settings, fold: number, stage: number): number =>
  ((settings.seed * 31 + STREAMS.forest) * 101 + fold) * 11 + ordinal(stage);

/** Statistics of the given utterances' profiles: [utterances, emotions * 4]. */
function rows(corpus: CorpusRecord, profiles: Float32Array, utterances: readonly number[]): Float32Array {
  const K = corpus.emotions.length, width = K * STATISTICS.length;
  const x = new Float32Array(utterances.length * width);
  utterances.forEach((i, row) => {
    const { firstSegment, segmentCount } = corpus.utterances[i];
    const profile = profiles.subarray(firstSegment * K, (firstSegment + segmentCount) * K);
    x.set(profileStatistics(profile, K), row * width);
  });
  return x;
}
