/**
 * The best split of a node: over a few features drawn at random, each place between two neighbouring values.
 *
 * As in scikit-learn:
 * - features are drawn without replacement, until `maxFeatures` were looked at; where all of those were constant in the node,
 *   drawing goes on until one is not, or none is left;
 * - the threshold is the midpoint of the two neighbours, and `value <= threshold` goes left;
 * - values less than 1e-7 apart count as equal;
 * - of equally good splits the first found is kept: at the lower threshold within a feature, of the feature drawn first.
 *
 * @module
 */

import type { Random } from "../kernels/random.ts";
import type { Columns } from "./columns.ts";
import { GiniScan } from "./criterion.ts";
import { RankSorter } from "./rank_sorter.ts";

/** Neighbours this close are one value: scikit-learn's FEATURE_THRESHOLD, added in float32. */
const CLOSE = Math.fround(1e-7);

/**
 * Finds splits, and carries them out. Between calls `samples` is a permutation in which each node of the tree under growth
 * is a run `start .. end`.
 */
export class Splitter {
  /** The samples of the tree: the first {@link begin} said are in use. */
  readonly samples: Int32Array;
  /** Of the split last found: its feature. */
  feature = -1;
  /** Of the split last found: `value <= threshold` goes left. */
  threshold = 0;
  #lastRankLeft = 0;

  readonly #columns: Columns;
  readonly #labels: Int32Array;
  readonly #maxFeatures: number;
  readonly #features: Int32Array;
  readonly #sorter: RankSorter;
  readonly #scan: GiniScan;
  #weights: Int32Array;

  /**
   * @param labels [n]
   * @param maxFeatures how many features to look at for a split
   */
  constructor(columns: Columns, labels: Int32Array, classes: number, maxFeatures: number) {
    this.samples = new Int32Array(columns.n);
    this.#columns = columns;
    this.#labels = labels;
    this.#maxFeatures = maxFeatures;
    this.#features = new Int32Array(columns.features);
    this.#sorter = new RankSorter(columns.n);
    this.#scan = new GiniScan(classes);
    this.#weights = new Int32Array(0);
  }

  /** Starts a tree over the samples that weigh anything, and returns their number. @param weights [n], whole numbers */
  begin(weights: Int32Array): number {
    this.#weights = weights;
    for (let f = 0; f < this.#features.length; f++) this.#features[f] = f;
    let count = 0;
    for (let i = 0; i < weights.length; i++) if (weights[i] > 0) this.samples[count++] = i;
    return count;
  }

  /**
   * Looks for the best split of the samples `start .. end`, into `feature` and `threshold`; false where there is none, all
   * features being constant.
   *
   * @param counts weights of the node's classes, from `at` on
   */
  find(start: number, end: number, counts: Uint32Array, at: number, random: Random): boolean {
    const features = this.#features, scan = this.#scan;
    scan.begin(counts, at);
    let best = -Infinity, varied = false;
    for (let looked = 0; looked < features.length && (looked < this.#maxFeatures || !varied); looked++) {
      const j = looked + random.below(features.length - looked); // one step of a Fisher-Yates shuffle
      const feature = features[j];
      features[j] = features[looked];
      features[looked] = feature;
      if (!this.#sort(feature, start, end)) continue;
      varied = true;
      best = this.#cut(feature, end - start, best);
    }
    return best > -Infinity;
  }

  /** Sorts the node by a feature; false where that is constant. */
  #sort(feature: number, start: number, end: number): boolean {
    const { n, ranks } = this.#columns, column = feature * n;
    const values = this.#columns.values[feature], sorter = this.#sorter;
    const sortedRanks = sorter.ranks, sortedSamples = sorter.samples, samples = this.samples;
    let low = values.length, high = 0;
    for (let i = start; i < end; i++) {
      const sample = samples[i], rank = ranks[column + sample];
      sortedRanks[i - start] = rank;
      sortedSamples[i - start] = sample;
      if (rank < low) low = rank;
      if (rank > high) high = rank;
    }
    if (values[high] <= Math.fround(values[low] + CLOSE)) return false;
    sorter.sort(end - start, low, high);
    return true;
  }

  /** Tries each cut of the m sorted samples; returns the worth of the best split so far. */
  #cut(feature: number, m: number, best: number): number {
    const { ranks, samples } = this.#sorter, values = this.#columns.values[feature];
    const labels = this.#labels, weights = this.#weights, scan = this.#scan;
    scan.reset();
    for (let i = 0; i < m - 1; i++) {
      const sample = samples[i], rank = ranks[i], next = ranks[i + 1];
      scan.move(labels[sample], weights[sample]);
      if (rank === next || values[next] <= Math.fround(values[rank] + CLOSE)) continue;
      const worth = scan.worth();
      if (worth > best) {
        best = worth;
        this.feature = feature;
        this.threshold = midpoint(values[rank], values[next]);
        this.#lastRankLeft = rank;
      }
    }
    return best;
  }

  /** Brings the samples that go left to the front of `start .. end`, and returns where those that go right begin. */
  partition(start: number, end: number): number {
    const { n, ranks } = this.#columns, samples = this.samples;
    const column = this.feature * n, last = this.#lastRankLeft;
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

/**
 * Between two float32 values, in float64. The sum of halves cannot overflow; where it rounds to the upper value, which must
 * go right, the lower one takes its place.
 */
function midpoint(low: number, high: number): number {
  const middle = low / 2 + high / 2;
  return middle === high ? low : middle;
}
