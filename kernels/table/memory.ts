/** Kernels that pass over memory once: elementwise kernels, sums, gathering. `../table.ts` explains the entries. */

/** The parameters of a view of `gatherViews`: indices into its row of `views`. */
export const VIEW = {
  /** Time steps of the series per step of the view: 1.1 is a tenth faster. */
  rate: 0,
  /** Start of the view in time steps after `starts[i]`; may be fractional. */
  shift: 1,
  /**
   * The last time step, from `starts[i]`, that may be read; positions beyond it, or before the start, repeat the edge.
   */
  last: 2,
  /** Values of the series per value of the view, from the lowest on. */
  warp: 3,
  /** The first value (mel band) of a mask, and the one after its last. */
  bandFrom: 4,
  bandTo: 5,
  /** The first time step of a mask, and the one after its last, in the view. */
  frameFrom: 6,
  frameTo: 7,
  /** Factor on the sound. */
  gain: 8,
  /** Mean of the added noise, in the unit of the mel spectrum. */
  noise: 9,
  /** Length of a row. */
  length: 10,
} as const;

/** Sizes of an elementwise kernel. */
const VALUES = {
  /** Number of values. */
  length: "size",
} as const;

/** Sizes of windows, and the standardisation of their values. */
const WINDOWS = {
  /** Number of windows. */
  batch: "size",
  /** Values per time step. */
  height: "size",
  /** Time steps per window. */
  width: "size",
  /** Subtracted from each value. */
  mean: "number",
  /** Factor applied afterwards: 1 / standard deviation. */
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
      /** The value to write. */
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
   * Cuts a batch of windows from one long time series and standardises them: segments of `corpora` become images of
   * `nn`. out[i, h, w] = (series[starts[i] + w, h] - mean) * scale: time becomes an image's width, a value's index its
   * height.
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
   * `gatherWindows` with augmentation, so that a network never sees the same window twice. With t = clamp(w rate + shift, 0, last) and b =
   * min(h warp, height - 1), v is the series at time starts[i] + t and value b, interpolated linearly. Gain and noise, if any, act on the
   * argument of the logarithm: v = ln(gain max(0, e^v - offset) + 2 noise u + offset), u uniform in [0, 1) from the first word of
   * threefry2x32(key, [index of the output, 0]). Inside either mask v is `mean`. out[i, h, w] = (v - mean) * scale.
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
      /** The constant added before the logarithm. */
      offset: "number",
      /** The key of the noise. */
      key: "key",
    },
  },

  /** out[i, j] = table[rows[i], j]. */
  gatherRows: {
    flops: "0",
    arguments: {
      /** Number of rows to gather. */
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
