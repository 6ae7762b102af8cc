/**
 * What random numbers are drawn for. A stream is keyed by a path of whole numbers, `new Random(seed, purpose, ...)`: two paths that
 * differ anywhere, or in length, give unrelated numbers. Every purpose of the project stands here, so that no two share one by chance.
 * A number that is changed changes every run of that seed. A stage's part of a path is its ordinal: 1 for the first.
 */

/** Purposes of an experiment: the second part of a path, after the seed. */
export const STREAMS = {
  /** Folds: seed, purpose, draw. */
  folds: 1,
  /** Validation utterances: seed, purpose, fold. */
  validation: 2,
  /** First weights of a stage's first network: seed, purpose, fold, stage, parameter. */
  weights: 3,
  /** What a fit of the first network shuffles, drops and changes: seed, purpose, fold, stage, epoch, ... */
  shuffling: 4,
  /** Forests, folded into one number: see `forestSeed`. */
  forest: 5,
  /** Parts of cross-fitting: seed, purpose, fold. */
  parts: 6,
  /** Shuffled statistics: seed, purpose, stage, judged utterances, column, repeat; longer than any path of parts. */
  importance: 6,
  /** As weights, of the stage's further networks: seed, purpose, fold, stage, member, parameter. */
  weightsOfMembers: 8,
  /** As shuffling, of the stage's further networks: seed, purpose, fold, stage, member, epoch, ... */
  shufflingOfMembers: 9,
} as const;

/** Purposes within a fit, after its path (seed, purpose, fold, stage, epoch). */
export const FIT_STREAMS = {
  /** How a segment is changed: ..., purpose, example. */
  views: 11,
  /** Noise that is added to a batch: ..., purpose, its first example. */
  noise: 12,
  /** Shares of mixup: ..., purpose, the batch's first example. */
  mixup: 13,
  /** Orders with as many segments of each emotion: ..., purpose, emotion. */
  balance: 14,
} as const;

/** The draw of the folds that forests are judged over, where these are drawn anew; the networks' own are draw 0. */
export const FOREST_FOLDS_DRAW = 1;

/** Purposes within a forest: seed, tree, purpose. */
export const TREE_STREAMS = { bootstrap: 0, splits: 1 } as const;

/** Purposes of synthetic speech: the second part of a path, after the corpus's seed. */
export const SPEECH_STREAMS = { speaker: 1, sentence: 2, take: 3, noise: 4 } as const;
