/**
 * Gini impurity: how mixed the classes of a node are.
 *
 *     gini = 1 - sum over c of (w_c / w)^2          w_c: weight of class c in the node, w: of all classes
 *
 * 0 for a node of one class; 1 - 1/K for K classes in equal parts. A split is judged by the impurity that it leaves,
 * w_left gini_left + w_right gini_right: the best split is the one that leaves least (Breiman, Friedman, Olshen & Stone,
 * "Classification and regression trees", 1984, chapter 4).
 *
 * To judge every cut through a sorted node, samples are moved one by one from the right side to the left, and the sums of
 * squares w_c^2 of both sides follow: (a + w)^2 = a^2 + w (2 a + w). Weights are whole numbers (how often a sample was
 * drawn), so these sums are exact.
 *
 * @module
 */

/**
 * The impurity of a node.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * assertEquals(gini([5, 5]), 0.5);
 * assertEquals(gini([0, 7]), 0);
 * ```
 *
 * @param counts the weight of each class
 */
export function gini(counts: ArrayLike<number>): number {
  let weight = 0;
  for (let c = 0; c < counts.length; c++) weight += counts[c];
  return 1 - sumOfSquares(counts, 0, counts.length) / (weight * weight);
}

/** Sum of squares of the `classes` counts from index `at` on. */
export function sumOfSquares(counts: ArrayLike<number>, at: number, classes: number): number {
  let squares = 0;
  for (let c = at; c < at + classes; c++) squares += counts[c] * counts[c];
  return squares;
}

/**
 * The worth of a cut, for comparison with other cuts of the same node: minus the impurity that remains. The formula is
 * scikit-learn's, not the shorter `squaresLeft / left + squaresRight / right`, so that cuts of equal worth round in the
 * same way.
 *
 * @param left weight of the left side
 * @param squaresLeft sum over classes of the squared class weight there
 * @param right weight of the right side
 * @param squaresRight as `squaresLeft`
 */
export function worthOfCut(left: number, squaresLeft: number, right: number, squaresRight: number): number {
  const giniLeft = 1 - squaresLeft / (left * left), giniRight = 1 - squaresRight / (right * right);
  return -right * giniRight - left * giniLeft;
}
