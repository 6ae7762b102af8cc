/**
 * What random numbers are drawn for. A path of whole numbers keys each stream, `new Random(seed, purpose, ...)`: two paths that differ
 * anywhere, or in length, give unrelated numbers. All purposes of the project are listed here, so that no two share a key by chance.
 * Changing a number changes every run. A stage appears in a path as its ordinal: 1 for the first.
 */

/** Purposes of an experiment: the second part of a path, after the seed. */
export const STREAMS = {
  /** Folds: seed, purpose, draw. */
  folds: 1,
  /** Validation utterances: seed, purpose, fold. */
  validation: 2,
  /** Initial weights of a stage's first network: seed, purpose, fold, stage, parameter. */
  weights: 3,
  /** Shuffling, dropout and augmentation when the first network is fitted: seed, purpose, fold, stage, epoch, ... */
  shuffling: 4,
  /** Forests, folded into one number: see `forestSeed`. */
  forest: 5,
  /** Parts of cross-fitting: seed, purpose, fold. */
  parts: 6,
  /**
   * Permuted statistics: seed, purpose, stage, judged utterances, column, repeat. This path is longer than any path of
   * parts.
   */
  importance: 6,
  /** Like weights, for the stage's further networks: seed, purpose, fold, stage, member, parameter. */
  weightsOfMembers: 8,
  /** Like shuffling, for the stage's further networks: seed, purpose, fold, stage, member, epoch, ... */
  shufflingOfMembers: 9,
} as const;

/** Purposes within a fit, after its path (seed, purpose, fold, stage, epoch). */
export const FIT_STREAMS = {
  /** Augmentation of a segment: ..., purpose, example. */
  views: 11,
  /** Noise added to a batch: ..., purpose, its first example. */
  noise: 12,
  /** Shares of mixup: ..., purpose, the batch's first example. */
  mixup: 13,
  /** Which of a recording's copies a segment is cut from: ..., purpose, example. */
  conditions: 15,
  /** Orders with equally many segments of each emotion: ..., purpose, emotion. */
  balance: 14,
} as const;

/** The draw of the folds that judge forests, if they are drawn anew. The networks' own folds are draw 0. */
export const FOREST_FOLDS_DRAW = 1;

/** Purposes within a forest: seed, tree, purpose. */
export const TREE_STREAMS = { bootstrap: 0, splits: 1 } as const;

/** Copies for multi-condition training: purpose, copy, content of the recording. No seed: every run has the same copies. */
export const CONDITION_STREAM = 0xc0b1;

/** Purposes of synthetic speech: the second part of a path, after the corpus's seed. */
export const SPEECH_STREAMS = { speaker: 1, sentence: 2, take: 3, noise: 4 } as const;
