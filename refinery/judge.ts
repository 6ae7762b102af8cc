/**
 * From out-of-fold profiles to decisions: statistics of each utterance's profile, a random forest over them, and how
 * often it is right.
 *
 * Forest k learns from the out-of-fold profiles of all utterances but those of fold k, and judges those. Its training
 * profiles come from networks that saw the test utterances' labels, as in any stacking.
 */
import { ordinal } from "../base/numbering.ts";
import { FOREST_FOLDS_DRAW, STREAMS } from "../base/streams.ts";
import type { Features, FeatureUtterance } from "../corpora/features.ts";
import { RandomForest } from "../forest/forest.ts";
import { assignFolds, countGroups } from "./folds.ts";
import { mean } from "./intervals.ts";
import { confusionMatrix, unweightedAccuracy, weightedAccuracy } from "./metrics.ts";
import { judgeProfiles } from "./profile_figures.ts";
import { meanRow } from "./relabel.ts";
import type { FoldResult, StageFigures } from "./results.ts";
import { segmentsOf } from "./segment_dataset.ts";
import type { Settings } from "./settings.ts";
import { profileStatistics, STATISTICS } from "./statistics.ts";

/** What of a corpus is judged: everything but its sound. */
export interface Judged extends Pick<Features, "emotions" | "segmentTruth"> {
  /** Who said what, and where the segments of it lie. */
  utterances: readonly JudgedUtterance[];
}

/** What of an utterance is judged, and what folds are drawn by. */
export type JudgedUtterance =
  & Pick<FeatureUtterance, "id" | "emotion" | "speaker" | "firstSegment" | "segmentCount">
  & Partial<Pick<FeatureUtterance, "text" | "session" | "fold" | "copyOf" | "votes">>;

/** What all folds together give. */
export interface Judgement {
  /** Figures, a stage each. */
  stages: StageFigures[];
  /** Out-of-fold profiles, a stage each: [segments, emotions]. */
  profiles: Float32Array[];
  /** The forest's decision on each utterance, a stage each. */
  decisions: Int32Array[];
  /** The likeliest emotion of each utterance's mean profile, a stage each: a decision without a forest. */
  votes: Int32Array[];
}

/** Folds that the paper judges its forest over (section 4.1). */
const FOREST_FOLDS = 10;

/**
 * Judges every stage.
 *
 * @param folds the fold of each utterance, as the networks had it
 * @throws RangeError where a fold's result is missing
 */
export function judge(features: Judged, settings: Settings, folds: Int32Array, results: FoldResult[]): Judgement {
  const { utterances, emotions } = features, truth = utterances.map(({ emotion }) => emotion);
  const judgement: Judgement = { stages: [], profiles: [], decisions: [], votes: [] };
  for (const [stage, profiles] of outOfFoldProfiles(features, settings, folds, results).entries()) {
    const decisions = decide(features, settings, profiles, folds, stage);
    const own = results.map((fold) => fold.stages[stage]);
    const confusion = confusionMatrix(truth, decisions, emotions.length);
    judgement.profiles.push(profiles);
    judgement.decisions.push(decisions);
    const figures = judgeProfiles(utterances, profiles, emotions.length, features.segmentTruth);
    const voted = confusionMatrix(truth, figures.votes, emotions.length);
    judgement.votes.push(figures.votes);
    judgement.stages.push({
      weightedAccuracy: weightedAccuracy(confusion),
      unweightedAccuracy: unweightedAccuracy(confusion),
      confusion,
      segmentAccuracy: figures.segmentsRight / figures.segments,
      meanVoteAccuracy: weightedAccuracy(voted),
      meanVoteUnweightedAccuracy: unweightedAccuracy(voted),
      ...(figures.segmentsTrulyRight !== undefined &&
        { trueSegmentAccuracy: figures.segmentsTrulyRight / figures.segments }),
      labelEntropy: mean(own.map((s) => s.labelEntropy)),
      ...(features.segmentTruth && { labelError: mean(own.map((s) => s.labelError ?? NaN)) }),
      ...(own.every((s) => s.labelErrorUniform !== undefined) &&
        { labelErrorUniform: mean(own.map((s) => s.labelErrorUniform!)) }),
    });
  }
  return judgement;
}

/** The forest on statistics of the given utterances' profiles. */
export function fitForest(
  features: Judged,
  profiles: Float32Array,
  utterances: readonly number[],
  options: { trees: number; seed: number },
): RandomForest {
  const K = features.emotions.length;
  const y = Int32Array.from(utterances, (i) => features.utterances[i].emotion);
  return RandomForest.fit(rows(features, profiles, utterances), y, {
    ...options,
    features: K * STATISTICS.length,
    classes: K,
  });
}

/** A forest, and the utterances that it has not seen and judges. */
export interface FoldForest {
  /** Fitted to the profiles of all others. */
  forest: RandomForest;
  /** Indices of utterances. */
  held: number[];
  /** Statistics of their profiles, [held, emotions * 4]. */
  x: Float32Array;
}

/**
 * The forests of a stage's cross-validation, one after the other.
 *
 * @param profiles of all utterances, out of fold: [segments, emotions]
 * @param folds the fold of each utterance, as the networks had it
 */
export function* crossValidate(
  features: Judged,
  settings: Settings,
  profiles: Float32Array,
  folds: Int32Array,
  stage: number,
): Generator<FoldForest> {
  const forestFolds = foldsOfForests(features, settings, folds), everyone = features.utterances.map((_, i) => i);
  for (const fold of new Set(forestFolds)) {
    const held = everyone.filter((i) => forestFolds[i] === fold);
    const forest = fitFoldForest(features, settings, profiles, forestFolds, fold, stage);
    yield { forest, held, x: rows(features, profiles, held) };
  }
}

/**
 * The forest that judges one fold: fitted to the profiles of all others.
 *
 * @param profiles of all utterances, out of fold: [segments, emotions]
 * @param folds the fold of each utterance
 */
export function fitFoldForest(
  features: Judged,
  settings: Settings,
  profiles: Float32Array,
  folds: Int32Array,
  fold: number,
  stage: number,
): RandomForest {
  const others = features.utterances.flatMap((_, i) => folds[i] === fold ? [] : [i]);
  return fitForest(features, profiles, others, { trees: settings.trees, seed: forestSeed(settings, fold, stage) });
}

/** The fold of each utterance for the forests: that of the networks, or one drawn anew; official folds are no draw. */
export function foldsOfForests(features: Judged, settings: Settings, folds: Int32Array): Int32Array {
  const { utterances, emotions } = features;
  return settings.forestFolds === "anew" && settings.split !== "official"
    ? assignFolds(utterances, emotions, { ...settings, folds: newFolds(features, settings) }, FOREST_FOLDS_DRAW)
    : folds;
}

/** Ten folds, or as many as the rarest emotion (or the speakers) allow. */
function newFolds({ utterances, emotions }: Judged, settings: Settings): number {
  if (settings.split !== "utterance") return Math.min(FOREST_FOLDS, countGroups(utterances, settings.split));
  const counts = emotions.map((_, k) => utterances.filter((u) => u.emotion === k).length).filter((n) => n > 0);
  return Math.min(FOREST_FOLDS, ...counts);
}

/**
 * Every utterance's profile, a stage each: [segments, emotions], from the fold that held it out; with `averageStages` the mean of
 * those of the stages so far.
 *
 * @param folds the fold of each utterance, as the networks had it
 * @throws RangeError where a fold's result is missing
 */
export function outOfFoldProfiles(
  features: Judged,
  settings: Settings,
  folds: Int32Array,
  results: FoldResult[],
): Float32Array[] {
  const stages = Array.from(
    { length: settings.stages },
    (_, stage) => gather(features, settings, folds, results, stage),
  );
  if (!settings.averageStages) return stages;
  const sum = new Float32Array(stages[0].length);
  return stages.map((single, stage) => {
    single.forEach((p, at) => sum[at] += p);
    return sum.map((total) => total / (stage + 1));
  });
}

/** Those of one stage. */
function gather(
  features: Judged,
  settings: Settings,
  folds: Int32Array,
  results: FoldResult[],
  stage: number,
): Float32Array {
  const K = features.emotions.length;
  const profiles = new Float32Array(countSegments(features) * K);
  for (let fold = 0; fold < settings.folds; fold++) {
    const own = results.find((r) => r.fold === fold)?.stages[stage];
    if (!own) {
      throw new RangeError(`Fold ${ordinal(fold)}, stage ${ordinal(stage)} is missing: all folds are needed to judge`);
    }
    const heldOut = features.utterances.flatMap((_, i) => folds[i] === fold ? [i] : []);
    segmentsOf(features, heldOut).forEach((s, row) =>
      profiles.set(own.profiles.subarray(row * K, (row + 1) * K), s * K)
    );
  }
  return profiles;
}

/** Cross-validated decisions of the forest. */
function decide(
  features: Judged,
  settings: Settings,
  profiles: Float32Array,
  folds: Int32Array,
  stage: number,
): Int32Array {
  const decisions = new Int32Array(features.utterances.length);
  for (const { forest, held, x } of crossValidate(features, settings, profiles, folds, stage)) {
    forest.predict(x).forEach((emotion, row) => decisions[held[row]] = emotion);
  }
  return decisions;
}

/** One number to key a forest's random choices by. */
export const forestSeed = (settings: Settings, fold: number, stage: number): number =>
  ((settings.seed * 31 + STREAMS.forest) * 101 + fold) * 11 + ordinal(stage);

/** Statistics of the given utterances' profiles: [utterances, emotions * 4]. */
function rows(features: Judged, profiles: Float32Array, utterances: readonly number[]): Float32Array {
  const K = features.emotions.length, width = K * STATISTICS.length;
  const x = new Float32Array(utterances.length * width);
  utterances.forEach((i, row) => {
    const { firstSegment, segmentCount } = features.utterances[i];
    const profile = profiles.subarray(firstSegment * K, (firstSegment + segmentCount) * K);
    x.set(profileStatistics(profile, K), row * width);
  });
  return x;
}

/** The mean profile of each utterance, [utterances, emotions]: without a forest, its likeliest emotion decides. */
export function meanProfiles({ utterances, emotions: { length: K } }: Judged, profiles: Float32Array): Float32Array {
  const means = new Float32Array(utterances.length * K);
  utterances.forEach(({ firstSegment, segmentCount }, u) =>
    means.set(meanRow(profiles, firstSegment, segmentCount, K), u * K)
  );
  return means;
}

/** The emotion of the utterance of each segment. */
export function segmentLabels(features: Judged): Int32Array {
  const labels = new Int32Array(countSegments(features));
  for (const { emotion, firstSegment, segmentCount } of features.utterances) {
    labels.fill(emotion, firstSegment, firstSegment + segmentCount);
  }
  return labels;
}

function countSegments({ utterances }: Judged): number {
  return utterances.reduce((sum, { segmentCount }) => sum + segmentCount, 0);
}
