/**
 * VGG-E (Simonyan & Zisserman 2014, configuration E) for segments of speech: sixteen 3x3 convolutions in five blocks, a 2x2
 * max pool after each block, three dense layers. On a 64 x 32 segment the last pool leaves 2 x 1 pixels.
 *
 *     [n, 64, 32, 1] -> 64 64 P 128 128 P 256 x4 P 512 x4 P 512 x4 P -> [n, 2, 1, 512] -> 4096 -> 4096 -> K
 *
 * `width` scales every layer but the last. With `batchNorm` each convolution is normalised before its ReLU, as in later
 * versions of the authors' networks (Ioffe & Szegedy 2015); the paper uses none.
 */
import type { Device } from "../kernels/device.ts";
import { randomKey } from "../kernels/random.ts";
import { type Initialisation, Parameters, type ParameterSpec, uniformWeights } from "./parameters.ts";
import type { Tape } from "./tape.ts";
import type { Tensor } from "./tensor.ts";

/** Channels of the convolutions, block by block. */
export const BLOCKS: readonly (readonly number[])[] = [
  [64, 64],
  [128, 128],
  [256, 256, 256, 256],
  [512, 512, 512, 512],
  [512, 512, 512, 512],
];

/** Units of the hidden dense layers. */
export const DENSE: readonly number[] = [4096, 4096];

/** Options of a VGG-E. */
export interface VggEOptions {
  /** Number of classes. */
  classes: number;
  /** Factor on every layer's channels or units, 1 in the paper; at least one channel remains. */
  width: number;
  /** Mel bands, a multiple of 32. Default 64. */
  height?: number;
  /** Frames, a multiple of 32. Default 32. */
  frames?: number;
  /** Whether each convolution is followed by a batch norm. Default no. */
  batchNorm?: boolean;
  /** Whether the hidden dense layers also have batch norms. Default no. */
  batchNormDense?: boolean;
  /** Share of each hidden dense layer's units dropped in training. Default 0. */
  dropout?: number;
  /**
   * The layers after the convolutions: `dense`, the paper's three dense layers; or `average`, the mean of each channel over all
   * pixels and one dense layer (Lin, Chen & Yan 2013), whose weights work for segments of any size. Default: dense.
   */
  head?: "dense" | "average";
}

/** One layer, as a row of a table of the model. */
export interface LayerSummary {
  /** For instance "conv1". */
  name: string;
  /** Output size [height, width, channels] or [units], for one segment. */
  output: number[];
  /** Number of learned values. */
  parameters: number;
  /** Floating-point operations of the forward pass for one segment: two a multiply-add, bias, batch norm and ReLU not counted. */
  flops: number;
}

/** A model that can be fitted: parameters, and a forward pass from a batch to logits. */
export interface Network {
  /** Its learnable parameters. */
  readonly parameters: Parameters;
  /** [height, width, channels] of one example. */
  readonly inputShape: readonly number[];
  /** Number of logits. */
  readonly classes: number;
  /** x: [batch, ...inputShape], result: logits [batch, classes] */
  forward(tape: Tape, x: Tensor): Tensor;
}

/** The network. Its weights are zero until they are drawn ({@link VggE.initialise}) or loaded. */
export class VggE implements Network {
  readonly parameters: Parameters;
  readonly inputShape: readonly number[];
  readonly classes: number;
  readonly #batchNorm: boolean;
  readonly #batchNormDense: boolean;
  readonly #dropout: number;
  readonly #head: "dense" | "average";

  /**
   * Allocates the parameters.
   *
   * @throws RangeError if an option is invalid, or Error if the device lacks memory
   */
  constructor(device: Device, options: VggEOptions) {
    this.classes = options.classes;
    this.#batchNorm = options.batchNorm ?? false;
    this.#batchNormDense = options.batchNormDense ?? false;
    this.#dropout = options.dropout ?? 0;
    this.#head = options.head ?? "dense";
    if (!(this.#dropout >= 0 && this.#dropout < 1)) {
      throw new RangeError(`dropout: expected a share >= 0 and < 1, found ${this.#dropout}`);
    }
    this.inputShape = [options.height ?? 64, options.frames ?? 32, 1];
    this.parameters = new Parameters(device, vggEParameters(options));
  }

  /** Draws new Glorot-uniform weights, keyed by `path` (seed, fold, stage). */
  initialise(...path: number[]): this {
    return this.draw("glorot", ...path);
  }

  /** Draws new weights, keyed by `path` (seed, fold, stage). */
  draw(initialisation: Initialisation, ...path: number[]): this {
    this.parameters.write(uniformWeights(initialisation, this.parameters.specs, ...path));
    return this;
  }

  forward(tape: Tape, x: Tensor): Tensor {
    const p = (name: string) => this.parameters.get(name);
    type Product = (h: Tensor, weights: Tensor, bias: Tensor, options: { relu: boolean }) => Tensor;
    /** A layer with its ReLU and, before that, its batch norm: of the batch in training, folded into the weights in inference. */
    const layer = (product: Product, h: Tensor, name: string, number: number, hasNorm: boolean) => {
      const [weights, bias] = [p(`${name}.w`), p(`${name}.b`)];
      if (!hasNorm) return product(h, weights, bias, { relu: true });
      const [gamma, beta, running] = ["gamma", "beta", "moments"].map((part) => p(`bn${number}.${part}`));
      const norm = { gamma, beta, running };
      if (!tape.recording) return product(h, ...tape.foldBatchNorm(weights, bias, norm), { relu: true });
      return tape.batchNorm(product(h, weights, bias, { relu: false }), norm, { relu: true });
    };
    const conv2d: Product = (...args) => tape.conv2d(...args), multiply: Product = (...args) => tape.dense(...args);
    let h = x, number = 0;
    for (const block of BLOCKS) {
      for (const _ of block) h = layer(conv2d, h, `conv${++number}`, number, this.#batchNorm);
      h = tape.maxPool(h);
    }
    if (this.#head === "average") return tape.dense(tape.averagePool(h), p("dense1.w"), p("dense1.b"), { relu: false });
    for (const dense of [1, 2]) {
      h = layer(multiply, h, `dense${dense}`, number + dense, this.#batchNormDense);
      if (this.#dropout > 0 && tape.recording) h = tape.dropout(h, this.#dropout, randomKey(...tape.path, dense));
    }
    return tape.dense(h, p("dense3.w"), p("dense3.b"), { relu: false });
  }
}

/** Shapes, parameters and operations of each layer for one segment; nothing is allocated. */
export function summarise(options: VggEOptions): LayerSummary[] {
  const { classes, width } = options;
  let [h, w, channels] = [options.height ?? 64, options.frames ?? 32, 1];
  if (!(width > 0)) throw new RangeError(`width: expected a factor > 0, found ${width}`);
  if (!(classes >= 2 && classes <= 64)) throw new RangeError(`classes: expected 2 to 64, found ${classes}`);
  if (h % 32 !== 0 || w % 32 !== 0) {
    throw new RangeError(
      `A segment: expected sizes that are multiples of 32, since five pools halve them, found ${h} x ${w}`,
    );
  }
  const scaled = (n: number) => Math.max(1, Math.round(n * width));
  const layers: LayerSummary[] = [];
  let index = 0;
  for (const block of BLOCKS) {
    for (const full of block) {
      const out = scaled(full);
      const parameters = (9 * channels + (options.batchNorm ? 3 : 1)) * out;
      const flops = 2 * 9 * channels * out * h * w;
      layers.push({ name: `conv${++index}`, output: [h, w, out], parameters, flops });
      channels = out;
    }
    [h, w] = [h / 2, w / 2];
    layers.push({ name: `pool${BLOCKS.indexOf(block) + 1}`, output: [h, w, channels], parameters: 0, flops: 0 });
  }
  const average = options.head === "average";
  if (average) layers.push({ name: "average", output: [channels], parameters: 0, flops: h * w * channels });
  let units = average ? channels : h * w * channels;
  [...average ? [] : DENSE.map(scaled), classes].forEach((out, i) => {
    const each = units + (options.batchNormDense && !average && i < DENSE.length ? 3 : 1);
    layers.push({ name: `dense${i + 1}`, output: [out], parameters: each * out, flops: 2 * units * out });
    units = out;
  });
  return layers;
}

/**
 * Operations of one training step for one segment: the forward pass, the gradients of the weights, and those of the
 * inputs, which the first layer does not need.
 */
export function trainingFlops(layers: readonly LayerSummary[]): number {
  return 3 * layers.reduce((sum, layer) => sum + layer.flops, 0) - layers[0].flops;
}

/**
 * The batch norm after a layer: bn3 after conv3, bn17 after dense1; undefined if there is none.
 *
 * @param layer "conv3", "dense1"
 */
export function batchNormOf(
  layer: string,
  { batchNorm, batchNormDense, head }: Pick<VggEOptions, "batchNorm" | "batchNormDense" | "head">,
): string | undefined {
  const [, kind, number] = /^(conv|dense)(\d+)$/.exec(layer) ?? [];
  if (kind === "conv" && batchNorm) return `bn${number}`;
  if (kind === "dense" && batchNormDense && head !== "average" && Number(number) <= DENSE.length) {
    return `bn${BLOCKS.flat().length + Number(number)}`;
  }
}

/** Names and shapes of the parameters: conv1.w, conv1.b, (bn1.gamma, bn1.beta, bn1.moments,) ... dense3.b. */
export function vggEParameters(options: VggEOptions): ParameterSpec[] {
  let channels = 1;
  const specs: ParameterSpec[] = [];
  let units = 0;
  for (const { name, output } of summarise(options)) {
    const out = output[output.length - 1];
    const weightless = name.startsWith("pool") || name === "average";
    if (weightless) units = output.reduce((a, b) => a * b, 1);
    if (name.startsWith("conv")) specs.push({ name: `${name}.w`, shape: [3, 3, channels, out] });
    if (name.startsWith("dense")) specs.push({ name: `${name}.w`, shape: [units, out] });
    if (!weightless) specs.push({ name: `${name}.b`, shape: [out] });
    if (name.startsWith("conv")) channels = out;
    const norm = batchNormOf(name, options);
    if (norm) {
      specs.push({ name: `${norm}.gamma`, shape: [out], initial: [1] }, { name: `${norm}.beta`, shape: [out] });
      specs.push({ name: `${norm}.moments`, shape: [2, out], initial: [0, 1] });
    }
    if (name.startsWith("dense")) units = out;
  }
  return specs;
}
