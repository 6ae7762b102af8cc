/**
 * Finds the best split of a node: over a few features drawn at random, and over all cuts between neighbouring values.
 *
 * As in scikit-learn:
 * - features are drawn without replacement, until `maxFeatures` were examined; if all of these are constant in the node,
 *   drawing continues until one is not, or none is left;
 * - the threshold is the midpoint of the two neighbours, and `value <= threshold` goes left;
 * - neighbours less than 1e-7 apart are not cut;
 * - of equally good splits the first is used: the lowest threshold of the feature drawn first.
 *
 * Two methods give the same split. In general the node's samples are sorted and moved one by one from right to left. If a
 * feature has few distinct values for many samples (such as the pixels of an image), no sorting is needed: samples are
 * counted by value and class, and all samples with one value move at once.
 *
 * @module
 */

import type { Random } from "../kernels/random.ts";
import type { Columns } from "./columns.ts";
import { sumOfSquares, worthOfCut } from "./criterion.ts";
import { RankSorter } from "./rank_sorter.ts";

/** Neighbours this close are not separated: scikit-learn's FEATURE_THRESHOLD, added in float32. */
const CLOSE = Math.fround(1e-7);

/** Cells (values x classes) per sample up to which counting is faster than sorting (measured). */
const CELLS_PER_SAMPLE = 4;

/**
 * Finds splits and applies them. Between calls `samples` is a permutation in which each node of the growing tree is a run
 * `start .. end`.
 */
export class Splitter {
  /** The samples of the tree, as many as {@link begin} returned. */
  readonly samples: Int32Array;
  /** Feature of the split found last. */
  feature = -1;
  /** Threshold of the split found last: `value <= threshold` goes left. */
  threshold = 0;
  /** Rank of the lower neighbour in the split found last. */
  #lastRank = 0;
  /** {@link worthOfCut} of the split found last. */
  #worth = 0;

  readonly #columns: Columns;
  readonly #labels: Int32Array;
  readonly #classes: number;
  readonly #maxFeatures: number;
  #weights: Int32Array = new Int32Array(0);
  /** [features] in drawn order */
  readonly #features: Int32Array;
  /** [features] a run of samples in which the feature is constant: it is then constant in all nodes below */
  readonly #constantFrom: Int32Array;
  readonly #constantTo: Int32Array;
  readonly #sorter: RankSorter;
  /** [distinct values, classes] */
  readonly #cells: Int32Array;
  /** [classes] weights of the node; weights left of the cut; and for both sides their sums and sums of squares */
  readonly #total: Int32Array;
  readonly #left: Int32Array;
  #weight = 0;
  #squares = 0;

  /**
   * @param labels [n]
   * @param maxFeatures how many features to examine for a split
   */
  constructor(columns: Columns, labels: Int32Array, classes: number, maxFeatures: number) {
    this.samples = new Int32Array(columns.n);
    this.#columns = columns;
    this.#labels = labels;
    this.#classes = classes;
    this.#maxFeatures = maxFeatures;
    this.#features = new Int32Array(columns.features);
    this.#constantFrom = new Int32Array(columns.features);
    this.#constantTo = new Int32Array(columns.features);
    this.#sorter = new RankSorter(columns.n);
    this.#cells = new Int32Array(CELLS_PER_SAMPLE * columns.n);
    this.#total = new Int32Array(classes);
    this.#left = new Int32Array(classes);
  }

  /**
   * Starts a tree over the samples with positive weight, and returns their number. @param weights [n], whole numbers
   */
  begin(weights: Int32Array): number {
    this.#weights = weights;
    // resets the state of earlier trees
    for (let f = 0; f < this.#features.length; f++) this.#features[f] = f;
    this.#constantTo.fill(0);
    let count = 0;
    for (let i = 0; i < weights.length; i++) if (weights[i] > 0) this.samples[count++] = i;
    return count;
  }

  /**
   * Finds the best split of the samples `start .. end` and sets `feature` and `threshold`. Returns false if there is
   * none, because no two neighbours are far enough apart.
   *
   * @param counts the weights of the node's classes, from `at` on
   */
  find(start: number, end: number, counts: Uint32Array, at: number, random: Random): boolean {
    const features = this.#features, total = this.#total;
    this.#weight = 0;
    for (let c = 0; c < total.length; c++) this.#weight += total[c] = counts[at + c];
    this.#squares = sumOfSquares(total, 0, total.length);
    this.#worth = -Infinity;
    let varied = false;
    for (let looked = 0; looked < features.length && (looked < this.#maxFeatures || !varied); looked++) {
      const j = looked + random.below(features.length - looked); // one step of a Fisher-Yates shuffle
      const feature = features[j];
      features[j] = features[looked];
      features[looked] = feature;
      if (start >= this.#constantFrom[feature] && end <= this.#constantTo[feature]) continue;
      const cells = this.#columns.values[feature].length * this.#classes;
      const varies = cells <= CELLS_PER_SAMPLE * (end - start)
        ? this.#cutCounted(feature, start, end, cells)
        : this.#cutSorted(feature, start, end);
      if (varies) {
        varied = true;
      } else {
        this.#constantFrom[feature] = start;
        this.#constantTo[feature] = end;
      }
    }
    return this.#worth > -Infinity;
  }

  /** Tries the cuts of a feature by sorting the samples; returns false if the feature is constant. */
  #cutSorted(feature: number, start: number, end: number): boolean {
    const { n, ranks } = this.#columns, column = feature * n, values = this.#columns.values[feature];
    const sorter = this.#sorter, m = end - start;
    let low = values.length, high = 0;
    {
      const { ranks: unsortedRanks, samples: unsorted } = sorter, samples = this.samples;
      for (let i = 0; i < m; i++) {
        const sample = samples[start + i], rank = ranks[column + sample];
        unsortedRanks[i] = rank;
        unsorted[i] = sample;
        if (rank < low) low = rank;
        if (rank > high) high = rank;
      }
    }
    if (!farApart(values[low], values[high])) return false;
    sorter.sort(m, low, high);
    const { ranks: sortedRanks, samples: sorted } = sorter;
    const labels = this.#labels, weights = this.#weights, total = this.#total, left = this.#left.fill(0);
    let leftWeight = 0, leftSquares = 0, rightSquares = this.#squares;
    for (let i = 0; i < m - 1; i++) {
      const sample = sorted[i], label = labels[sample], weight = weights[sample], before = left[label];
      left[label] = before + weight;
      leftWeight += weight;
      leftSquares += weight * (2 * before + weight);
      rightSquares -= weight * (2 * (total[label] - before) - weight);
      if (sortedRanks[i] === sortedRanks[i + 1]) continue;
      this.#judge(feature, values, sortedRanks[i], sortedRanks[i + 1], leftWeight, leftSquares, rightSquares);
    }
    return true;
  }

  /**
   * Tries the cuts of a feature by counting `cells` = distinct values x classes; returns false if the feature is
   * constant.
   */
  #cutCounted(feature: number, start: number, end: number, cells: number): boolean {
    this.#countCells(feature, start, end, cells);
    return this.#cutCells(feature, cells);
  }

  /** Fills the first `cells` of #cells with the weights of the node's samples by value and class. */
  #countCells(feature: number, start: number, end: number, cells: number): void {
    const { n, ranks } = this.#columns, column = feature * n, classes = this.#classes;
    const samples = this.samples, labels = this.#labels, weights = this.#weights, counts = this.#cells;
    for (let cell = 0; cell < cells; cell++) counts[cell] = 0;
    for (let i = start; i < end; i++) {
      const sample = samples[i];
      counts[ranks[column + sample] * classes + labels[sample]] += weights[sample];
    }
  }

  /** Moves one value after the other, with all its samples at once, to the left of the cut. */
  #cutCells(feature: number, cells: number): boolean {
    const values = this.#columns.values[feature], classes = this.#classes, counts = this.#cells;
    const total = this.#total, left = this.#left.fill(0);
    let first = -1, last = -1, lastWeight = 0, lastLeftSquares = 0, lastRightSquares = 0;
    for (let cell = 0, rank = 0; cell < cells; rank++) {
      let leftWeight = 0, leftSquares = 0, rightSquares = 0;
      for (let c = 0; c < classes; c++, cell++) {
        const l = left[c] + counts[cell], r = total[c] - l;
        left[c] = l;
        leftWeight += l;
        leftSquares += l * l;
        rightSquares += r * r;
      }
      if (leftWeight === lastWeight) continue; // no sample of the node has this value
      if (last >= 0) this.#judge(feature, values, last, rank, lastWeight, lastLeftSquares, lastRightSquares);
      else first = rank;
      last = rank;
      lastWeight = leftWeight;
      lastLeftSquares = leftSquares;
      lastRightSquares = rightSquares;
    }
    return farApart(values[first], values[last]);
  }

  /** Records the cut between two neighbouring ranks if it is the best so far. */
  #judge(
    feature: number,
    values: Float32Array,
    rank: number,
    next: number,
    leftWeight: number,
    leftSquares: number,
    rightSquares: number,
  ): void {
    const worth = worthOfCut(leftWeight, leftSquares, this.#weight - leftWeight, rightSquares);
    if (worth <= this.#worth || !farApart(values[rank], values[next])) return;
    this.#worth = worth;
    this.feature = feature;
    this.threshold = midpoint(values[rank], values[next]);
    this.#lastRank = rank;
  }

  /** Moves the samples that go left to the front of `start .. end`, and returns the start of those that go right. */
  partition(start: number, end: number): number {
    const { n, ranks } = this.#columns, samples = this.samples;
    const column = this.feature * n, last = this.#lastRank;
    let left = start, right = end;
    while (left < right) {
      const sample = samples[left];
      if (ranks[column + sample] <= last) {
        left++;
      } else {
        samples[left] = samples[--right];
        samples[right] = sample;
      }
    }
    return left;
  }
}

function farApart(low: number, high: number): boolean {
  return high > Math.fround(low + CLOSE);
}

/**
 * The midpoint of two float32 values, in float64. A sum of halves cannot overflow. If it rounds to the upper value, which
 * must go right, the lower value is used.
 */
function midpoint(low: number, high: number): number {
  const middle = low / 2 + high / 2;
  return middle === high ? low : middle;
}
