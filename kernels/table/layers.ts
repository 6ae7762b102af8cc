/**
 * Kernels of layers: convolution, pools and the matrix product, with their gradients. `../table.ts` explains the
 * entries.
 */

/** Sizes of a 3x3 convolution, stride 1, zero padding 1: output and input have the same pixels. */
const CONVOLUTION = {
  /** Images. */
  batch: "size",
  /** Rows of an image. */
  height: "size",
  /** Pixels of a row. */
  width: "size",
  /** Channels in. */
  channelsIn: "size",
  /** Channels out. */
  channelsOut: "size",
} as const;

/** Sizes of a pool. A max pool is 2x2, stride 2, and drops an odd last row or column. */
const POOL = {
  /** Images. */
  batch: "size",
  /** Rows of the input. */
  height: "size",
  /** Pixels of an input row. */
  width: "size",
  /** Channels. */
  channels: "size",
} as const;

/** Kernels of layers. */
export const LAYERS = {
  /** y = conv3x3(x, weights) + bias, then max(0, y) if `relu`. */
  conv2d: {
    flops: "18 batch height width channelsIn channelsOut",
    arguments: {
      ...CONVOLUTION,
      /** [batch, height, width, channelsIn] */
      x: { read: "batch height width channelsIn" },
      /** [3, 3, channelsIn, channelsOut] */
      weights: { read: "3 3 channelsIn channelsOut" },
      /** [channelsOut] */
      bias: { read: "channelsOut" },
      /** [batch, height, width, channelsOut] */
      y: { write: "batch height width channelsOut" },
      /** Whether a ReLU is applied to the output. */
      relu: "flag",
    },
  },

  /** dx = the gradient of the convolution's input, given dy, that of its output before the ReLU. */
  conv2dInputGradient: {
    flops: "18 batch height width channelsIn channelsOut",
    arguments: {
      ...CONVOLUTION,
      /** [batch, height, width, channelsOut] */
      dy: { read: "batch height width channelsOut" },
      /** [3, 3, channelsIn, channelsOut] */
      weights: { read: "3 3 channelsIn channelsOut" },
      /** [batch, height, width, channelsIn] */
      dx: { write: "batch height width channelsIn" },
      /** [batch, height, width, channelsIn]: dx is zero where mask <= 0. */
      mask: { read: "batch height width channelsIn", optional: true },
    },
  },

  /** The gradients of the convolution's weights and bias, given dy, that of its output before the ReLU. */
  conv2dWeightGradient: {
    flops: "18 batch height width channelsIn channelsOut",
    arguments: {
      ...CONVOLUTION,
      /** [batch, height, width, channelsIn] */
      x: { read: "batch height width channelsIn" },
      /** [batch, height, width, channelsOut] */
      dy: { read: "batch height width channelsOut" },
      /** [3, 3, channelsIn, channelsOut] */
      dWeights: { write: "3 3 channelsIn channelsOut" },
      /** [channelsOut] */
      dBias: { write: "channelsOut" },
    },
  },

  /** y = the largest of each 2x2 window of x. */
  maxPool: {
    flops: "3 batch height/2 width/2 channels",
    arguments: {
      ...POOL,
      /** [batch, height, width, channels] */
      x: { read: "batch height width channels" },
      /** [batch, floor(height/2), floor(width/2), channels] */
      y: { write: "batch height/2 width/2 channels" },
    },
  },

  /** dx = dy at the first largest value of its window in reading order, zero elsewhere. */
  maxPoolGradient: {
    flops: "3 batch height/2 width/2 channels",
    arguments: {
      ...POOL,
      /** [batch, height, width, channels]: the pool's input. */
      x: { read: "batch height width channels" },
      /** [batch, floor(height/2), floor(width/2), channels] */
      dy: { read: "batch height/2 width/2 channels" },
      /** [batch, height, width, channels] */
      dx: { write: "batch height width channels" },
      /** [batch, height, width, channels]: dx is zero where mask <= 0. In a network it is x itself. */
      mask: { read: "batch height width channels", optional: true },
    },
  },

  /** y = the mean of each channel over all pixels of an image: a global average pool (Lin, Chen & Yan 2013). */
  averagePool: {
    flops: "batch height width channels",
    arguments: {
      ...POOL,
      /** [batch, height, width, channels] */
      x: { read: "batch height width channels" },
      /** [batch, channels] */
      y: { write: "batch channels" },
    },
  },

  /** dx = dy / (height width), at every pixel. */
  averagePoolGradient: {
    flops: "batch height width channels",
    arguments: {
      ...POOL,
      /** [batch, channels] */
      dy: { read: "batch channels" },
      /** [batch, height, width, channels] */
      dx: { write: "batch height width channels" },
      /** [batch, height, width, channels]: dx is zero where mask <= 0. */
      mask: { read: "batch height width channels", optional: true },
    },
  },

  /** c = op(a) op(b), then + bias for each row, then max(0, c) if `relu`, then zero where mask <= 0. */
  matmul: {
    flops: "2 m n k",
    arguments: {
      /** Rows of c. */
      m: "size",
      /** Columns of c. */
      n: "size",
      /** Length of each dot product. */
      k: "size",
      /** [m, k]: or [k, m] if transposeA. */
      a: { read: "m k" },
      /** [k, n]: or [n, k] if transposeB. */
      b: { read: "k n" },
      /** [m, n] */
      c: { write: "m n" },
      /** Whether a is stored as its transpose. */
      transposeA: "flag?",
      /** Whether b is stored as its transpose. */
      transposeB: "flag?",
      /** [n]: added to each row. */
      bias: { read: "n", optional: true },
      /** Whether a ReLU is applied to the result. */
      relu: "flag?",
      /** [m, n]: c is zero where mask <= 0. */
      mask: { read: "m n", optional: true },
    },
  },

  /** sums[j] = the sum of column j of x: the gradient of a dense layer's bias. */
  columnSums: {
    flops: "rows columns",
    arguments: {
      /** Rows of x. */
      rows: "size",
      /** Columns of x. */
      columns: "size",
      /** [rows, columns] */
      x: { read: "rows columns" },
      /** [columns] */
      sums: { write: "columns" },
    },
  },
} as const;
