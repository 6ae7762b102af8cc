/**
 * The network as it thinks: what each layer makes of one segment, which kernel made it, and how long that takes.
 *
 * The network's own `forward()` runs on a tape that looks on. Each operation is then repeated to be timed.
 */
import type { Device } from "../../kernels/device.ts";
import { WebGpuDevice } from "../../kernels/webgpu/device.ts";
import { summarise } from "../../nn/vgg_e.ts";
import { type BatchNormParameters, Tape } from "../../nn/tape.ts";
import type { Tensor } from "../../nn/tensor.ts";
import { VggE } from "../../nn/vgg_e.ts";
import type { Predictor } from "../../refinery/predictor.ts";
import { sourcesOf } from "./kernel_sources.ts";
import type { LayerView } from "./protocol.ts";

/** Segments of the batch that is timed: the devices are made for batches. */
const BATCH = 16;
/** Times that an operation is repeated. */
const REPEATS = 3;

interface Operation {
  kernel: "conv2d" | "maxPool" | "matmul";
  output: Tensor;
  weights?: Tensor;
  again: () => Tensor;
}

/** Looks on while a network runs forward. */
class WatchedTape extends Tape {
  readonly operations: Operation[] = [];
  /** Whether what runs is noted. */
  watching = true;

  #note(kernel: Operation["kernel"], again: () => Tensor, weights?: Tensor): Tensor {
    const output = again();
    if (this.watching) this.operations.push({ kernel, output, weights, again });
    return output;
  }

  override conv2d(x: Tensor, weights: Tensor, bias: Tensor, options: { relu: boolean }): Tensor {
    return this.#note("conv2d", () => super.conv2d(x, weights, bias, options), weights);
  }

  override batchNorm(x: Tensor, norm: BatchNormParameters, options: { relu: boolean }): Tensor {
    const output = super.batchNorm(x, norm, options);
    if (this.watching) this.operations[this.operations.length - 1].output = output; // what the next layer sees
    return output;
  }

  override maxPool(x: Tensor): Tensor {
    return this.#note("maxPool", () => super.maxPool(x));
  }

  override dense(x: Tensor, weights: Tensor, bias: Tensor, options: { relu: boolean }): Tensor {
    return this.#note("matmul", () => super.dense(x, weights, bias, options), weights);
  }
}

/** The layers for a segment. @param frames [segmentFrames, nMels] */
export async function lookInside({ device, model }: Predictor, frames: Float32Array): Promise<LayerView[]> {
  const { network: { options }, frontEnd: { nMels, segmentFrames }, standardisation } = model.description;
  const network = new VggE(device, options), layers = summarise(options);
  const tape = new WatchedTape(device, { recording: false });
  try {
    network.parameters.write(model.weights);
    const x = tape.input([BATCH, nMels, segmentFrames, 1]);
    const one = new Float32Array(nMels * segmentFrames), { mean, deviation } = standardisation;
    for (let t = 0; t < segmentFrames; t++) {
      for (let b = 0; b < nMels; b++) one[b * segmentFrames + t] = (frames[t * nMels + b] - mean) / deviation;
    }
    const batch = new Float32Array(BATCH * one.length);
    for (let i = 0; i < BATCH; i++) batch.set(one, i * one.length);
    device.write(x.buffer, batch);
    network.forward(tape, x);
    tape.watching = false;
    const views: LayerView[] = [];
    for (const [i, { kernel, output, weights, again }] of tape.operations.entries()) {
      const { name, output: shape, flops } = layers[i];
      const values = (await device.read(output.buffer)).slice(0, output.length / BATCH);
      views.push({
        name,
        kernel,
        shape,
        values,
        seconds: await time(device, again),
        flops: flops * BATCH,
        batch: BATCH,
        weights: weights && { shape: [...weights.shape], values: model.weights[`${name}.w`].slice() },
        sources: sourcesOf(device, { kernel, batch: BATCH, ...grid(shape), ...channels(weights) }),
      });
    }
    return views;
  } finally {
    tape.release();
    network.parameters.release();
  }
}

const grid = ([height, width]: readonly number[]) => ({ height, width: width ?? 1 });
const channels = (weights?: Tensor) => {
  const [channelsIn, channelsOut] = weights?.shape.slice(-2) ?? [0, 0];
  return { channelsIn, channelsOut };
};

/** Seconds of an operation: the fastest of a few. */
async function time(device: Device, run: () => Tensor): Promise<number> {
  let fastest = Infinity;
  for (let i = 0; i < REPEATS; i++) {
    if (device instanceof WebGpuDevice) {
      fastest = Math.min(fastest, await device.time(() => void run()));
      continue;
    }
    const began = performance.now();
    const { buffer } = run();
    await device.read(buffer.slice(0, 1));
    fastest = Math.min(fastest, (performance.now() - began) / 1000);
  }
  return fastest;
}
