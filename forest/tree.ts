/**
 * A decision tree. Each node tests `x[feature] <= threshold`. Each leaf stores the classes of the training samples that
 * reached it; their shares are the predicted probabilities.
 *
 * With scikit-learn's defaults: Gini impurity, the best split over all features, grown until the leaves are pure.
 *
 * @module
 */

import { Random } from "../kernels/random.ts";
import { TreeBuilder, type TreeNodes } from "./builder.ts";
import { checkLabels, countRows, type Labels, rankColumns, wantWhole } from "./columns.ts";
import { gini } from "./criterion.ts";

/**
 * How many features to examine for a split: the whole part of the square root of their number, all of them, or a given
 * number.
 */
export type MaxFeatures = "sqrt" | "all" | number;

/** Options of {@link DecisionTree.fit}. */
export interface TreeOptions {
  /** columns of x */
  features: number;
  /** labels are 0 .. classes - 1 */
  classes: number;
  /** default: "all" */
  maxFeatures?: MaxFeatures;
  /** largest number of splits from the root to a leaf; default: Infinity, which grows the tree fully */
  maxDepth?: number;
  /** a whole number; default: 0 */
  seed?: number;
}

/**
 * A tree that classifies.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * const x = new Float32Array([1, 2, 3, 10, 11, 12]); // six samples of one feature
 * const tree = DecisionTree.fit(x, new Uint8Array([0, 0, 0, 1, 1, 1]), { features: 1, classes: 2 });
 * assertEquals(tree.nodes.threshold[0], 6.5);
 * assertEquals([...tree.predict(new Float32Array([5, 7]))], [0, 1]);
 * ```
 */
export class DecisionTree {
  /** The nodes in flat arrays, in preorder. */
  readonly nodes: TreeNodes;
  /** Number of columns of x. */
  readonly features: number;
  /** Number of probabilities per sample. */
  readonly classes: number;

  /** A tree of given nodes. To learn one from samples, use {@link DecisionTree.fit}. */
  constructor(nodes: TreeNodes, features: number, classes: number) {
    this.nodes = nodes;
    this.features = features;
    this.classes = classes;
  }

  /**
   * Learns a tree.
   *
   * @param x [n, features], row-major, finite
   * @param y [n]
   * @throws RangeError if x has no rows, an incomplete row or a value that is not finite, y does not fit x or
   *   the classes, or an option is out of its range
   */
  static fit(x: Float32Array, y: Labels, options: TreeOptions): DecisionTree {
    const { features, classes, maxFeatures = "all", maxDepth = Infinity, seed = 0 } = options;
    const columns = rankColumns(x, features);
    checkLabels(y, columns.n, classes);
    if (maxDepth !== Infinity) wantWhole("maxDepth", maxDepth, 0);
    const looked = countMaxFeatures(maxFeatures, features);
    const builder = new TreeBuilder(columns, Int32Array.from(y), classes, looked, maxDepth);
    const weights = new Int32Array(columns.n).fill(1);
    return new DecisionTree(builder.build(weights, new Random(seed)), features, classes);
  }

  /** Number of splits on the longest path from the root to a leaf. */
  get depth(): number {
    const { left, right } = this.nodes, depth = new Int32Array(left.length);
    let deepest = 0;
    for (let node = 0; node < left.length; node++) {
      deepest = Math.max(deepest, depth[node]);
      if (left[node] >= 0) depth[left[node]] = depth[right[node]] = depth[node] + 1;
    }
    return deepest;
  }

  /** Number of leaves. */
  get leaves(): number {
    return this.nodes.feature.reduce((count, feature) => count + (feature < 0 ? 1 : 0), 0);
  }

  /**
   * The shares of the classes in the leaf that each sample reaches.
   *
   * @param x [n, features]
   * @returns [n, classes]
   * @throws RangeError if x has an incomplete row, or a value that is not finite
   */
  predictProbabilities(x: Float32Array): Float64Array {
    const probabilities = new Float64Array(countRows(x, this.features) * this.classes);
    this.addProbabilities(x, probabilities);
    return probabilities;
  }

  /**
   * The most likely class of each sample; in a tie, the lowest.
   *
   * @param x [n, features]
   * @returns [n]
   * @throws as {@link DecisionTree.predictProbabilities}
   */
  predict(x: Float32Array): Int32Array {
    return likeliest(this.predictProbabilities(x), this.classes);
  }

  /** Adds the tree's probabilities to `sum`, [n, classes]. x, [n, features], must have been checked. */
  addProbabilities(x: Float32Array, sum: Float64Array): void {
    const { feature, threshold, left, right, value } = this.nodes, { features, classes } = this;
    for (let row = 0, out = 0; out < sum.length; row += features, out += classes) {
      let node = 0;
      while (feature[node] >= 0) node = x[row + feature[node]] <= threshold[node] ? left[node] : right[node];
      const at = node * classes;
      let weight = 0;
      for (let c = 0; c < classes; c++) weight += value[at + c];
      for (let c = 0; c < classes; c++) sum[out + c] += value[at + c] / weight;
    }
  }

  /**
   * How much each feature reduced the impurity: over the nodes that test it, the sum of w gini - w_left gini_left -
   * w_right gini_right; as shares of 1 (all 0 for a tree of one leaf).
   *
   * @returns [features]
   */
  featureImportances(): Float64Array {
    const { feature, left, right, value } = this.nodes, { classes } = this;
    const impurity = (node: number): number => {
      const counts = value.subarray(node * classes, (node + 1) * classes);
      return counts.reduce((sum, count) => sum + count, 0) * gini(counts);
    };
    const importances = new Float64Array(this.features);
    for (let node = 0; node < feature.length; node++) {
      if (feature[node] < 0) continue;
      importances[feature[node]] += impurity(node) - impurity(left[node]) - impurity(right[node]);
    }
    return shares(importances);
  }
}

/** @throws RangeError if it is not a number from 1 to `features` */
export function countMaxFeatures(maxFeatures: MaxFeatures, features: number): number {
  if (maxFeatures === "all") return features;
  if (maxFeatures === "sqrt") return Math.max(1, Math.floor(Math.sqrt(features)));
  if (Number.isInteger(maxFeatures) && maxFeatures >= 1 && maxFeatures <= features) return maxFeatures;
  throw new RangeError(
    `maxFeatures: expected "sqrt", "all" or a whole number from 1 to ${features}, found ${maxFeatures}`,
  );
}

/** The index of the largest value of each row; in a tie, the first. @param table [n, classes] */
export function likeliest(table: Float64Array, classes: number): Int32Array {
  const labels = new Int32Array(table.length / classes);
  for (let row = 0; row < labels.length; row++) {
    const at = row * classes;
    let best = 0;
    for (let c = 1; c < classes; c++) if (table[at + c] > table[at + best]) best = c;
    labels[row] = best;
  }
  return labels;
}

/** Divides values by their sum, in place. If the sum is 0, they stay unchanged. */
export function shares(values: Float64Array): Float64Array {
  const sum = values.reduce((total, value) => total + value, 0);
  if (sum > 0) values.forEach((value, i) => values[i] = value / sum);
  return values;
}
