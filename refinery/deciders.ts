/**
 * Alternatives to the paper's way from a profile to its utterance's emotion: other statistics, other forests, or no forest.
 * They exist for comparison, on the profiles of a finished run; `judge.ts` uses the paper's way.
 */
import { RandomForest } from "../forest/forest.ts";
import type { MaxFeatures } from "../forest/tree.ts";
import type { CrossValidation } from "./cross_validation.ts";
import { forestSeed } from "./forests.ts";
import { argmax } from "./relabel.ts";
import { ProfileStatistics } from "./statistics.ts";

/** One decider. */
export interface Decider {
  /** Its name for people. */
  name: string;
  /** Statistics of an utterance's profile, [segments, emotions], equally many for each emotion. */
  statistics: (profile: Float32Array, emotions: number) => ArrayLike<number>;
  /**
   * How its forest differs from the paper's. null: no forest; there is one statistic per emotion, and the largest
   * decides.
   */
  forest: { trees?: number; maxFeatures?: MaxFeatures; maxDepth?: number; bootstrap?: boolean } | null;
}

/** The paper's four statistics with another threshold. */
const above = (threshold: number) => (profile: Float32Array, emotions: number) => {
  const statistics = new ProfileStatistics(emotions, threshold);
  statistics.push(profile);
  return statistics.values;
};

/** A selection of the paper's four statistics (0: maximum, 1: minimum, 2: mean, 3: share above 0.2). */
const only = (...kept: number[]) => (profile: Float32Array, emotions: number) => {
  const all = above(0.2)(profile, emotions);
  return Array.from({ length: emotions }, (_, k) => kept.map((s) => all[4 * k + s])).flat();
};

/** Quantiles, emotion by emotion. */
const quantiles = (...at: number[]) => (profile: Float32Array, emotions: number) =>
  Array.from({ length: emotions }, (_, k) => {
    const sorted = profile.filter((_, i) => i % emotions === k).sort();
    return at.map((q) => quantile(sorted, q));
  }).flat();

/** A quantile of ascending numbers, by linear interpolation. */
function quantile(sorted: Float32Array, q: number): number {
  const place = q * (sorted.length - 1), below = Math.floor(place), next = Math.min(below + 1, sorted.length - 1);
  return sorted[below] + (place - below) * (sorted[next] - sorted[below]);
}

const both = (...parts: Decider["statistics"][]) => (profile: Float32Array, emotions: number) =>
  parts.flatMap((part) => [...Array.from(part(profile, emotions))]);

/** All deciders, the paper's first. */
export const DECIDERS: readonly Decider[] = [
  { name: "the paper's: maximum, minimum, mean, share above 0.2; 100 trees", statistics: above(0.2), forest: {} },
  { name: "share above 0.1", statistics: above(0.1), forest: {} },
  { name: "share above 0.3", statistics: above(0.3), forest: {} },
  { name: "share above 0.5", statistics: above(0.5), forest: {} },
  { name: "mean alone", statistics: only(2), forest: {} },
  { name: "maximum and mean", statistics: only(0, 2), forest: {} },
  { name: "no share", statistics: only(0, 1, 2), forest: {} },
  { name: "no maximum and minimum", statistics: only(2, 3), forest: {} },
  { name: "quartiles besides", statistics: both(above(0.2), quantiles(0.25, 0.5, 0.75)), forest: {} },
  { name: "deciles alone", statistics: quantiles(0.1, 0.3, 0.5, 0.7, 0.9), forest: {} },
  { name: "25 trees", statistics: above(0.2), forest: { trees: 25 } },
  { name: "400 trees", statistics: above(0.2), forest: { trees: 400 } },
  { name: "every feature at each split", statistics: above(0.2), forest: { maxFeatures: "all" } },
  { name: "at most 5 splits deep", statistics: above(0.2), forest: { maxDepth: 5 } },
  { name: "no forest: the likeliest emotion of the mean profile", statistics: only(2), forest: null },
];

/**
 * Decides on every utterance, with forests that learned from the utterances of other folds. The first of {@link DECIDERS}
 * gives the same decisions as `judge()`.
 *
 * @param cv the networks' cross-validation
 * @param profiles of all utterances, out of fold: [segments, emotions]
 * @param stage the stage of the profiles
 * @returns [utterances]: the emotion of each
 */
export function decideBy(
  { statistics, forest }: Decider,
  cv: CrossValidation,
  profiles: Float32Array,
  stage: number,
): Int32Array {
  const { corpus: { utterances, emotions: { length: K } }, settings } = cv;
  const rows = utterances.map(({ firstSegment, segmentCount }) =>
    Float32Array.from(statistics(profiles.subarray(firstSegment * K, (firstSegment + segmentCount) * K), K))
  );
  if (forest === null) return Int32Array.from(rows, argmax);
  const width = rows[0].length, decisions = new Int32Array(utterances.length);
  const matrix = (of: readonly number[]) => {
    const x = new Float32Array(of.length * width);
    of.forEach((i, row) => x.set(rows[i], row * width));
    return x;
  };
  const forests = cv.forForests();
  for (const fold of new Set(forests.folds)) {
    const held = forests.heldOut(fold), others = forests.training(fold);
    const y = Int32Array.from(others, (i) => utterances[i].emotion), seed = forestSeed(settings, fold, stage);
    const options = { trees: settings.trees, ...forest, features: width, classes: K, seed };
    RandomForest.fit(matrix(others), y, options).predict(matrix(held))
      .forEach((emotion, row) => decisions[held[row]] = emotion);
  }
  return decisions;
}
