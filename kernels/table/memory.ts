/** Kernels that pass over memory once: value by value, sums, gathering. See `../table.ts` for how to read an entry. */

/** What a view of `gatherViews` is described by: places in its row of `views`. */
export const VIEW = {
  /** Time steps of the series a step of the view: 1.1 is a tenth faster. */
  rate: 0,
  /** Time steps after `starts[i]` at which it begins; may have a fraction. */
  shift: 1,
  /** The last time step, from `starts[i]`, that may be read; what would lie further on, or before the start, repeats the edge. */
  last: 2,
  /** Values of the series a value of the view, from the lowest on. */
  warp: 3,
  /** The first value (mel band) of a mask, and the one after its last. */
  bandFrom: 4,
  bandTo: 5,
  /** The first time step of a mask, and the one after its last, in the view. */
  frameFrom: 6,
  frameTo: 7,
  /** What sound is multiplied by. */
  gain: 8,
  /** Mean of the noise that is added, in the unit of the mel spectrum. */
  noise: 9,
  /** Length of a row. */
  length: 10,
} as const;

/** Sizes of a kernel that goes value by value. */
const VALUES = {
  /** Number of values. */
  length: "size",
} as const;

/** Sizes of windows, and what their values are standardised by. */
const WINDOWS = {
  /** Windows. */
  batch: "size",
  /** Values at a time step. */
  height: "size",
  /** Time steps of a window. */
  width: "size",
  /** Taken off each value. */
  mean: "number",
  /** Then multiplied by: 1 / standard deviation. */
  scale: "number",
} as const;

/** Kernels that pass over memory once. */
export const MEMORY = {
  /** x[i] = value. */
  fill: {
    flops: "0",
    arguments: {
      ...VALUES,
      /** [length] */
      x: { write: "length" },
      /** What to write. */
      value: "number",
    },
  },

  /** y[i] = x[i]. */
  copy: {
    flops: "0",
    arguments: {
      ...VALUES,
      /** [length] */
      x: { read: "length" },
      /** [length] */
      y: { write: "length" },
    },
  },

  /** y[i] = a[i] + b[i]; y may be a or b. */
  add: {
    flops: "length",
    arguments: {
      ...VALUES,
      /** [length] */
      a: { read: "length" },
      /** [length] */
      b: { read: "length" },
      /** [length] */
      y: { write: "length", over: "a b" },
    },
  },

  /** y[i] = max(0, x[i]); y may be x. */
  relu: {
    flops: "length",
    arguments: {
      ...VALUES,
      /** [length] */
      x: { read: "length" },
      /** [length] */
      y: { write: "length", over: "x" },
    },
  },

  /** dx[i] = dy[i] where mask[i] > 0, else 0; dx may be dy. */
  reluGradient: {
    flops: "length",
    arguments: {
      ...VALUES,
      /** [length] */
      dy: { read: "length" },
      /** [length]: the ReLU's output (or input: the sign is the same). */
      mask: { read: "length" },
      /** [length] */
      dx: { write: "length", over: "dy" },
    },
  },

  /** total[0] = the sum of x. */
  sum: {
    flops: "length",
    arguments: {
      ...VALUES,
      /** [length] */
      x: { read: "length" },
      /** [1] */
      total: { write: "1" },
    },
  },

  /**
   * Cuts a batch of windows out of one long time series, standardised: the views of `corpora` become the images of `nn`.
   * out[i, h, w] = (series[starts[i] + w, h] - mean) * scale: time becomes an image's width, a value's place its height.
   */
  gatherWindows: {
    flops: "2 batch height width",
    arguments: {
      ...WINDOWS,
      /** [at least width, height]: a row a time step. */
      series: { read: "width+ height" },
      /** [batch]: int32, the first time step of each window. */
      starts: { read: "batch", words: "int32" },
      /** [batch, height, width, 1] */
      out: { write: "batch height width 1" },
    },
  },

  /**
   * `gatherWindows`, each window changed on its way: what a network learns from should not look the same twice. With t = clamp(w rate +
   * shift, 0, last) and b = min(h warp, height - 1), v is the series at time starts[i] + t and value b, linear between neighbours. Where
   * there is gain or noise, both act on what the logarithm was taken of: v = ln(gain max(0, e^v - offset) + 2 noise u + offset), u uniform in [0, 1)
   * by the first word of threefry2x32(key, [place of the output, 0]). Inside either mask v is `mean`. out[i, h, w] = (v - mean) * scale.
   */
  gatherViews: {
    flops: "11 batch height width",
    arguments: {
      ...WINDOWS,
      /** [at least 1, height]: a row a time step. */
      series: { read: "1+ height" },
      /** [batch]: int32, the first time step of each window. */
      starts: { read: "batch", words: "int32" },
      /** [batch, 10]: see {@link VIEW}. */
      views: { read: "batch 10" },
      /** [batch, height, width, 1] */
      out: { write: "batch height width 1" },
      /** What was added before the logarithm. */
      offset: "number",
      /** What noise is drawn by. */
      key: "key",
    },
  },

  /** out[i, j] = table[rows[i], j]. */
  gatherRows: {
    flops: "0",
    arguments: {
      /** Rows to gather. */
      batch: "size",
      /** Length of a row. */
      columns: "size",
      /** [at least 1, columns] */
      table: { read: "1+ columns" },
      /** [batch]: int32. */
      rows: { read: "batch", words: "int32" },
      /** [batch, columns] */
      out: { write: "batch columns" },
    },
  },
} as const;
