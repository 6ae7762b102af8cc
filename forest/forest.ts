/**
 * A random forest: many trees, each grown on its own random draw of the samples and asking, at each split, for one of a few
 * features drawn at random; their probabilities are averaged (Breiman, "Random forests", Machine Learning 45, 2001).
 *
 * With scikit-learn's defaults: 100 trees, Gini impurity, sqrt(features) at each split, a bootstrap sample of n out of n
 * with replacement, grown until the leaves are pure.
 *
 * Each tree draws from random numbers of its own, keyed by (seed, number of the tree): it is the same tree in whatever order,
 * or on whatever thread, it is grown.
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
  /** how many; 100 unless said */
  trees?: number;
  /** how many features to look at for a split; "sqrt" unless said */
  maxFeatures?: MaxFeatures;
  /** splits from the root to a leaf at most; Infinity unless said */
  maxDepth?: number;
  /** whether a tree gets n of the n samples drawn with replacement (true unless said), or each once */
  bootstrap?: boolean;
  /** a whole number; 0 unless said */
  seed?: number;
}

/**
 * Gives a function that grows the tree of a number, a whole number from 0. The table is ranked once; trees may be grown in any order, and
 * by several threads.
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
  /** At least one, all of the same features and classes. */
  readonly trees: readonly DecisionTree[];

  /**
   * A forest of given trees; to learn one from samples, {@link RandomForest.fit}.
   *
   * @throws RangeError where there are none, or they differ in features or classes
   */
  constructor(trees: readonly DecisionTree[]) {
    if (trees.length === 0) throw new RangeError("A forest: expected at least one tree, found none");
    const [{ features, classes }] = trees;
    if (trees.some((tree) => tree.features !== features || tree.classes !== classes)) {
      throw new RangeError("The trees of a forest: expected the same features and classes, found different ones");
    }
    this.trees = trees;
  }

  /** What x has columns. */
  get features(): number {
    return this.trees[0].features;
  }

  /** How many probabilities a sample gets. */
  get classes(): number {
    return this.trees[0].classes;
  }

  /**
   * Learns a forest.
   *
   * @param x [n, features], row-major, finite
   * @param y [n]
   * @throws RangeError where x has no rows, not a whole number of them or a value that is not finite, y does not fit x or
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
   * @throws RangeError where x is not a whole number of rows, or has a value that is not finite
   */
  predictProbabilities(x: Float32Array): Float64Array {
    const mean = new Float64Array(countRows(x, this.features) * this.classes);
    for (const tree of this.trees) tree.addProbabilities(x, mean);
    for (let i = 0; i < mean.length; i++) mean[i] /= this.trees.length;
    return mean;
  }

  /**
   * The likeliest class of each sample, of equally likely ones the lowest.
   *
   * @param x [n, features]
   * @returns [n]
   * @throws as {@link RandomForest.predictProbabilities}
   */
  predict(x: Float32Array): Int32Array {
    return likeliest(this.predictProbabilities(x), this.classes);
  }

  /**
   * How much each feature lowered the impurity: the mean over the trees that split at all, as shares of 1.
   *
   * @returns [features]
   */
  featureImportances(): Float64Array {
    const sum = new Float64Array(this.features);
    for (const tree of this.trees) tree.featureImportances().forEach((share, f) => sum[f] += share);
    return shares(sum);
  }

  /** The forest as a plain value for `JSON.stringify`, from which {@link RandomForest.fromJSON} makes the same one. */
  toJSON(): ForestJSON {
    return forestToJSON(this.trees);
  }

  /**
   * The forest that {@link RandomForest.toJSON} wrote.
   *
   * @param json what `JSON.parse` gave
   * @throws TypeError or RangeError that names the place where the value is not such a forest
   */
  static fromJSON(json: unknown): RandomForest {
    return new RandomForest(forestFromJSON(json));
  }
}
