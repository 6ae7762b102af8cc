/**
 * A random forest: many trees, each grown on a different random draw of the samples. Each split tests one of a few features
 * drawn at random. The forest averages the trees' probabilities (Breiman, "Random forests", Machine Learning 45, 2001).
 *
 * With scikit-learn's defaults: 100 trees, Gini impurity, sqrt(features) at each split, a bootstrap sample of n out of n
 * with replacement, grown until the leaves are pure.
 *
 * Each tree has a separate stream of random numbers, keyed by (seed, number of the tree), so it does not depend on the order
 * or the thread in which it grows.
 *
 * @module
 */

import { TREE_STREAMS } from "../base/streams.ts";
import { Random } from "../kernels/random.ts";
import { TreeBuilder } from "./builder.ts";
import { checkLabels, countRows, type Labels, rankColumns, wantWhole } from "./columns.ts";
import { forestFromJSON, type ForestJSON, forestToJSON } from "./json.ts";
import { countMaxFeatures, DecisionTree, likeliest, type MaxFeatures, shares } from "./tree.ts";

/** Options of {@link RandomForest.fit}. */
export interface ForestOptions {
  /** columns of x */
  features: number;
  /** labels are 0 .. classes - 1 */
  classes: number;
  /** number of trees; default: 100 */
  trees?: number;
  /** how many features to examine for a split; default: "sqrt" */
  maxFeatures?: MaxFeatures;
  /** largest number of splits from the root to a leaf; default: Infinity */
  maxDepth?: number;
  /** whether a tree gets n of the n samples drawn with replacement (the default), or each once */
  bootstrap?: boolean;
  /** a whole number; default: 0 */
  seed?: number;
}

/**
 * Returns a function that grows the tree with a given number, from 0. The table is ranked once; trees may grow in any order, and in
 * several threads.
 *
 * @param x [n, features], row-major, finite
 * @param y [n]
 * @throws RangeError as {@link RandomForest.fit}
 */
export function treeGrower(x: Float32Array, y: Labels, options: ForestOptions): (tree: number) => DecisionTree {
  const { features, classes, maxFeatures = "sqrt", maxDepth = Infinity, bootstrap = true, seed = 0 } = options;
  const columns = rankColumns(x, features), { n } = columns;
  checkLabels(y, n, classes);
  if (maxDepth !== Infinity) wantWhole("maxDepth", maxDepth, 0);
  const looked = countMaxFeatures(maxFeatures, features);
  const builder = new TreeBuilder(columns, Int32Array.from(y), classes, looked, maxDepth);
  const weights = new Int32Array(n).fill(1);
  return (tree) => {
    if (bootstrap) {
      const random = new Random(seed, tree, TREE_STREAMS.bootstrap);
      weights.fill(0);
      for (let draw = 0; draw < n; draw++) weights[random.below(n)]++;
    }
    return new DecisionTree(builder.build(weights, new Random(seed, tree, TREE_STREAMS.splits)), features, classes);
  };
}

/**
 * A forest that classifies.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * // two features of which the first decides
 * const x = new Float32Array([1, 5, 2, 6, 3, 5, 10, 6, 11, 5, 12, 6]), y = new Uint8Array([0, 0, 0, 1, 1, 1]);
 * const forest = RandomForest.fit(x, y, { features: 2, classes: 2, seed: 7 });
 * assertEquals([...forest.predict(x)], [...y]);
 * const stored = JSON.stringify(forest);
 * assertEquals(RandomForest.fromJSON(JSON.parse(stored)), forest);
 * ```
 */
export class RandomForest {
  /** At least one, all with the same features and classes. */
  readonly trees: readonly DecisionTree[];

  /**
   * A forest of given trees. To learn one from samples, use {@link RandomForest.fit}.
   *
   * @throws RangeError if there are none, or they differ in features or classes
   */
  constructor(trees: readonly DecisionTree[]) {
    if (trees.length === 0) throw new RangeError("A forest: expected at least one tree, found none");
    const [{ features, classes }] = trees;
    if (trees.some((tree) => tree.features !== features || tree.classes !== classes)) {
      throw new RangeError("The trees of a forest: expected the same features and classes, found different ones");
    }
    this.trees = trees;
  }

  /** Number of columns of x. */
  get features(): number {
    return this.trees[0].features;
  }

  /** Number of probabilities per sample. */
  get classes(): number {
    return this.trees[0].classes;
  }

  /**
   * Learns a forest.
   *
   * @param x [n, features], row-major, finite
   * @param y [n]
   * @throws RangeError if x has no rows, an incomplete row or a value that is not finite, y does not fit x or
   *   the classes, or an option is out of its range
   */
  static fit(x: Float32Array, y: Labels, options: ForestOptions): RandomForest {
    const { trees = 100 } = options;
    wantWhole("trees", trees, 1);
    const grow = treeGrower(x, y, options);
    return new RandomForest(Array.from({ length: trees }, (_, tree) => grow(tree)));
  }

  /**
   * The mean of the trees' probabilities.
   *
   * @param x [n, features]
   * @returns [n, classes]
   * @throws RangeError if x has an incomplete row, or a value that is not finite
   */
  predictProbabilities(x: Float32Array): Float64Array {
    const mean = new Float64Array(countRows(x, this.features) * this.classes);
    for (const tree of this.trees) tree.addProbabilities(x, mean);
    for (let i = 0; i < mean.length; i++) mean[i] /= this.trees.length;
    return mean;
  }

  /**
   * The most likely class of each sample; in a tie, the lowest.
   *
   * @param x [n, features]
   * @returns [n]
   * @throws as {@link RandomForest.predictProbabilities}
   */
  predict(x: Float32Array): Int32Array {
    return likeliest(this.predictProbabilities(x), this.classes);
  }

  /**
   * How much each feature reduced the impurity: the mean over the trees that have a split, as shares of 1.
   *
   * @returns [features]
   */
  featureImportances(): Float64Array {
    const sum = new Float64Array(this.features);
    for (const tree of this.trees) tree.featureImportances().forEach((share, f) => sum[f] += share);
    return shares(sum);
  }

  /** Converts the forest to a plain value for `JSON.stringify`; {@link RandomForest.fromJSON} restores it. */
  toJSON(): ForestJSON {
    return forestToJSON(this.trees);
  }

  /**
   * Restores a forest from {@link RandomForest.toJSON}.
   *
   * @param json the result of `JSON.parse`
   * @throws TypeError or RangeError that names the invalid part
   */
  static fromJSON(json: unknown): RandomForest {
    return new RandomForest(forestFromJSON(json));
  }
}
