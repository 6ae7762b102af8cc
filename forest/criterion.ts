/**
 * Gini impurity: how mixed the classes of a node are.
 *
 *     gini = 1 - sum over c of (w_c / w)^2          w_c: weight of class c in the node, w: of all classes
 *
 * 0 for a node of one class; 1 - 1/K for K classes in equal parts. A split is judged by what is left of it,
 * w_left gini_left + w_right gini_right: the best split is the one that leaves least (Breiman, Friedman, Olshen & Stone,
 * "Classification and regression trees", 1984, chapter 4).
 *
 * The scan over the places where a sorted node can be cut moves one sample at a time from right to left, and so keeps the
 * sums of squares of both sides up to date: (a + w)^2 = a^2 + w (2a + w). Weights are whole numbers (how often a sample was
 * drawn), so these sums are exact.
 *
 * @module
 */

/**
 * The impurity of a node.
 *
 * @example
 * ```ts
 * import assert from "@std/assert";
 * assert.equal(gini([5, 5]), 0.5);
 * assert.equal(gini([0, 7]), 0);
 * ```
 *
 * @param counts the weight of each class
 */
export function gini(counts: ArrayLike<number>): number {
  let weight = 0, squares = 0;
  for (let c = 0; c < counts.length; c++) {
    weight += counts[c];
    squares += counts[c] * counts[c];
  }
  return 1 - squares / (weight * weight);
}

/** The two sides of a cut that travels from left to right through a node. */
export class GiniScan {
  readonly #total: Float64Array;
  readonly #left: Float64Array;
  #weight = 0;
  #squares = 0;
  #leftWeight = 0;
  #leftSquares = 0;
  #rightSquares = 0;

  /** @param classes how many there are */
  constructor(classes: number) {
    this.#total = new Float64Array(classes);
    this.#left = new Float64Array(classes);
  }

  /** Takes up a node. @param counts [.., classes]: weights, those of the node from `at` on */
  begin(counts: Uint32Array, at: number): void {
    const total = this.#total;
    this.#weight = this.#squares = 0;
    for (let c = 0; c < total.length; c++) {
      const count = counts[at + c];
      total[c] = count;
      this.#weight += count;
      this.#squares += count * count;
    }
  }

  /** Puts the cut at the left end: everything is right of it. */
  reset(): void {
    this.#left.fill(0);
    this.#leftWeight = this.#leftSquares = 0;
    this.#rightSquares = this.#squares;
  }

  /** Moves a sample from the right of the cut to its left. */
  move(label: number, weight: number): void {
    const left = this.#left, count = left[label];
    this.#leftSquares += weight * (2 * count + weight);
    this.#rightSquares -= weight * (2 * (this.#total[label] - count) - weight);
    this.#leftWeight += weight;
    left[label] = count + weight;
  }

  /**
   * What the cut is worth, to compare with other cuts of the node: minus the impurity it leaves. This is in scikit-learn's
   * own words rather than the shorter `squaresLeft / wLeft + squaresRight / wRight`, so that cuts of equal worth round as
   * they do there.
   */
  worth(): number {
    const left = this.#leftWeight, right = this.#weight - left;
    const giniLeft = 1 - this.#leftSquares / (left * left);
    const giniRight = 1 - this.#rightSquares / (right * right);
    return -right * giniRight - left * giniLeft;
  }
}
