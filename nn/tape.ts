/**
 * The operations of a network. Each runs its kernel forward, and records how to pass its output's gradient on to its inputs:
 * see `recorder.ts` for what is done with that.
 *
 * If a tensor is the output of a fused ReLU, the operation that writes its gradient also masks it (see {@link
 * Tensor.rectified}), which saves one pass over memory per layer.
 */
import type { Device, DeviceBuffer } from "../kernels/device.ts";
import type { Words } from "../kernels/random.ts";
import { batchNorm, type BatchNormParameters, foldIntoLayer } from "./batch_norm.ts";
import { Recorder } from "./recorder.ts";
import type { Tensor } from "./tensor.ts";

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

/** A record of the computation, to be run backwards. */
export class Tape {
  /** Whether gradients can be computed. */
  readonly recording: boolean;
  /** The key of random masks. */
  readonly path: readonly number[];
  readonly #device: Device;
  readonly #count: number | undefined;
  readonly #recorder: Recorder;

  /** An empty tape. */
  constructor(device: Device, options: TapeOptions = {}) {
    this.#device = device;
    this.recording = options.recording ?? true;
    this.path = options.path ?? [];
    this.#count = options.count;
    this.#recorder = new Recorder(device, this.recording);
  }

  /** An empty tensor for the caller to fill; it has no gradient unless requested. */
  input(shape: readonly number[], requiresGradient = false): Tensor {
    return this.#recorder.make(shape, "a batch's input", { requiresGradient });
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
    const y = this.#recorder.output(
      [batch, height, width, channelsOut],
      [x, weights, bias],
      "activations",
      options.relu,
    );
    this.#device.conv2d({
      ...shape,
      x: x.buffer,
      weights: weights.buffer,
      bias: bias.buffer,
      y: y.buffer,
      relu: options.relu,
    });
    this.#recorder.record(y, (dy) => {
      this.#recorder.receive(
        [weights, bias],
        ([dWeights, dBias]) => this.#device.conv2dWeightGradient({ ...shape, x: x.buffer, dy, dWeights, dBias }),
      );
      this.#recorder.receive(
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
  batchNorm(x: Tensor, parameters: BatchNormParameters, { relu }: { relu: boolean }): Tensor {
    const { recording } = this, count = this.#count;
    return batchNorm(this.#device, this.#recorder, x, parameters, { relu, recording, count });
  }

  /**
   * Weights and bias of a layer that does what it and the batch norm after it do in inference (see `fold_batch_norm.ts` for
   * the formula). So a tape that does not record passes over each activation once less.
   *
   * @param weights [..., channels]
   * @param bias [channels]
   */
  foldBatchNorm(weights: Tensor, bias: Tensor, parameters: BatchNormParameters): [Tensor, Tensor] {
    if (this.recording) throw new Error("foldBatchNorm(): expected a tape that does not record, found one that does");
    return foldIntoLayer(this.#device, this.#recorder, weights, bias, parameters);
  }

  /** 2x2 max pool, stride 2. x: [batch, height, width, channels], result [batch, floor(height/2), floor(width/2), channels]. */
  maxPool(x: Tensor): Tensor {
    const [batch, height, width, channels] = expectShape("maxPool", "x", x, 4);
    const shape = { batch, height, width, channels };
    const y = this.#recorder.output(
      [batch, Math.floor(height / 2), Math.floor(width / 2), channels],
      [x],
      "pooled activations",
    );
    this.#device.maxPool({ ...shape, x: x.buffer, y: y.buffer });
    this.#recorder.record(
      y,
      (dy) =>
        this.#recorder.receive(
          [x],
          ([dx]) => this.#device.maxPoolGradient({ ...shape, x: x.buffer, dy, dx, mask: maskOf(x) }),
        ),
    );
    return y;
  }

  /** Global average pool: the mean of each channel. x: [batch, height, width, channels], result [batch, channels]. */
  averagePool(x: Tensor): Tensor {
    const [batch, height, width, channels] = expectShape("averagePool", "x", x, 4);
    const shape = { batch, height, width, channels };
    const y = this.#recorder.output([batch, channels], [x], "averaged activations");
    this.#device.averagePool({ ...shape, x: x.buffer, y: y.buffer });
    this.#recorder.record(
      y,
      (dy) =>
        this.#recorder.receive([x], ([dx]) => this.#device.averagePoolGradient({ ...shape, dy, dx, mask: maskOf(x) })),
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
    const y = this.#recorder.output([batch, out], [x, weights, bias], "activations of a dense layer", options.relu);
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
    this.#recorder.record(y, (dy) => {
      this.#recorder.receive(
        [weights],
        ([c]) => device.matmul({ a: x.buffer, transposeA: true, b: dy, c, m: k, n: out, k: batch }),
      );
      this.#recorder.receive([bias], ([sums]) => device.columnSums({ x: dy, sums, rows: batch, columns: out }));
      this.#recorder.receive(
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
    const y = this.#recorder.output(x.shape, [x], "rectified activations");
    this.#device.relu({ x: x.buffer, y: y.buffer, length });
    this.#recorder.record(
      y,
      (dy) => this.#recorder.receive([x], ([dx]) => this.#device.reluGradient({ dy, mask: y.buffer, dx, length })),
    );
    return y;
  }

  /** a + b, of equal shape: a residual connection. */
  add(a: Tensor, b: Tensor): Tensor {
    if (String(a.shape) !== String(b.shape)) throw new RangeError(`add: shapes [${a.shape}] and [${b.shape}] differ`);
    const length = a.length;
    const y = this.#recorder.output(a.shape, [a, b], "a sum");
    this.#device.add({ a: a.buffer, b: b.buffer, y: y.buffer, length });
    this.#recorder.record(y, (dy) => {
      for (const part of [a, b]) this.#recorder.receive([part], ([dx]) => this.#recorder.passOn(part, dy, dx));
    });
    return y;
  }

  /** Drops a share of the values and scales the others up; `key` determines the mask (see the kernels' Dropout). */
  dropout(x: Tensor, rate: number, key: Words): Tensor {
    const length = x.length;
    const y = this.#recorder.output(x.shape, [x], "activations after dropout");
    this.#device.dropout({ x: x.buffer, y: y.buffer, length, rate, key });
    this.#recorder.record(y, (dy) =>
      this.#recorder.receive([x], ([dx]) => {
        this.#device.dropout({ x: dy, y: dx, length, rate, key });
        this.#recorder.passOn(x, dx, dx);
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
    const probabilities = this.#recorder.make([rows, classes], "probabilities");
    logits.gradient ??= this.#recorder.own(logits.length, "gradient of the logits");
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
    const y = this.#recorder.output(shape, [...inputs], "output of an operation");
    forward(y.buffer);
    this.#recorder.record(y, (dy) =>
      inputs.forEach((x, i) =>
        this.#recorder.receive([x], ([dx]) => {
          gradients[i](dy, dx);
          this.#recorder.passOn(x, dx, dx); // the ReLU that produced x, if any
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
    this.#recorder.backward(from, gradient);
  }

  /** Frees everything that the tape still owns. Its tensors must not be used afterwards. */
  release(): void {
    this.#recorder.release();
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
