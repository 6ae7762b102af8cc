/**
 * Grows trees. A node that is pure, at the greatest depth, or without a possible split becomes a leaf. Any other node is
 * split in two. The left part grows before the right, so nodes are numbered in preorder: the left child of node i is i + 1.
 *
 * @module
 */

import { Random } from "../kernels/random.ts";
import type { Columns } from "./columns.ts";
import { Splitter } from "./splitter.ts";

/** The nodes of a tree in flat arrays, in preorder; node 0 is the root. */
export interface TreeNodes {
  /** [nodes] the feature that a node tests, -1 in a leaf */
  readonly feature: Int32Array;
  /** [nodes] `value <= threshold` goes left; 0 in a leaf */
  readonly threshold: Float64Array;
  /** [nodes] child, -1 in a leaf */
  readonly left: Int32Array;
  /** [nodes] child, -1 in a leaf */
  readonly right: Int32Array;
  /**
   * [nodes, classes] number of training samples of each class that reach the node, each counted as often as it was
   * drawn
   */
  readonly value: Uint32Array;
}

/** Builds trees over one table. Its arrays are reused for one tree after the other. */
export class TreeBuilder {
  readonly #labels: Int32Array;
  readonly #classes: number;
  readonly #maxDepth: number;
  readonly #splitter: Splitter;
  readonly #feature: Int32Array;
  readonly #threshold: Float64Array;
  readonly #right: Int32Array;
  #value: Uint32Array;
  /** [waiting nodes, 4]: start, end, depth, and the node whose right child this is (-1: a left child, or the root) */
  readonly #waiting: Int32Array;

  /**
   * @param labels [n]
   * @param maxFeatures how many features to examine for a split
   * @param maxDepth largest number of splits from the root to a leaf; Infinity grows the tree fully
   */
  constructor(columns: Columns, labels: Int32Array, classes: number, maxFeatures: number, maxDepth: number) {
    const most = 2 * columns.n - 1; // nodes if every sample has its own leaf
    this.#labels = labels;
    this.#classes = classes;
    this.#maxDepth = maxDepth;
    this.#splitter = new Splitter(columns, labels, classes, maxFeatures);
    this.#feature = new Int32Array(most);
    this.#threshold = new Float64Array(most);
    this.#right = new Int32Array(most);
    this.#value = new Uint32Array(64 * classes);
    this.#waiting = new Int32Array(4 * (columns.n + 1));
  }

  /** Grows a tree. @param weights [n]: how often each sample counts; at least one is positive */
  build(weights: Int32Array, random: Random): TreeNodes {
    const splitter = this.#splitter, waiting = this.#waiting, classes = this.#classes;
    const feature = this.#feature, threshold = this.#threshold, right = this.#right;
    let top = wait(waiting, 0, 0, splitter.begin(weights), 0, -1), nodes = 0;
    while (top > 0) {
      top -= 4;
      const start = waiting[top], end = waiting[top + 1], depth = waiting[top + 2], parent = waiting[top + 3];
      const node = nodes++;
      if (parent >= 0) right[parent] = node;
      const pure = this.#count(node, start, end, weights);
      if (pure || depth >= this.#maxDepth || !splitter.find(start, end, this.#value, node * classes, random)) {
        feature[node] = right[node] = -1;
        threshold[node] = 0;
        continue;
      }
      feature[node] = splitter.feature;
      threshold[node] = splitter.threshold;
      const middle = splitter.partition(start, end);
      top = wait(waiting, top, middle, end, depth + 1, node);
      top = wait(waiting, top, start, middle, depth + 1, -1); // pushed last, so it is processed next
    }
    return {
      feature: feature.slice(0, nodes),
      threshold: threshold.slice(0, nodes),
      left: Int32Array.from({ length: nodes }, (_, node) => feature[node] < 0 ? -1 : node + 1),
      right: right.slice(0, nodes),
      value: this.#value.slice(0, nodes * classes),
    };
  }

  /** Writes the class counts of a node; returns true if only one class occurs. */
  #count(node: number, start: number, end: number, weights: Int32Array): boolean {
    const samples = this.#splitter.samples, labels = this.#labels, at = node * this.#classes;
    if (at + this.#classes > this.#value.length) {
      const larger = new Uint32Array(2 * this.#value.length);
      larger.set(this.#value);
      this.#value = larger;
    }
    const value = this.#value;
    value.fill(0, at, at + this.#classes); // clears the counts of an earlier tree
    const first = labels[samples[start]];
    let pure = true;
    for (let i = start; i < end; i++) {
      const sample = samples[i], label = labels[sample];
      value[at + label] += weights[sample];
      if (label !== first) pure = false;
    }
    return pure;
  }
}

/**
 * Pushes a node on the stack and returns the new top. At most one right child waits at each depth, so n + 1 places
 * suffice.
 */
function wait(waiting: Int32Array, top: number, start: number, end: number, depth: number, parent: number): number {
  waiting[top] = start;
  waiting[top + 1] = end;
  waiting[top + 2] = depth;
  waiting[top + 3] = parent;
  return top + 4;
}
