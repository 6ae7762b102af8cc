/** Stratified folds, as scikit-learn's StratifiedKFold(shuffle=True) shares them out, for the tests of the forest. */

import { Random } from "../../kernels/random.ts";

/**
 * The fold, 0 .. folds - 1, of each sample: the samples shuffled, brought in the order of their classes, and dealt out in turn,
 * so that each fold has its share of each class.
 */
export function stratifiedFolds(y: Int32Array, folds: number, seed: number): Int32Array {
  const order = new Random(seed).shuffle(Array.from(y.keys())).sort((a, b) => y[a] - y[b]);
  const fold = new Int32Array(y.length);
  order.forEach((sample, place) => fold[sample] = place % folds);
  return fold;
}

/** The rows, and their labels, for which `wanted` is true. */
export function selectRows(
  x: Float32Array,
  y: Int32Array,
  wanted: (row: number) => boolean,
): { x: Float32Array; y: Int32Array } {
  const features = x.length / y.length, rows = Array.from(y.keys()).filter(wanted);
  const selected = new Float32Array(rows.length * features);
  rows.forEach((row, at) => selected.set(x.subarray(row * features, (row + 1) * features), at * features));
  return { x: selected, y: Int32Array.from(rows, (row) => y[row]) };
}
