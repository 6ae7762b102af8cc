/** Kernels of training: the loss, Adam, dropout, batch normalisation. `../table.ts` explains the entries. */

/** Indices of the running totals of `softmaxCrossEntropy` in `metrics`. */
export const METRICS = {
  /** Sum over rows of the loss. */
  loss: 0,
  /** Rows whose most likely class is the target's most likely one (the first in a tie). */
  hits: 1,
  /** Rows counted. */
  rows: 2,
  /** The first step whose loss was not finite; zero if none was. */
  badStep: 3,
  /** Length of a metrics buffer. */
  length: 4,
} as const;

/** Kernels of training. */
export const TRAINING = {
  /** probabilities = softmax of each row of logits (the row's maximum is subtracted first). */
  softmax: {
    flops: "5 rows classes",
    arguments: {
      /** Rows. */
      rows: "size",
      /** Classes, at most 64. */
      classes: { upTo: 64 },
      /** [rows, classes] */
      logits: { read: "rows classes" },
      /** [rows, classes] */
      probabilities: { write: "rows classes" },
    },
  },

  /**
   * Softmax with cross-entropy against soft targets, L = -1/count sum_rows sum_k target log softmax(logits) (equation 4 of the paper),
   * and its gradient (probabilities - targets) / count for targets that sum to 1. Rows from `count` on pad a short batch: their gradient
   * is zero and they are not counted.
   */
  softmaxCrossEntropy: {
    flops: "8 rows classes",
    arguments: {
      /** Rows. */
      rows: "size",
      /** Classes, at most 64. */
      classes: { upTo: 64 },
      /** Rows that count, 1 to rows. */
      count: { upTo: "rows" },
      /** Number of this step, from 1; stored in metrics if its loss is not finite. */
      step: "size",
      /** [rows, classes] */
      logits: { read: "rows classes" },
      /** [rows, classes]: each row a distribution. */
      targets: { read: "rows classes" },
      /** [rows, classes] */
      probabilities: { write: "rows classes" },
      /** [rows, classes] */
      dLogits: { write: "rows classes" },
      /** [4]: running totals, see {@link METRICS}; added to, in a fixed order. */
      metrics: { update: "4" },
    },
  },

  /**
   * One step of Adam as Keras defines it (Kingma & Ba 2015, end of section 2: epsilon-hat), on all weights at once: m = beta1
   * m + (1 - beta1) g; v = beta2 v + (1 - beta2) g^2; weights -= rate m / (sqrt(v) + epsilon), with the rate corrected by the
   * caller: learningRate sqrt(1 - beta2^t) / (1 - beta1^t). Moments of magnitude below 1e-30 become zero.
   */
  adam: {
    flops: "12 length",
    arguments: {
      /** Number of weights. */
      length: "size",
      /** [length]: updated. */
      weights: { update: "length" },
      /** [length] */
      gradients: { read: "length" },
      /** [length]: first moment, updated. */
      m: { update: "length" },
      /** [length]: second moment, updated. */
      v: { update: "length" },
      /** The corrected rate. */
      rate: "number",
      /** Decay of the first moment. */
      beta1: "number",
      /** Decay of the second moment. */
      beta2: "number",
      /** Epsilon-hat. */
      epsilon: "number",
    },
  },

  /**
   * y[i] = x[i] / (1 - rate) if the random word of index i is at least rate 2^32, else 0. The word is the first of
   * threefry2x32(key, [i, 0]) (`random.ts`), so its gradient is the same kernel applied to dy. y may be x.
   */
  dropout: {
    flops: "length",
    arguments: {
      /** Number of values. */
      length: "size",
      /** [length] */
      x: { read: "length" },
      /** [length] */
      y: { write: "length", over: "x" },
      /** Share to drop, 0 <= rate < 1. */
      rate: "share",
      /** The key of the mask. */
      key: "key",
    },
  },

  /**
   * The statistics that a batch norm computes from its input: moments[0, j] = the mean of column j over the rows, moments[1,
   * j] = its variance, the mean of (x - mean)^2. Channels are columns, pixels of all images rows.
   */
  moments: {
    flops: "4 rows columns",
    arguments: {
      /** Rows that count. */
      rows: "size",
      /** Columns. */
      columns: "size",
      /** [at least rows, columns]: rows further on pad a short batch, and are not looked at. */
      x: { read: "rows+ columns" },
      /** [2, columns] */
      moments: { write: "2 columns" },
    },
  },

  /** y = gamma (x - mean) / sqrt(variance + epsilon) + beta, column by column, then max(0, y) if `relu` (Ioffe & Szegedy 2015). */
  normalise: {
    flops: "4 rows columns",
    arguments: {
      /** Rows. */
      rows: "size",
      /** Columns. */
      columns: "size",
      /** [rows, columns] */
      x: { read: "rows columns" },
      /** [2, columns]: means, then variances. */
      moments: { read: "2 columns" },
      /** [columns] */
      gamma: { read: "columns" },
      /** [columns] */
      beta: { read: "columns" },
      /** [rows, columns] */
      y: { write: "rows columns" },
      /** Added to the variance. */
      epsilon: "number",
      /** Whether a ReLU is applied to the output. */
      relu: "flag",
    },
  },

  /**
   * The gradients of `normalise` before its ReLU. The moments are those of the first `count` rows of x, so x also acts
   * through them. With i = 1 / sqrt(variance + epsilon) and sums over those rows: dBeta = sum dy, dGamma = sum dy (x -
   * mean) i, dx = gamma i (dy - dBeta / count - (x - mean) i dGamma / count); dx is zero in rows from `count` on, which
   * pad a short batch.
   */
  normaliseGradient: {
    flops: "11 rows columns",
    arguments: {
      /** Rows. */
      rows: "size",
      /** Rows that count, 1 to rows. */
      count: { upTo: "rows" },
      /** Columns. */
      columns: "size",
      /** [rows, columns] */
      x: { read: "rows columns" },
      /** [rows, columns] */
      dy: { read: "rows columns" },
      /** [2, columns]: means, then variances, of x. */
      moments: { read: "2 columns" },
      /** [columns] */
      gamma: { read: "columns" },
      /** [rows, columns] */
      dx: { write: "rows columns" },
      /** [columns] */
      dGamma: { write: "columns" },
      /** [columns] */
      dBeta: { write: "columns" },
      /** Added to the variance. */
      epsilon: "number",
    },
  },

  /** y[i] += share (x[i] - y[i]): a running average moves a little towards the current value. */
  blend: {
    flops: "3 length",
    arguments: {
      /** Number of values. */
      length: "size",
      /** [length] */
      x: { read: "length" },
      /** [length]: updated. */
      y: { update: "length" },
      /** How far, 0 to 1. */
      share: "number",
    },
  },
} as const;
