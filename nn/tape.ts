/**
 * Reverse-mode differentiation. While a network runs forward, each operation records a closure that passes its output's
 * gradient on to its inputs. `backward()` runs the closures from last to first: the chain rule, read backwards from a tape.
 *
 * A gradient reaches a tensor once for each use. The first use writes it, later ones add. If a tensor is the output of a
 * fused ReLU, the operation that writes its gradient also masks it (see {@link Tensor.rectified}), which saves one pass
 * over memory per layer.
 *
 * The tape owns the tensors that it creates. `backward()` frees each activation and its gradient as soon as nothing later
 * needs them; `release()` frees the rest. The same operations in the same order get the same buffers every step.
 */
import type { Device, DeviceBuffer } from "../kernels/device.ts";
import type { Words } from "../kernels/random.ts";
import { sizeOf, Tensor } from "./tensor.ts";

/** Options of {@link Tape.softmaxCrossEntropy}. */
export interface LossOptions {
  /** Number of rows that count; the rest pad a short batch. */
  count: number;
  /** Number of the step, from 1. */
  step: number;
  /** [4] running totals, in the layout of the kernels' METRICS. */
  metrics: DeviceBuffer;
}

/** Options of a {@link Tape}. */
export interface TapeOptions {
  /** False for inference, which needs no gradient: batch norms then use their running averages. */
  recording?: boolean;
  /** Number of examples that count, if the rest pad a short batch: batch norms ignore the rest. Default: all. */
  count?: number;
  /** The key of random masks: seed, fold, stage, epoch, step; each layer appends its number. */
  path?: readonly number[];
}

/** Parameters and running statistics of a batch norm. */
export interface BatchNormParameters {
  /** [channels] */
  gamma: Tensor;
  /** [channels] */
  beta: Tensor;
  /** [2, channels]: running averages of means and variances, updated by every recorded pass. */
  running: Tensor;
}

/** A user-defined operation: see {@link Tape.operation}. */
export interface Operation {
  /** Enqueues kernels that write y, the output. */
  forward: (y: DeviceBuffer) => void;
  /**
   * For each input, a function that enqueues kernels to write dx, the loss's gradient with respect to that input, from dy, the
   * gradient with respect to the output. It must write every number of dx.
   */
  gradients: readonly ((dy: DeviceBuffer, dx: DeviceBuffer) => void)[];
}

/**
 * The constant added to variances, as in Keras; and the weight of a full batch in the running averages (less for a
 * short one).
 */
export const BATCH_NORM = { epsilon: 1e-3, share: 0.1 } as const;

/** A record of the computation, to be run backwards. */
export class Tape {
  /** Whether gradients can be computed. */
  readonly recording: boolean;
  /** The key of random masks. */
  readonly path: readonly number[];
  readonly #device: Device;
  readonly #count: number | undefined;
  #steps: { output: Tensor; pushBack: () => void }[] = [];
  #owned = new Set<DeviceBuffer>();

  /** An empty tape. */
  constructor(device: Device, options: TapeOptions = {}) {
    this.#device = device;
    this.recording = options.recording ?? true;
    this.path = options.path ?? [];
    this.#count = options.count;
  }

  /** An empty tensor for the caller to fill; it has no gradient unless requested. */
  input(shape: readonly number[], requiresGradient = false): Tensor {
    return this.#make(shape, "a batch's input", { requiresGradient });
  }

  /**
   * 3x3 convolution, stride 1, zero padding 1, with bias and optional ReLU.
   *
   * @param x [batch, height, width, channelsIn]
   * @param weights [3, 3, channelsIn, channelsOut]
   * @param bias [channelsOut]
   * @returns [batch, height, width, channelsOut]
   */
  conv2d(x: Tensor, weights: Tensor, bias: Tensor, options: { relu: boolean }): Tensor {
    const [batch, height, width, channelsIn] = expectShape("conv2d", "x", x, 4);
    const channelsOut = expectShape("conv2d", "weights", weights, 4)[3];
    if (weights.shape[2] !== channelsIn) {
      throw new RangeError(
        `conv2d: x: expected ${weights.shape[2]} channels, as its weights have, found ${channelsIn}`,
      );
    }
    const shape = { batch, height, width, channelsIn, channelsOut };
    const y = this.#output([batch, height, width, channelsOut], [x, weights, bias], "activations", options.relu);
    this.#device.conv2d({
      ...shape,
      x: x.buffer,
      weights: weights.buffer,
      bias: bias.buffer,
      y: y.buffer,
      relu: options.relu,
    });
    this.#record(y, (dy) => {
      this.#receive(
        [weights, bias],
        ([dWeights, dBias]) => this.#device.conv2dWeightGradient({ ...shape, x: x.buffer, dy, dWeights, dBias }),
      );
      this.#receive(
        [x],
        ([dx]) => this.#device.conv2dInputGradient({ ...shape, dy, weights: weights.buffer, dx, mask: maskOf(x) }),
      );
    });
    return y;
  }

  /**
   * Batch normalisation (Ioffe & Szegedy 2015): each channel minus its mean, divided by its standard deviation, times gamma, plus
   * beta. If the tape records, mean and variance are those of the batch, and the running averages move towards them. Otherwise
   * they are the running averages.
   *
   * @param x [batch, ..., channels]
   * @returns as x
   */
  batchNorm(x: Tensor, { gamma, beta, running }: BatchNormParameters, { relu }: { relu: boolean }): Tensor {
    const device = this.#device, batch = x.shape[0], columns = x.shape[x.shape.length - 1], rows = x.length / columns;
    for (
      const [name, { length }, expected] of [["gamma", gamma, columns], ["running", running, 2 * columns]] as const
    ) {
      if (length !== expected) {
        throw new RangeError(`batchNorm: ${name} for x [${x.shape}]: expected ${expected} numbers, found ${length}`);
      }
    }
    const shape = { rows, columns, epsilon: BATCH_NORM.epsilon };
    const y = this.#output(x.shape, [x, gamma, beta], "normalised activations", relu);
    const moments = this.recording ? this.#own(2 * columns, "a batch's moments") : running.buffer;
    const count = rows / batch * (this.#count ?? batch);
    if (this.recording) {
      device.moments({ x: x.buffer, moments, rows: count, columns });
      const share = BATCH_NORM.share * count / rows;
      device.blend({ x: moments, y: running.buffer, length: 2 * columns, share });
    }
    device.normalise({ ...shape, x: x.buffer, moments, gamma: gamma.buffer, beta: beta.buffer, y: y.buffer, relu });
    this.#record(y, (dy) => {
      this.#receive([x, gamma, beta], ([dx, dGamma, dBeta]) => {
        const all = { x: x.buffer, dy, moments, gamma: gamma.buffer, dx, dGamma, dBeta };
        device.normaliseGradient({ ...shape, ...all, count });
        this.#passOn(x, dx, dx);
      });
      this.#free(moments);
    });
    return y;
  }

  /**
   * Weights and bias of a layer that does what it and the batch norm after it do in inference (see `fold_batch_norm.ts` for
   * the formula). So a tape that does not record passes over each activation once less.
   *
   * @param weights [..., channels]
   * @param bias [channels]
   */
  foldBatchNorm(weights: Tensor, bias: Tensor, { gamma, beta, running }: BatchNormParameters): [Tensor, Tensor] {
    if (this.recording) throw new Error("foldBatchNorm(): expected a tape that does not record, found one that does");
    const device = this.#device, columns = bias.length, { epsilon } = BATCH_NORM, relu = false;
    // Weights are scaled as activations of mean 0 are normalised, without the shift. reluGradient() keeps what its mask selects.
    const [variances, mask] = [1, 2].map(() => this.#own(2 * columns, "variances"));
    device.write(mask, Float32Array.from({ length: 2 * columns }, (_, i) => Number(i >= columns)));
    device.reluGradient({ dy: running.buffer, mask, dx: variances, length: 2 * columns });
    const [folded, shifted] = [weights, bias].map(({ shape }) => this.#make(shape, "weights with a batch norm"));
    const scale = { columns, epsilon, relu, gamma: gamma.buffer };
    const rows = weights.length / columns; // and beta: the first half of `variances` is 0
    device.normalise({ ...scale, rows, x: weights.buffer, moments: variances, beta: variances, y: folded.buffer });
    const moments = running.buffer;
    device.normalise({ ...scale, rows: 1, x: bias.buffer, moments, beta: beta.buffer, y: shifted.buffer });
    return [folded, shifted];
  }

  /** 2x2 max pool, stride 2. x: [batch, height, width, channels], result [batch, floor(height/2), floor(width/2), channels]. */
  maxPool(x: Tensor): Tensor {
    const [batch, height, width, channels] = expectShape("maxPool", "x", x, 4);
    const shape = { batch, height, width, channels };
    const y = this.#output([batch, Math.floor(height / 2), Math.floor(width / 2), channels], [x], "pooled activations");
    this.#device.maxPool({ ...shape, x: x.buffer, y: y.buffer });
    this.#record(
      y,
      (dy) =>
        this.#receive([x], ([dx]) => this.#device.maxPoolGradient({ ...shape, x: x.buffer, dy, dx, mask: maskOf(x) })),
    );
    return y;
  }

  /** Global average pool: the mean of each channel. x: [batch, height, width, channels], result [batch, channels]. */
  averagePool(x: Tensor): Tensor {
    const [batch, height, width, channels] = expectShape("averagePool", "x", x, 4);
    const shape = { batch, height, width, channels };
    const y = this.#output([batch, channels], [x], "averaged activations");
    this.#device.averagePool({ ...shape, x: x.buffer, y: y.buffer });
    this.#record(
      y,
      (dy) => this.#receive([x], ([dx]) => this.#device.averagePoolGradient({ ...shape, dy, dx, mask: maskOf(x) })),
    );
    return y;
  }

  /**
   * Dense layer y = x weights + bias, with or without ReLU. All dimensions of x except the first are flattened,
   * row-major.
   *
   * @param x [batch, ...], the rest `in` numbers
   * @param weights [in, out]
   * @param bias [out]
   * @returns [batch, out]
   */
  dense(x: Tensor, weights: Tensor, bias: Tensor, options: { relu: boolean }): Tensor {
    const batch = x.shape[0], k = x.length / batch;
    const [rows, out] = expectShape("dense", "weights", weights, 2);
    if (rows !== k) throw new RangeError(`dense: x [${x.shape}]: expected ${rows} numbers in a row, found ${k}`);
    const device = this.#device;
    const y = this.#output([batch, out], [x, weights, bias], "activations of a dense layer", options.relu);
    device.matmul({
      a: x.buffer,
      b: weights.buffer,
      bias: bias.buffer,
      c: y.buffer,
      m: batch,
      n: out,
      k,
      relu: options.relu,
    });
    this.#record(y, (dy) => {
      this.#receive(
        [weights],
        ([c]) => device.matmul({ a: x.buffer, transposeA: true, b: dy, c, m: k, n: out, k: batch }),
      );
      this.#receive([bias], ([sums]) => device.columnSums({ x: dy, sums, rows: batch, columns: out }));
      this.#receive(
        [x],
        ([c]) =>
          device.matmul({ a: dy, b: weights.buffer, transposeB: true, c, m: batch, n: k, k: out, mask: maskOf(x) }),
      );
    });
    return y;
  }

  /** max(0, x), for an x that no kernel has rectified already. */
  relu(x: Tensor): Tensor {
    const length = x.length;
    const y = this.#output(x.shape, [x], "rectified activations");
    this.#device.relu({ x: x.buffer, y: y.buffer, length });
    this.#record(
      y,
      (dy) => this.#receive([x], ([dx]) => this.#device.reluGradient({ dy, mask: y.buffer, dx, length })),
    );
    return y;
  }

  /** a + b, of equal shape: a residual connection. */
  add(a: Tensor, b: Tensor): Tensor {
    if (String(a.shape) !== String(b.shape)) throw new RangeError(`add: shapes [${a.shape}] and [${b.shape}] differ`);
    const length = a.length;
    const y = this.#output(a.shape, [a, b], "a sum");
    this.#device.add({ a: a.buffer, b: b.buffer, y: y.buffer, length });
    this.#record(y, (dy) => {
      for (const part of [a, b]) this.#receive([part], ([dx]) => this.#passOn(part, dy, dx));
    });
    return y;
  }

  /** Drops a share of the values and scales the others up; `key` determines the mask (see the kernels' Dropout). */
  dropout(x: Tensor, rate: number, key: Words): Tensor {
    const length = x.length;
    const y = this.#output(x.shape, [x], "activations after dropout");
    this.#device.dropout({ x: x.buffer, y: y.buffer, length, rate, key });
    this.#record(y, (dy) =>
      this.#receive([x], ([dx]) => {
        this.#device.dropout({ x: dy, y: dx, length, rate, key });
        this.#passOn(x, dx, dx);
      }));
    return y;
  }

  /**
   * Softmax and cross-entropy against soft targets (equation 4 of the paper), the mean over the rows that count. It
   * also writes the gradient of the logits, so `backward()` can follow.
   *
   * @param logits [batch, classes]
   * @param targets [batch, classes], each row a distribution
   * @returns the probabilities [batch, classes]
   */
  softmaxCrossEntropy(logits: Tensor, targets: Tensor, options: LossOptions): Tensor {
    const [rows, classes] = expectShape("softmaxCrossEntropy", "logits", logits, 2);
    const probabilities = this.#make([rows, classes], "probabilities");
    logits.gradient ??= this.#own(logits.length, "gradient of the logits");
    logits.hasGradient = true;
    this.#device.softmaxCrossEntropy({
      logits: logits.buffer,
      targets: targets.buffer,
      probabilities: probabilities.buffer,
      dLogits: logits.gradient,
      rows,
      classes,
      ...options,
    });
    return probabilities;
  }

  /**
   * Adds a user-defined operation to the tape. {@link gradientCheck} checks whether its gradients are right.
   *
   * @param inputs its inputs; gradients are computed for those that require one
   * @param shape shape of its output
   * @throws RangeError if there is not one gradient per input
   */
  operation(inputs: readonly Tensor[], shape: readonly number[], { forward, gradients }: Operation): Tensor {
    if (gradients.length !== inputs.length) {
      throw new RangeError(
        `operation: expected ${inputs.length} gradients, one for each input, found ${gradients.length}`,
      );
    }
    const y = this.#output(shape, [...inputs], "output of an operation");
    forward(y.buffer);
    this.#record(y, (dy) =>
      inputs.forEach((x, i) =>
        this.#receive([x], ([dx]) => {
          gradients[i](dy, dx);
          this.#passOn(x, dx, dx); // the ReLU that produced x, if any
        })
      ));
    return y;
  }

  /**
   * Runs the tape backwards, so that every parameter receives the loss's gradient. Frees activations on the way.
   *
   * @param from start at this tensor instead of at a loss, with `gradient` of the same shape
   */
  backward(from?: Tensor, gradient?: DeviceBuffer): void {
    if (!this.recording) throw new Error("backward(): expected a tape that records, found one made without recording");
    if (from && gradient) {
      from.gradient = this.#own(from.length, "gradient to start from");
      this.#passOn(from, gradient, from.gradient);
      from.hasGradient = true;
    }
    for (const { output, pushBack } of this.#steps.reverse()) {
      if (output.hasGradient) pushBack();
      if (output.gradient) this.#free(output.gradient);
      this.#free(output.buffer);
    }
    this.#steps = [];
  }

  /** Frees everything that the tape still owns. Its tensors must not be used afterwards. */
  release(): void {
    for (const buffer of this.#owned) this.#device.release(buffer);
    this.#owned.clear();
    this.#steps = [];
  }

  /** Passes a gradient that no kernel masked on to x: unchanged, or masked if x is rectified. */
  #passOn(x: Tensor, dy: DeviceBuffer, dx: DeviceBuffer): void {
    if (x.rectified) this.#device.reluGradient({ dy, mask: x.buffer, dx, length: x.length });
    else if (dx !== dy) this.#device.copy({ x: dy, y: dx, length: x.length });
  }

  /** Lets `write` fill the gradients of `tensors`. If a tensor already has a gradient, adds to it. */
  #receive(tensors: Tensor[], write: (into: DeviceBuffer[]) => void): void {
    if (!tensors.some((t) => t.requiresGradient)) return;
    const parts = tensors.map((t) => {
      if (!t.hasGradient) t.gradient ??= this.#own(t.length, "gradient of activations");
      return t.hasGradient ? this.#own(t.length, "a further gradient") : t.gradient!;
    });
    write(parts);
    tensors.forEach((t, i) => {
      if (t.hasGradient) {
        this.#device.add({ a: t.gradient!, b: parts[i], y: t.gradient!, length: t.length });
        this.#free(parts[i]);
      }
      t.hasGradient = true;
    });
  }

  #record(output: Tensor, pushBack: (dy: DeviceBuffer) => void): void {
    if (this.recording) this.#steps.push({ output, pushBack: () => pushBack(output.gradient!) });
  }

  #output(shape: readonly number[], inputs: Tensor[], purpose: string, rectified = false): Tensor {
    for (const input of inputs) input.hasGradient = false; // resets the flags of the previous step
    return this.#make(shape, purpose, { requiresGradient: inputs.some((t) => t.requiresGradient), rectified });
  }

  #make(shape: readonly number[], purpose: string, options = {}): Tensor {
    return new Tensor(shape, this.#own(sizeOf(shape), `${purpose} [${shape}]`), options);
  }

  #own(length: number, purpose: string): DeviceBuffer {
    const buffer = this.#device.allocate(length, purpose);
    this.#owned.add(buffer);
    return buffer;
  }

  #free(buffer: DeviceBuffer): void {
    if (this.#owned.delete(buffer)) this.#device.release(buffer);
  }
}

/** The mask for a kernel that writes x's gradient. */
const maskOf = (x: Tensor) => x.rectified ? x.buffer : undefined;

function expectShape(operation: string, name: string, tensor: Tensor, sizes: number): readonly number[] {
  if (tensor.shape.length !== sizes) {
    throw new RangeError(`${operation}: ${name}: expected a shape of ${sizes} sizes, found [${tensor.shape}]`);
  }
  return tensor.shape;
}
