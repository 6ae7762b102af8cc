/** What each layer of a model's network makes of a segment, by the kernels' definitions in float64. */
import { logMel } from "../../dsp/log_mel.ts";
import { createReferenceDevice, referenceValues } from "../../kernels/reference_device.ts";
import type { Model } from "../../models/model.ts";
import type { BatchNormParameters } from "../../nn/batch_norm.ts";
import { Tape } from "../../nn/tape.ts";
import type { Tensor } from "../../nn/tensor.ts";
import { VggE } from "../../nn/vgg_e.ts";

/** Keeps what comes out of each layer. */
class LayerTape extends Tape {
  readonly layers: Tensor[] = [];

  #keep(y: Tensor): Tensor {
    this.layers.push(y);
    return y;
  }
  override conv2d(...args: Parameters<Tape["conv2d"]>): Tensor {
    return this.#keep(super.conv2d(...args));
  }
  override batchNorm(x: Tensor, norm: BatchNormParameters, options: { relu: boolean }): Tensor {
    this.layers.pop(); // of a convolution and its norm only the norm's output is seen
    return this.#keep(super.batchNorm(x, norm, options));
  }
  override maxPool(x: Tensor): Tensor {
    return this.#keep(super.maxPool(x));
  }
  override dense(...args: Parameters<Tape["dense"]>): Tensor {
    return this.#keep(super.dense(...args));
  }
}

/** The frames of the model's segment around a moment, [segmentFrames, nMels]. */
export function segmentAround(
  { description: { frontEnd } }: Model,
  samples: Float32Array,
  seconds: number,
): Float32Array {
  const frames = logMel(samples, frontEnd), count = frames.length / 64, size = frontEnd.segmentFrames;
  const first = Math.max(0, Math.min(count - size, Math.round(100 * seconds) - size / 2)); // a frame every 10 ms
  return frames.slice(64 * first, 64 * (first + size));
}

/** Layer after layer: [height, width, channels] or [units], the lowest band first. @param frames [segmentFrames, nMels] */
export function definedLayers({ description, weights }: Model, frames: Float32Array): Float64Array[] {
  const device = createReferenceDevice(), network = new VggE(device, description.network.options);
  network.parameters.write(weights);
  const tape = new LayerTape(device, { recording: false }), size = frames.length / 64, x = tape.input([1, 64, size, 1]);
  const { mean, deviation } = description.standardisation, values = referenceValues(x.buffer);
  for (let band = 0; band < 64; band++) {
    for (let t = 0; t < size; t++) values[size * band + t] = (frames[64 * t + band] - mean) / deviation;
  }
  network.forward(tape, x);
  return tape.layers.map(({ buffer }) => referenceValues(buffer).slice());
}

/** Largest difference over the largest value. */
export function apart(found: ArrayLike<number>, expected: Float64Array): number {
  if (found.length !== expected.length) return Infinity;
  let difference = 0, size = 1e-30;
  for (let i = 0; i < expected.length; i++) {
    difference = Math.max(difference, Number.isNaN(found[i]) ? Infinity : Math.abs(found[i] - expected[i]));
    size = Math.max(size, Math.abs(expected[i]));
  }
  return difference / size;
}
