/**
 * Explains a forest's probabilities for a sample: the sample's path through each tree, and the tree's vote.
 *
 *   path     questions `x[feature] <= threshold?` from the root to the leaf, with the sample's answers   (scikit-learn's decision_path)
 *   vote     the leaf's shares of the classes: a single class if the tree was grown until its leaves are pure
 *   votes[c] = sum over trees of vote[c],   probability[c] = votes[c] / trees
 */
import type { RandomForest } from "./forest.ts";
import type { DecisionTree } from "./tree.ts";

/** A question of a tree and its answer. */
export interface Question {
  /** The tested column of the sample. */
  feature: number;
  /** The sample's value there. */
  value: number;
  /** The threshold of the comparison. */
  threshold: number;
  /** Whether value <= threshold: the sample goes left. */
  atMost: boolean;
}

/** One tree's vote, and the path to it. */
export interface TreeVote {
  /** From the root to the leaf; empty if the tree is one leaf. */
  path: Question[];
  /** The shares of the classes in the leaf, [classes]; their sum is 1. */
  vote: Float64Array;
}

/** A forest's votes, and their explanation. */
export interface ForestExplanation {
  /** One entry per tree, in order. */
  trees: TreeVote[];
  /** The sum of the trees' votes, [classes]; their sum is the number of trees. */
  votes: Float64Array;
}

/**
 * The path of a sample through a tree, and the tree's vote.
 *
 * @param x the sample, [features]
 */
export function explainTree(tree: DecisionTree, x: Float32Array): TreeVote {
  const { nodes: { feature, threshold, left, right, value }, classes } = tree, path: Question[] = [];
  let node = 0;
  while (feature[node] >= 0) {
    const own = x[feature[node]], atMost = own <= threshold[node];
    path.push({ feature: feature[node], value: own, threshold: threshold[node], atMost });
    node = atMost ? left[node] : right[node];
  }
  const counts = value.subarray(node * classes, (node + 1) * classes);
  const weight = counts.reduce((sum, count) => sum + count, 0);
  return { path, vote: Float64Array.from(counts, (count) => count / weight) };
}

/**
 * The paths of a sample through a forest, and the votes.
 *
 * @param x the sample, [features]
 * @throws {RangeError} if x is not one sample with the forest's number of features
 *
 * @example
 * ```ts
 * import { assert, assertEquals } from "@std/assert";
 * import { explainForest, RandomForest } from "@epr/epr/forest";
 * const x = new Float32Array([1, 2, 3, 10, 11, 12]);
 * const forest = RandomForest.fit(x, new Uint8Array([0, 0, 0, 1, 1, 1]), { features: 1, classes: 2, trees: 5 });
 * const { votes, trees } = explainForest(forest, new Float32Array([11]));
 * assertEquals(votes[1] / trees.length, forest.predictProbabilities(new Float32Array([11]))[1]);
 * assert(trees.every(({ path }) => path.every(({ value, threshold, atMost }) => atMost === (value <= threshold))));
 * ```
 */
export function explainForest(forest: RandomForest, x: Float32Array): ForestExplanation {
  if (x.length !== forest.features) {
    throw new RangeError(`Expected one sample of ${forest.features} features, found ${x.length} numbers`);
  }
  const trees = forest.trees.map((tree) => explainTree(tree, x)), votes = new Float64Array(forest.classes);
  for (const { vote } of trees) vote.forEach((share, c) => votes[c] += share);
  return { trees, votes };
}
