/**
 * The kernel set: every operation that a device can run, its arguments and their shapes. What each one *means* is said in
 * `reference.ts` by a few loops in float64; how it gets fast is said in `wgsl/` and `wat/`.
 *
 * The arguments are the same everywhere: `B` is a plain `Float64Array` for the definitions and a {@link DeviceBuffer} on a
 * device. Layouts: activations NHWC (height = mel band, width = frame), convolution weights HWIO, dense weights [in, out],
 * all row-major and contiguous. Outputs are overwritten unless it is said that they are added to, and never overlap inputs
 * unless it is said that they may.
 *
 * A ReLU is fused into the kernel before it, so its gradient is fused too: whoever writes the gradient of a rectified
 * tensor passes that tensor as `mask`, and the kernel writes zero where `mask <= 0`.
 *
 * @module
 */
import type { Words } from "./random.ts";

/** Sizes of a 3x3 convolution, stride 1, zero padding 1: output pixels lie where input pixels lie. */
export interface ConvShape {
  /** Images. */
  batch: number;
  /** Rows of an image. */
  height: number;
  /** Pixels of a row. */
  width: number;
  /** Channels in. */
  channelsIn: number;
  /** Channels out. */
  channelsOut: number;
}

/** y = conv3x3(x, weights) + bias, then max(0, y) if `relu`. */
export interface Conv2d<B> extends ConvShape {
  /** [batch, height, width, channelsIn] */
  x: B;
  /** [3, 3, channelsIn, channelsOut] */
  weights: B;
  /** [channelsOut] */
  bias: B;
  /** [batch, height, width, channelsOut] */
  y: B;
  /** Whether the output is rectified. */
  relu: boolean;
}

/** dx = the gradient of the convolution to its input, given dy, that to its output before the ReLU. */
export interface Conv2dInputGradient<B> extends ConvShape {
  /** [batch, height, width, channelsOut] */
  dy: B;
  /** [3, 3, channelsIn, channelsOut] */
  weights: B;
  /** [batch, height, width, channelsIn] */
  dx: B;
  /** As dx: dx is zero where mask <= 0. */
  mask?: B;
}

/** The gradients of the convolution to its weights and bias, given dy, that to its output before the ReLU. */
export interface Conv2dWeightGradient<B> extends ConvShape {
  /** [batch, height, width, channelsIn] */
  x: B;
  /** [batch, height, width, channelsOut] */
  dy: B;
  /** [3, 3, channelsIn, channelsOut] */
  dWeights: B;
  /** [channelsOut] */
  dBias: B;
}

/** Sizes of a 2x2 max pool, stride 2. A last odd row or column is dropped, as everywhere. */
export interface PoolShape {
  /** Images. */
  batch: number;
  /** Rows of the input. */
  height: number;
  /** Pixels of an input row. */
  width: number;
  /** Channels. */
  channels: number;
}

/** y = the largest of each 2x2 window of x. */
export interface MaxPool<B> extends PoolShape {
  /** [batch, height, width, channels] */
  x: B;
  /** [batch, floor(height/2), floor(width/2), channels] */
  y: B;
}

/** dx = dy at the first largest value of its window in reading order, zero elsewhere. */
export interface MaxPoolGradient<B> extends PoolShape {
  /** [batch, height, width, channels]: the pool's input */
  x: B;
  /** [batch, floor(height/2), floor(width/2), channels] */
  dy: B;
  /** [batch, height, width, channels] */
  dx: B;
  /** As dx: dx is zero where mask <= 0. In a network it is x itself. */
  mask?: B;
}

/** y = the mean of each channel over all pixels of an image: a global average pool (Lin, Chen & Yan 2013). */
export interface AveragePool<B> extends PoolShape {
  /** [batch, height, width, channels] */
  x: B;
  /** [batch, channels] */
  y: B;
}

/** dx = dy / (height width), at every pixel. */
export interface AveragePoolGradient<B> extends PoolShape {
  /** [batch, channels] */
  dy: B;
  /** [batch, height, width, channels] */
  dx: B;
  /** As dx: dx is zero where mask <= 0. */
  mask?: B;
}

/** c = op(a) op(b), then + bias for each row, then max(0, c) if `relu`, then zero where mask <= 0. */
export interface Matmul<B> {
  /** [m, k], or [k, m] if transposeA */
  a: B;
  /** [k, n], or [n, k] if transposeB */
  b: B;
  /** [m, n] */
  c: B;
  /** Rows of c. */
  m: number;
  /** Columns of c. */
  n: number;
  /** Length of each dot product. */
  k: number;
  /** Whether a is stored as its transpose. */
  transposeA?: boolean;
  /** Whether b is stored as its transpose. */
  transposeB?: boolean;
  /** [n], added to each row. */
  bias?: B;
  /** Whether the result is rectified. */
  relu?: boolean;
  /** [m, n] */
  mask?: B;
}

/** sums[j] = the sum of column j of x. A dense layer's gradient to its bias. */
export interface ColumnSums<B> {
  /** [rows, columns] */
  x: B;
  /** [columns] */
  sums: B;
  /** Rows of x. */
  rows: number;
  /** Columns of x. */
  columns: number;
}

/** probabilities = softmax of each row of logits (the row's maximum is taken off first). */
export interface Softmax<B> {
  /** [rows, classes] */
  logits: B;
  /** [rows, classes] */
  probabilities: B;
  /** Rows. */
  rows: number;
  /** Classes, at most 64. */
  classes: number;
}

/** Where {@link SoftmaxCrossEntropy} keeps its running totals in `metrics`. */
export const METRICS = {
  /** Sum over rows of the loss. */
  loss: 0,
  /** Rows whose likeliest class is the target's likeliest (the first of equals). */
  hits: 1,
  /** Rows counted. */
  rows: 2,
  /** The first step whose loss was not finite; zero if none was. */
  badStep: 3,
  /** Length of a metrics buffer. */
  length: 4,
} as const;

/**
 * Softmax with cross-entropy against soft targets, L = -1/count sum_rows sum_k target log softmax(logits) (equation 4 of
 * the paper), and its gradient (probabilities - targets) / count for targets that sum to 1. Rows from `count` on are padding of a short
 * batch: their gradient is zero and they are not counted.
 */
export interface SoftmaxCrossEntropy<B> extends Softmax<B> {
  /** [rows, classes]: each row a distribution */
  targets: B;
  /** [rows, classes] */
  dLogits: B;
  /** [4]: running totals, see {@link METRICS}; added to, in a fixed order. */
  metrics: B;
  /** Rows that count, 1 to rows. */
  count: number;
  /** Number of this step, from 1; kept in metrics if its loss is not finite. */
  step: number;
}

/**
 * One step of Adam as Keras defines it (Kingma & Ba 2015, end of section 2: epsilon-hat), on all weights at once:
 * m = beta1 m + (1 - beta1) g; v = beta2 v + (1 - beta2) g^2; weights -= rate m / (sqrt(v) + epsilon), where the caller has
 * corrected the rate: learningRate sqrt(1 - beta2^t) / (1 - beta1^t). Moments under 1e-30 in size become zero.
 */
export interface Adam<B> {
  /** [length] updated */
  weights: B;
  /** [length] */
  gradients: B;
  /** [length] first moment, updated */
  m: B;
  /** [length] second moment, updated */
  v: B;
  /** Number of weights. */
  length: number;
  /** The corrected rate. */
  rate: number;
  /** Decay of the first moment. */
  beta1: number;
  /** Decay of the second moment. */
  beta2: number;
  /** Epsilon-hat. */
  epsilon: number;
}

/**
 * y[i] = x[i] / (1 - rate) where the random word of place i is at least rate 2^32, else 0. The word is the first of
 * threefry2x32(key, [i, 0]) (`random.ts`), so that its own gradient is the same kernel on dy. y may be x.
 */
export interface Dropout<B> {
  /** [length] */
  x: B;
  /** [length] */
  y: B;
  /** Number of values. */
  length: number;
  /** Share to drop, 0 <= rate < 1. */
  rate: number;
  /** What the mask is drawn by. */
  key: Words;
}

/** x[i] = value. */
export interface Fill<B> {
  /** [length] */
  x: B;
  /** Number of values. */
  length: number;
  /** What to write. */
  value: number;
}

/** y[i] = x[i]. */
export interface Copy<B> {
  /** [length] */
  x: B;
  /** [length] */
  y: B;
  /** Number of values. */
  length: number;
}

/** y[i] = a[i] + b[i]; y may be a or b. */
export interface Add<B> {
  /** [length] */
  a: B;
  /** [length] */
  b: B;
  /** [length] */
  y: B;
  /** Number of values. */
  length: number;
}

/** y[i] = max(0, x[i]); y may be x. */
export interface Relu<B> {
  /** [length] */
  x: B;
  /** [length] */
  y: B;
  /** Number of values. */
  length: number;
}

/** dx[i] = dy[i] where mask[i] > 0, else 0; dx may be dy. */
export interface ReluGradient<B> {
  /** [length] */
  dy: B;
  /** [length]: the ReLU's output (or input: the sign is the same) */
  mask: B;
  /** [length] */
  dx: B;
  /** Number of values. */
  length: number;
}

/** total[0] = the sum of x. */
export interface Sum<B> {
  /** [length] */
  x: B;
  /** [1] */
  total: B;
  /** Number of values. */
  length: number;
}

/**
 * Cuts a batch of windows out of one long time series, standardised: the views of `corpora` become the images of `nn`.
 * out[i, h, w] = (series[starts[i] + w, h] - mean) * scale: time becomes an image's width, a value's place its height.
 */
export interface GatherWindows<B> {
  /** [time, height] */
  series: B;
  /** [batch] int32: first time step of each window */
  starts: B;
  /** [batch, height, width, 1] */
  out: B;
  /** Windows. */
  batch: number;
  /** Values at a time step. */
  height: number;
  /** Time steps of a window. */
  width: number;
  /** Taken off each value. */
  mean: number;
  /** Then multiplied by: 1 / standard deviation. */
  scale: number;
}

/** What a view of {@link GatherViews} is described by: places in its row of `views`. */
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

/**
 * {@link GatherWindows}, each window changed on its way: what a network learns from should not look the same twice. With t = clamp(w rate +
 * shift, 0, last) and b = min(h warp, height - 1), v is the series at time starts[i] + t and value b, linear between neighbours. Where
 * there is gain or noise, both act on what the logarithm was taken of: v = ln(gain max(0, e^v - offset) + 2 noise u + offset), u uniform in [0, 1)
 * by the first word of threefry2x32(key, [place of the output, 0]). Inside either mask v is `mean`. out[i, h, w] = (v - mean) * scale.
 */
export interface GatherViews<B> extends GatherWindows<B> {
  /** [batch, 10]: see {@link VIEW} */
  views: B;
  /** What was added before the logarithm. */
  offset: number;
  /** What noise is drawn by. */
  key: Words;
}

/** out[i, j] = table[rows[i], j]. */
export interface GatherRows<B> {
  /** [any, columns] */
  table: B;
  /** [batch] int32 */
  rows: B;
  /** [batch, columns] */
  out: B;
  /** Rows to gather. */
  batch: number;
  /** Length of a row. */
  columns: number;
}

/**
 * What a batch norm learns of its input by itself: moments[0, j] = the mean of column j over the rows, moments[1, j] = its
 * variance, the mean of (x - mean)^2. Channels are columns, pixels of all images rows.
 */
export interface Moments<B> {
  /** [at least rows, columns]: rows further on pad a short batch, and are not looked at */
  x: B;
  /** [2, columns] */
  moments: B;
  /** Rows that count. */
  rows: number;
  /** Columns. */
  columns: number;
}

/** y = gamma (x - mean) / sqrt(variance + epsilon) + beta, column by column, then max(0, y) if `relu` (Ioffe & Szegedy 2015). */
export interface Normalise<B> {
  /** [rows, columns] */
  x: B;
  /** [2, columns]: means, then variances */
  moments: B;
  /** [columns] */
  gamma: B;
  /** [columns] */
  beta: B;
  /** [rows, columns] */
  y: B;
  /** Rows. */
  rows: number;
  /** Columns. */
  columns: number;
  /** Added to the variance. */
  epsilon: number;
  /** Whether the output is rectified. */
  relu: boolean;
}

/**
 * The gradients of {@link Normalise} before its ReLU, where the moments are those of the first `count` rows of x, so that x
 * acts through them as well. With i = 1 / sqrt(variance + epsilon) and sums over those rows: dBeta = sum dy,
 * dGamma = sum dy (x - mean) i, dx = gamma i (dy - dBeta / count - (x - mean) i dGamma / count); dx is zero in rows from
 * `count` on, which pad a short batch.
 */
export interface NormaliseGradient<B> {
  /** [rows, columns] */
  x: B;
  /** [rows, columns] */
  dy: B;
  /** [2, columns]: means, then variances, of x */
  moments: B;
  /** [columns] */
  gamma: B;
  /** [rows, columns] */
  dx: B;
  /** [columns] */
  dGamma: B;
  /** [columns] */
  dBeta: B;
  /** Rows. */
  rows: number;
  /** Rows that count, 1 to rows. */
  count: number;
  /** Columns. */
  columns: number;
  /** Added to the variance. */
  epsilon: number;
}

/** y[i] += share (x[i] - y[i]): a running average moves a little towards what is seen now. */
export interface Blend<B> {
  /** [length] */
  x: B;
  /** [length] updated */
  y: B;
  /** Number of values. */
  length: number;
  /** How far, 0 to 1. */
  share: number;
}

/** Every kernel, by name. On a device each call enqueues its work and returns at once. */
export interface Kernels<B> {
  /** See {@link Conv2d}. */
  conv2d(args: Conv2d<B>): void;
  /** See {@link Conv2dInputGradient}. */
  conv2dInputGradient(args: Conv2dInputGradient<B>): void;
  /** See {@link Conv2dWeightGradient}. */
  conv2dWeightGradient(args: Conv2dWeightGradient<B>): void;
  /** See {@link MaxPool}. */
  maxPool(args: MaxPool<B>): void;
  /** See {@link MaxPoolGradient}. */
  maxPoolGradient(args: MaxPoolGradient<B>): void;
  /** See {@link AveragePool}. */
  averagePool(args: AveragePool<B>): void;
  /** See {@link AveragePoolGradient}. */
  averagePoolGradient(args: AveragePoolGradient<B>): void;
  /** See {@link Matmul}. */
  matmul(args: Matmul<B>): void;
  /** See {@link ColumnSums}. */
  columnSums(args: ColumnSums<B>): void;
  /** See {@link Softmax}. */
  softmax(args: Softmax<B>): void;
  /** See {@link SoftmaxCrossEntropy}. */
  softmaxCrossEntropy(args: SoftmaxCrossEntropy<B>): void;
  /** See {@link Adam}. */
  adam(args: Adam<B>): void;
  /** See {@link Dropout}. */
  dropout(args: Dropout<B>): void;
  /** See {@link Moments}. */
  moments(args: Moments<B>): void;
  /** See {@link Normalise}. */
  normalise(args: Normalise<B>): void;
  /** See {@link NormaliseGradient}. */
  normaliseGradient(args: NormaliseGradient<B>): void;
  /** See {@link Blend}. */
  blend(args: Blend<B>): void;
  /** See {@link Fill}. */
  fill(args: Fill<B>): void;
  /** See {@link Copy}. */
  copy(args: Copy<B>): void;
  /** See {@link Add}. */
  add(args: Add<B>): void;
  /** See {@link Relu}. */
  relu(args: Relu<B>): void;
  /** See {@link ReluGradient}. */
  reluGradient(args: ReluGradient<B>): void;
  /** See {@link Sum}. */
  sum(args: Sum<B>): void;
  /** See {@link GatherWindows}. */
  gatherWindows(args: GatherWindows<B>): void;
  /** See {@link GatherViews}. */
  gatherViews(args: GatherViews<B>): void;
  /** See {@link GatherRows}. */
  gatherRows(args: GatherRows<B>): void;
}
