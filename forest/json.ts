/**
 * Forests as JSON, small and exact.
 *
 * Nodes are in preorder, so the list of the nodes' features, -1 for a leaf, defines the shape of a tree: a node's left
 * child comes next, and its right child follows the left subtree. Thresholds are listed only for nodes that split. Class
 * counts are listed only for leaves, as pairs (class, count), since a split node's counts are the sum of its children's.
 * JSON's numbers preserve every bit of a float64.
 *
 * @module
 */

import type { TreeNodes } from "./builder.ts";
import { DecisionTree } from "./tree.ts";

/** A tree, nodes in preorder. */
export interface TreeJSON {
  /** for each node the feature that it tests, -1 for a leaf */
  feature: number[];
  /** for each node that splits: `value <= threshold` goes left */
  threshold: number[];
  /** for each leaf: class, count, class, count, … of the classes that occur */
  leaves: number[][];
}

/** A forest. */
export interface ForestJSON {
  /** identifies the format */
  format: "epr-forest";
  /** increases when older programs can't read the format */
  version: 1;
  /** columns of x */
  features: number;
  /** labels are 0 .. classes - 1 */
  classes: number;
  /** at least one tree */
  trees: TreeJSON[];
}

/** @param trees at least one, all with the same features and classes */
export function forestToJSON(trees: readonly DecisionTree[]): ForestJSON {
  const [{ features, classes }] = trees;
  return { format: "epr-forest", version: 1, features, classes, trees: trees.map(treeToJSON) };
}

function treeToJSON({ nodes, classes }: DecisionTree): TreeJSON {
  const threshold: number[] = [], leaves: number[][] = [];
  nodes.feature.forEach((feature, node) => {
    if (feature >= 0) {
      threshold.push(nodes.threshold[node]);
    } else {
      const pairs: number[] = [];
      for (let c = 0; c < classes; c++) {
        const count = nodes.value[node * classes + c];
        if (count > 0) pairs.push(c, count);
      }
      leaves.push(pairs);
    }
  });
  return { feature: Array.from(nodes.feature), threshold, leaves };
}

/** @throws TypeError or RangeError that names the part where `json` is not a {@link ForestJSON} */
export function forestFromJSON(json: unknown): DecisionTree[] {
  const forest = record("The forest", json);
  if (forest.format !== "epr-forest") {
    throw new TypeError(`format: expected "epr-forest", found ${show(forest.format)}`);
  }
  if (forest.version !== 1) {
    throw new RangeError(`version: expected 1, found ${show(forest.version)}`);
  }
  const features = whole("features", forest.features, 1, 2 ** 31 - 1);
  const classes = whole("classes", forest.classes, 1, 2 ** 16);
  const trees = list("trees", forest.trees);
  if (trees.length === 0) throw new RangeError("trees: expected at least one tree, found none");
  return trees.map((tree, t) =>
    new DecisionTree(treeFromJSON(`trees[${t}]`, tree, features, classes), features, classes)
  );
}

function treeFromJSON(where: string, json: unknown, features: number, classes: number): TreeNodes {
  const tree = record(where, json);
  const tests = list(`${where}.feature`, tree.feature), feature = new Int32Array(tests.length);
  for (let node = 0; node < tests.length; node++) {
    feature[node] = whole([where, ".feature", node], tests[node], -1, features - 1);
  }
  const nodes = feature.length, split = feature.filter((value) => value >= 0).length;
  const thresholds = list(`${where}.threshold`, tree.threshold, split), leaves = list(`${where}.leaves`, tree.leaves);
  if (leaves.length !== split + 1 || nodes !== 2 * split + 1) {
    throw new RangeError(
      `${where}: expected one leaf more than nodes that split, found ${split} nodes that split, ` +
        `${nodes - split} that do not and ${leaves.length} leaves`,
    );
  }
  const threshold = new Float64Array(nodes), value = new Uint32Array(nodes * classes);
  const left = new Int32Array(nodes).fill(-1), right = new Int32Array(nodes).fill(-1);
  const open: number[] = []; // nodes whose right child comes later
  for (let node = 0, splits = 0, leaf = 0; node < nodes; node++) {
    if (feature[node] >= 0) {
      threshold[node] = number([where, ".threshold", splits], thresholds[splits++]);
      left[node] = node + 1;
      open.push(node);
      continue;
    }
    readLeaf([where, ".leaves", leaf], leaves[leaf++], value.subarray(node * classes, (node + 1) * classes));
    const parent = open.pop();
    if (parent !== undefined) right[parent] = node + 1;
    if ((parent === undefined) !== (node === nodes - 1)) {
      throw new RangeError(
        `${where}.feature: expected a tree in preorder, found one that is complete at node ${node} of ${nodes}`,
      );
    }
  }
  for (let node = nodes - 1; node >= 0; node--) { // children come after their parent, so they are summed first
    if (left[node] < 0) continue;
    for (let c = 0; c < classes; c++) {
      value[node * classes + c] = value[left[node] * classes + c] + value[right[node] * classes + c];
    }
  }
  return { feature, threshold, left, right, value };
}

/** @param counts [classes] of the leaf, initially 0 */
function readLeaf(where: Place, json: unknown, counts: Uint32Array): void {
  const pairs = list(where, json);
  if (pairs.length === 0 || pairs.length % 2 !== 0) {
    throw new RangeError(`${nameOf(where)}: expected pairs of a class and a count, found ${pairs.length} numbers`);
  }
  for (let i = 0; i < pairs.length; i += 2) {
    const label = whole([where, "", i], pairs[i], 0, counts.length - 1);
    counts[label] = whole([where, "", i + 1], pairs[i + 1], 1, 2 ** 31 - 1);
  }
}

/**
 * A place in the JSON: its name, or a part of another place and an index. A forest has tens of thousands of numbers, so a name is
 * put together only for an error.
 */
type Place = string | readonly [whole: Place, part: string, index: number];

const nameOf = (place: Place): string =>
  typeof place === "string" ? place : `${nameOf(place[0])}${place[1]}[${place[2]}]`;

function record(where: string, value: unknown): Record<string, unknown> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new TypeError(`${where}: expected an object, found ${show(value)}`);
}

function list(where: Place, value: unknown, length?: number): unknown[] {
  if (!Array.isArray(value)) throw new TypeError(`${nameOf(where)}: expected a list, found ${show(value)}`);
  if (length !== undefined && value.length !== length) {
    throw new RangeError(`${nameOf(where)}: expected ${length} entries, found ${value.length}`);
  }
  return value;
}

function number(where: Place, value: unknown): number {
  if (typeof value === "number" && Number.isFinite(value)) return value;
  throw new TypeError(`${nameOf(where)}: expected a number, found ${show(value)}`);
}

function whole(where: Place, value: unknown, least: number, most: number): number {
  if (!Number.isInteger(number(where, value)) || (value as number) < least || (value as number) > most) {
    throw new RangeError(`${nameOf(where)}: expected a whole number from ${least} to ${most}, found ${show(value)}`);
  }
  return value as number;
}

/** A value for a message, truncated. */
function show(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 40 ? text.slice(0, 40) + "…" : text;
}
