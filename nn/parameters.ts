/**
 * A network's learnable parameters. All weights are in one buffer, end to end, and each tensor is a slice of it. The
 * gradients are in another buffer with the same layout. So Adam is one kernel call, and copying the best weights
 * another.
 */
import { type Device, type DeviceBuffer, SLICE_ALIGNMENT } from "../kernels/device.ts";
import { Random } from "../kernels/random.ts";
import { sizeOf, Tensor } from "./tensor.ts";

/** Name and shape of one parameter. */
export interface ParameterSpec {
  /** For instance "conv1.w". */
  name: string;
  /** [3, 3, in, out], [in, out], or [out] for a bias. */
  shape: readonly number[];
  /** Initial values, one for each index of its last dimension; default: drawn at random, or zero for a bias. */
  initial?: readonly number[];
}

/** The parameters of one network on one device. */
export class Parameters {
  /** The device they are on. */
  readonly device: Device;
  /** Names and shapes, in order. */
  readonly specs: readonly ParameterSpec[];
  /** All weights, with gaps (always zero) that align each parameter. */
  readonly weights: DeviceBuffer;
  /** Their gradients, in the same layout. */
  readonly gradients: DeviceBuffer;
  #offsets = new Map<string, number>();
  #tensors = new Map<string, Tensor>();

  /** Allocates the buffers; the values are zero until {@link Parameters.write}. */
  constructor(device: Device, specs: readonly ParameterSpec[]) {
    this.device = device;
    this.specs = specs;
    let length = 0;
    for (const { name, shape } of specs) {
      this.#offsets.set(name, length);
      length += Math.ceil(sizeOf(shape) / SLICE_ALIGNMENT) * SLICE_ALIGNMENT;
    }
    this.weights = device.allocate(length, "the network's weights");
    this.gradients = device.allocate(length, "the weights' gradients");
    device.fill({ x: this.weights, length, value: 0 });
    device.fill({ x: this.gradients, length, value: 0 });
    for (const { name, shape } of specs) {
      const [offset, size] = [this.#offsets.get(name)!, sizeOf(shape)];
      const gradient = this.gradients.slice(offset, size);
      this.#tensors.set(
        name,
        new Tensor(shape, this.weights.slice(offset, size), { requiresGradient: true, gradient }),
      );
    }
  }

  /** Number of learned values (without the gaps). */
  get count(): number {
    return this.specs.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  }

  /** The tensor with this name. Throws a RangeError if there is none. */
  get(name: string): Tensor {
    const tensor = this.#tensors.get(name);
    if (!tensor) {
      throw new RangeError(`Expected a parameter among ${[...this.#tensors.keys()].join(", ")}, found '${name}'`);
    }
    return tensor;
  }

  /** Sets parameters from plain arrays, by name. Throws a RangeError if a name is missing or a length is wrong. */
  write(values: Record<string, Float32Array>): void {
    const all = new Float32Array(this.weights.length);
    for (const { name, shape } of this.specs) {
      const value = values[name];
      if (value?.length !== sizeOf(shape)) {
        throw new RangeError(`Parameter '${name}' [${shape}]: found ${value ? `${value.length} numbers` : "nothing"}`);
      }
      all.set(value, this.#offsets.get(name));
    }
    this.device.write(this.weights, all);
  }

  /** All weights (or a buffer with the same layout, such as the gradients) as plain arrays by name. */
  async read(buffer: DeviceBuffer = this.weights): Promise<Record<string, Float32Array>> {
    const all = await this.device.read(buffer);
    return Object.fromEntries(this.specs.map(({ name, shape }) => {
      const offset = this.#offsets.get(name)!;
      return [name, all.slice(offset, offset + sizeOf(shape))];
    }));
  }

  /** Releases the buffers. */
  release(): void {
    this.device.release(this.weights);
    this.device.release(this.gradients);
  }
}

/** How initial weights are drawn. */
export type Initialisation = "glorot" | "he";

/** All initialisations, the paper's first. */
export const INITIALISATIONS: readonly Initialisation[] = ["glorot", "he"];

/** Largest absolute initial weight, by the number of inputs and outputs of a unit. */
const LIMITS: Record<Initialisation, (fanIn: number, fanOut: number) => number> = {
  /** Preserves the variance of activations and of gradients, on average (Glorot & Bengio 2010). */
  glorot: (fanIn, fanOut) => Math.sqrt(6 / (fanIn + fanOut)),
  /** Preserves the variance of activations if ReLU zeroes half of the units (He et al. 2015). */
  he: (fanIn) => Math.sqrt(6 / fanIn),
};

/**
 * Glorot-uniform weights and zero biases: {@link uniformWeights} with that limit.
 *
 * @param path the key of the draws, e.g. seed, fold, stage
 */
export function glorotUniform(specs: readonly ParameterSpec[], ...path: number[]): Record<string, Float32Array> {
  return uniformWeights("glorot", specs, ...path);
}

/**
 * Weights uniform within a limit, sqrt(6 / (fanIn + fanOut)) (`glorot`) or sqrt(6 / fanIn) (`he`), where a convolution's fans
 * count its 9 taps, and zero biases. Each parameter draws from a separate stream; parameters with `initial` values use these.
 *
 * @param path the key of the draws, e.g. seed, fold, stage
 */
export function uniformWeights(
  initialisation: Initialisation,
  specs: readonly ParameterSpec[],
  ...path: number[]
): Record<string, Float32Array> {
  return Object.fromEntries(specs.map(({ name, shape, initial }, index) => {
    const values = new Float32Array(sizeOf(shape));
    if (initial) initial.forEach((value, row) => values.fill(value, row * shape.at(-1)!, (row + 1) * shape.at(-1)!));
    else if (shape.length > 1) {
      const random = new Random(...path, index);
      const taps = sizeOf(shape.slice(0, -2));
      const [fanIn, fanOut] = shape.slice(-2).map((n) => n * taps);
      const limit = LIMITS[initialisation](fanIn, fanOut);
      for (let i = 0; i < values.length; i++) values[i] = limit * (2 * random.uniform() - 1);
    }
    return [name, values];
  }));
}
