/**
 * A table of features as columns of ranks, from which trees grow.
 *
 * A tree depends only on the order of a feature's values, so the values are sorted once, before the first tree:
 * `ranks[f, i]` is the position of sample i's value among the distinct values of feature f, and `values[f]` lists these
 * in rising order. Afterwards, each node of each tree sorts only small whole numbers.
 *
 * @module
 */

/** Labels of n samples: whole numbers, 0 to classes - 1. */
export type Labels = Int32Array | Uint8Array;

/** A table of n samples by `features` features, one column after the other. */
export interface Columns {
  readonly n: number;
  readonly features: number;
  /** [features, n]: the rank of each sample's value within its feature, 0 for the smallest */
  readonly ranks: Int32Array;
  /** The distinct values of each feature, rising: `values[f][ranks[f * n + i]]` is the value of sample i. */
  readonly values: readonly Float32Array[];
}

/**
 * Ranks each feature.
 *
 * @param x [n, features], row-major
 * @throws as {@link countRows}
 */
export function rankColumns(x: Float32Array, features: number): Columns {
  const n = countRows(x, features);
  const ranks = new Int32Array(features * n), values: Float32Array[] = [];
  const column = new Float32Array(n);
  for (let f = 0; f < features; f++) {
    for (let i = 0; i < n; i++) column[i] = x[i * features + f];
    const distinct = column.toSorted();
    let count = 0;
    for (let i = 0; i < n; i++) {
      // `!==` treats -0 and 0 as equal, as `<=` does in a tree's test
      if (i === 0 || distinct[i] !== distinct[count - 1]) distinct[count++] = distinct[i];
    }
    values.push(distinct.slice(0, count));
    for (let i = 0; i < n; i++) ranks[f * n + i] = rankOf(column[i], distinct, count);
  }
  return { n, features, ranks, values };
}

/** The index of `value` in the rising `values[0..count)`, by binary search. */
function rankOf(value: number, values: Float32Array, count: number): number {
  let low = 0, high = count - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (values[middle] < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * The number of rows of a row-major table.
 *
 * @param x [n, features]
 * @throws RangeError if `features` is not a whole number from 1, the length is not a multiple of it, or a value is NaN
 *   or infinite
 */
export function countRows(x: Float32Array, features: number): number {
  wantWhole("features", features, 1);
  if (x.length % features !== 0) {
    throw new RangeError(`x: expected rows of ${features} features, found ${x.length} values`);
  }
  for (let at = 0; at < x.length; at++) {
    if (!Number.isFinite(x[at])) {
      throw new RangeError(
        `x, row ${Math.floor(at / features)}, feature ${at % features}: expected a finite number, found ${x[at]}`,
      );
    }
  }
  return x.length / features;
}

/**
 * Checks labels against their table.
 *
 * @param n rows of the table
 * @throws RangeError if there are no samples, the number of labels is not n, or a label is not in 0 .. classes - 1
 */
export function checkLabels(y: Labels, n: number, classes: number): void {
  wantWhole("classes", classes, 1);
  if (n === 0) throw new RangeError("x: expected at least one row, found none");
  if (y.length !== n) throw new RangeError(`y: expected ${n} labels, one for each row of x, found ${y.length}`);
  for (let i = 0; i < n; i++) {
    if (!(y[i] >= 0 && y[i] < classes)) {
      throw new RangeError(`y, row ${i}: expected a label from 0 to ${classes - 1}, found ${y[i]}`);
    }
  }
}

/** @throws RangeError if `value` is not a whole number >= `least` */
export function wantWhole(name: string, value: number, least: number): void {
  if (!(Number.isSafeInteger(value) && value >= least)) {
    throw new RangeError(`${name}: expected a whole number >= ${least}, found ${value}`);
  }
}
