/**
 * The definition of each kernel, in plain loops over float64, as close to its formula as code can be. The definitions
 * are slow on purpose. Both devices are tested against them; read them first.
 *
 * Arrays are row-major; {@link at4} computes the index of [i, j, k, l].
 *
 * @module
 */
import { type Kernels, METRICS, VIEW } from "./table.ts";
import { threefry2x32 } from "./random.ts";

type Numbers = Float64Array;

/** Index of [i, j, k, l] in an array whose last three dimensions are J, K, L. */
const at4 = (i: number, j: number, k: number, l: number, J: number, K: number, L: number) =>
  ((i * J + j) * K + k) * L + l;

/** max(0, value), but a NaN stays one: a fault must not be hidden by a ReLU. */
const rectify = (value: number) => value > 0 || Number.isNaN(value) ? value : 0;

const masked = (value: number, mask: Numbers | undefined, i: number) => mask === undefined || mask[i] > 0 ? value : 0;

/**
 * Calls `visit` for each product of a convolution: with pixel (row, column) of the output, and the input pixel for tap
 * (kernelRow, kernelColumn), if it is inside the image.
 */
function eachTap(
  shape: { batch: number; height: number; width: number },
  visit: (image: number, row: number, column: number, tap: number, inRow: number, inColumn: number) => void,
): void {
  const { batch, height, width } = shape;
  for (let image = 0; image < batch; image++) {
    for (let row = 0; row < height; row++) {
      for (let column = 0; column < width; column++) {
        for (let tap = 0; tap < 9; tap++) {
          const inRow = row + Math.floor(tap / 3) - 1;
          const inColumn = column + (tap % 3) - 1;
          if (inRow < 0 || inRow >= height || inColumn < 0 || inColumn >= width) continue; // the zero border
          visit(image, row, column, tap, inRow, inColumn);
        }
      }
    }
  }
}

/** Softmax of one row. The row's maximum is subtracted first, so that exp() cannot overflow. */
function softmaxRow(logits: Numbers): Numbers {
  const largest = logits.reduce((a, b) => Math.max(a, b));
  const powers = logits.map((z) => Math.exp(z - largest));
  const total = powers.reduce((a, b) => a + b);
  return powers.map((p) => p / total);
}

/** The first index of the largest value. */
const argmax = (values: Numbers) => values.reduce((best, v, i) => v > values[best] ? i : best, 0);

/** The kernel set in float64. */
export const reference: Kernels<Float64Array> = {
  // y[n, h, w, o] = bias[o] + sum over taps (r, c) and channels i of x[n, h+r-1, w+c-1, i] weights[r, c, i, o]
  conv2d({ x, weights, bias, y, relu, ...s }) {
    const { height, width, channelsIn: I, channelsOut: O } = s;
    for (let p = 0; p < s.batch * height * width * O; p++) y[p] = bias[p % O];
    eachTap(s, (n, h, w, tap, inH, inW) => {
      for (let i = 0; i < I; i++) {
        const value = x[at4(n, inH, inW, i, height, width, I)];
        for (let o = 0; o < O; o++) y[at4(n, h, w, o, height, width, O)] += value * weights[(tap * I + i) * O + o];
      }
    });
    if (relu) { for (let p = 0; p < s.batch * height * width * O; p++) y[p] = rectify(y[p]); }
  },

  // each product x * weight of the forward pass contributes dy * weight to its x
  conv2dInputGradient({ dy, weights, dx, mask, ...s }) {
    const { height, width, channelsIn: I, channelsOut: O } = s;
    dx.fill(0, 0, s.batch * height * width * I);
    eachTap(s, (n, h, w, tap, inH, inW) => {
      for (let i = 0; i < I; i++) {
        let sum = 0;
        for (let o = 0; o < O; o++) sum += dy[at4(n, h, w, o, height, width, O)] * weights[(tap * I + i) * O + o];
        dx[at4(n, inH, inW, i, height, width, I)] += sum;
      }
    });
    for (let p = 0; p < s.batch * height * width * I; p++) dx[p] = masked(dx[p], mask, p);
  },

  // ... and dy * x to its weight
  conv2dWeightGradient({ x, dy, dWeights, dBias, ...s }) {
    const { height, width, channelsIn: I, channelsOut: O } = s;
    dWeights.fill(0, 0, 9 * I * O);
    dBias.fill(0, 0, O);
    eachTap(s, (n, h, w, tap, inH, inW) => {
      for (let i = 0; i < I; i++) {
        const value = x[at4(n, inH, inW, i, height, width, I)];
        for (let o = 0; o < O; o++) dWeights[(tap * I + i) * O + o] += value * dy[at4(n, h, w, o, height, width, O)];
      }
    });
    for (let p = 0; p < s.batch * height * width * O; p++) dBias[p % O] += dy[p];
  },

  maxPool({ x, y, ...s }) {
    eachWindow(s, (window, out) => y[out] = x[first(window, x)]);
  },

  maxPoolGradient({ x, dy, dx, mask, ...s }) {
    dx.fill(0, 0, s.batch * s.height * s.width * s.channels);
    eachWindow(s, (window, out) => dx[first(window, x)] = masked(dy[out], mask, first(window, x)));
  },

  // y[n, c] = mean over pixels p of x[n, p, c]
  averagePool({ x, y, batch, height, width, channels }) {
    const pixels = height * width;
    y.fill(0, 0, batch * channels);
    for (let i = 0; i < batch * pixels * channels; i++) {
      y[Math.floor(i / (pixels * channels)) * channels + i % channels] += x[i] / pixels;
    }
  },

  // each of `pixels` values had a share of 1 / pixels in its mean
  averagePoolGradient({ dy, dx, mask, batch, height, width, channels }) {
    const pixels = height * width;
    for (let i = 0; i < batch * pixels * channels; i++) {
      const d = dy[Math.floor(i / (pixels * channels)) * channels + i % channels] / pixels;
      dx[i] = masked(d, mask, i);
    }
  },

  // c[i, j] = sum over l of a[i, l] b[l, j]
  matmul({ a, b, c, m, n, k, transposeA = false, transposeB = false, bias, relu = false, mask }) {
    for (let i = 0; i < m; i++) {
      for (let j = 0; j < n; j++) {
        let sum = bias === undefined ? 0 : bias[j];
        for (let l = 0; l < k; l++) {
          sum += a[transposeA ? l * m + i : i * k + l] * b[transposeB ? j * k + l : l * n + j];
        }
        c[i * n + j] = masked(relu ? rectify(sum) : sum, mask, i * n + j);
      }
    }
  },

  columnSums({ x, sums, rows, columns }) {
    sums.fill(0, 0, columns);
    for (let i = 0; i < rows * columns; i++) sums[i % columns] += x[i];
  },

  softmax({ logits, probabilities, rows, classes }) {
    for (let i = 0; i < rows; i++) {
      probabilities.set(softmaxRow(logits.slice(i * classes, (i + 1) * classes)), i * classes);
    }
  },

  // loss of a row = sum over k of target[k] (log(sum of exp) - logit[k])
  softmaxCrossEntropy({ logits, targets, probabilities, dLogits, metrics, rows, classes, count, step }) {
    let batchLoss = 0;
    for (let i = 0; i < rows; i++) {
      const z = logits.slice(i * classes, (i + 1) * classes);
      const target = targets.slice(i * classes, (i + 1) * classes);
      const p = softmaxRow(z);
      probabilities.set(p, i * classes);
      dLogits.set(p.map((value, k) => i < count ? (value - target[k]) / count : 0), i * classes);
      if (i >= count) continue; // padding of a short batch
      const largest = z.reduce((a, b) => Math.max(a, b));
      const logTotal = largest + Math.log(z.reduce((sum, value) => sum + Math.exp(value - largest), 0));
      batchLoss += target.reduce((sum, t, k) => sum + t * (logTotal - z[k]), 0);
      metrics[METRICS.hits] += argmax(p) === argmax(target) ? 1 : 0;
    }
    metrics[METRICS.loss] += batchLoss;
    metrics[METRICS.rows] += count;
    if (!Number.isFinite(batchLoss) && metrics[METRICS.badStep] === 0) metrics[METRICS.badStep] = step;
  },

  adam({ weights, gradients, m, v, length, rate, beta1, beta2, epsilon }) {
    const flush = (moment: number) => Math.abs(moment) < 1e-30 ? 0 : moment; // otherwise denormals would slow the CPU a hundredfold
    for (let i = 0; i < length; i++) {
      const g = gradients[i];
      m[i] = flush(beta1 * m[i] + (1 - beta1) * g);
      v[i] = flush(beta2 * v[i] + (1 - beta2) * g * g);
      weights[i] -= rate * m[i] / (Math.sqrt(v[i]) + epsilon);
    }
  },

  dropout({ x, y, length, rate, key }) {
    for (let i = 0; i < length; i++) y[i] = threefry2x32(key, [i, 0])[0] >= rate * 2 ** 32 ? x[i] / (1 - rate) : 0;
  },

  moments({ x, moments, rows, columns }) {
    moments.fill(0, 0, 2 * columns);
    for (let i = 0; i < rows * columns; i++) moments[i % columns] += x[i] / rows;
    for (let i = 0; i < rows * columns; i++) {
      moments[columns + i % columns] += (x[i] - moments[i % columns]) ** 2 / rows;
    }
  },

  normalise({ x, moments, gamma, beta, y, rows, columns, epsilon, relu }) {
    for (let i = 0; i < rows * columns; i++) {
      const j = i % columns, deviation = Math.sqrt(moments[columns + j] + epsilon);
      const value = gamma[j] * (x[i] - moments[j]) / deviation + beta[j];
      y[i] = relu ? rectify(value) : value;
    }
  },

  // x affects y in three ways: directly, through the mean and through the variance; the last two subtract the components
  // of dy along a constant and along x
  normaliseGradient({ x, dy, moments, gamma, dx, dGamma, dBeta, rows, count, columns, epsilon }) {
    const inverse = (j: number) => 1 / Math.sqrt(moments[columns + j] + epsilon);
    const standard = (i: number) => (x[i] - moments[i % columns]) * inverse(i % columns);
    dGamma.fill(0, 0, columns);
    dBeta.fill(0, 0, columns);
    for (let i = 0; i < count * columns; i++) {
      dGamma[i % columns] += dy[i] * standard(i);
      dBeta[i % columns] += dy[i];
    }
    for (let i = 0; i < rows * columns; i++) {
      const j = i % columns;
      const rest = dy[i] - dBeta[j] / count - standard(i) * dGamma[j] / count;
      dx[i] = i < count * columns ? gamma[j] * inverse(j) * rest : 0;
    }
  },

  blend({ x, y, length, share }) {
    for (let i = 0; i < length; i++) y[i] += share * (x[i] - y[i]);
  },

  fill({ x, length, value }) {
    x.fill(value, 0, length);
  },

  copy({ x, y, length }) {
    y.set(x.subarray(0, length));
  },

  add({ a, b, y, length }) {
    for (let i = 0; i < length; i++) y[i] = a[i] + b[i];
  },

  relu({ x, y, length }) {
    for (let i = 0; i < length; i++) y[i] = rectify(x[i]);
  },

  reluGradient({ dy, mask, dx, length }) {
    for (let i = 0; i < length; i++) dx[i] = masked(dy[i], mask, i);
  },

  sum({ x, total, length }) {
    total[0] = x.subarray(0, length).reduce((a, b) => a + b, 0);
  },

  gatherWindows({ series, starts, out, batch, height, width, mean, scale }) {
    for (let i = 0; i < batch; i++) {
      for (let h = 0; h < height; h++) {
        for (let w = 0; w < width; w++) {
          out[at4(i, h, w, 0, height, width, 1)] = (series[(starts[i] + w) * height + h] - mean) * scale;
        }
      }
    }
  },

  gatherViews({ series, starts, views, out, batch, height, width, mean, scale, offset, key }) {
    for (let i = 0; i < batch; i++) {
      const view = (name: Exclude<keyof typeof VIEW, "length">) => views[i * VIEW.length + VIEW[name]];
      /** Linear interpolation between whole positions. */
      const between = (place: number, last: number, at: (place: number) => number) => {
        const low = Math.floor(place), high = Math.min(low + 1, last);
        return at(low) + (place - low) * (at(high) - at(low));
      };
      for (let h = 0; h < height; h++) {
        for (let w = 0; w < width; w++) {
          const place = at4(i, h, w, 0, height, width, 1);
          const time = Math.min(Math.max(w * view("rate") + view("shift"), 0), view("last"));
          const band = Math.min(h * view("warp"), height - 1);
          let v = between(time, view("last"), (t) => {
            return between(band, height - 1, (b) => series[(starts[i] + t) * height + b]);
          });
          if (view("gain") !== 1 || view("noise") !== 0) {
            const u = (threefry2x32(key, [place, 0])[0] >>> 8) / 2 ** 24;
            v = Math.log(view("gain") * Math.max(0, Math.exp(v) - offset) + 2 * view("noise") * u + offset);
          }
          const masked = (h >= view("bandFrom") && h < view("bandTo")) ||
            (w >= view("frameFrom") && w < view("frameTo"));
          out[place] = masked ? 0 : (v - mean) * scale;
        }
      }
    }
  },

  gatherRows({ table, rows, out, batch, columns }) {
    for (let i = 0; i < batch; i++) out.set(table.subarray(rows[i] * columns, (rows[i] + 1) * columns), i * columns);
  },
};

/** Calls `visit` for each 2x2 window with the indices of its four values, in reading order, and that of its output. */
function eachWindow(
  { batch, height, width, channels }: { batch: number; height: number; width: number; channels: number },
  visit: (window: number[], out: number) => void,
): void {
  const [rows, columns] = [Math.floor(height / 2), Math.floor(width / 2)];
  for (let n = 0; n < batch; n++) {
    for (let h = 0; h < rows; h++) {
      for (let w = 0; w < columns; w++) {
        for (let c = 0; c < channels; c++) {
          const window = [0, 1, 2, 3].map((i) => at4(n, 2 * h + (i >> 1), 2 * w + (i & 1), c, height, width, channels));
          visit(window, at4(n, h, w, c, rows, columns, channels));
        }
      }
    }
  }
}

/** The first index of a window's largest value; a NaN counts as larger than all, so that a pool hides none. */
const first = (window: number[], x: Numbers) =>
  window.find((place) => Number.isNaN(x[place])) ??
    window.reduce((best, place) => x[place] > x[best] ? place : best);
