/**
 * Looks inside the network: each layer's output for one segment, the kernels that computed it, and their duration.
 *
 * The network's own `forward()` runs on a device that records its calls (`lab/recorded.ts`). The calls of each layer are then
 * repeated on the same buffers and timed as in the bench.
 */
import { type Call, recorded, repeat } from "../../lab/recorded.ts";
import { BUDGETS, Stopwatch } from "../../lab/timing.ts";
import type { Device, DeviceBuffer } from "../../kernels/device.ts";
import { WebGpuDevice } from "../../kernels/webgpu/mod.ts";
import { type LayerSummary, summarise, VggE } from "../../nn/vgg_e.ts";
import { Tape } from "../../nn/tape.ts";
import type { Predictor } from "../../models/predictor.ts";
import { isWinograd, sourcesOf } from "./kernel_sources.ts";
import type { InsideView, LayerView, Source, Weights } from "./protocol.ts";

/** Segments of the timed batch: the devices are optimised for batches. */
const BATCH = 16;
/** Shortest timed run on a GPU, in seconds: browsers round its timestamps to a tenth of a millisecond. */
const STRETCH = 2e-3;
/** Largest timed submission: calls, and operations. */
const MOST = { calls: 64, flops: 1e11 };

/** The layers for one segment. @param frames [segmentFrames, nMels] */
export async function lookInside({ device, model }: Predictor, frames: Float32Array): Promise<InsideView> {
  const { network: { options }, frontEnd, standardisation: { mean, deviation }, emotions, training } =
    model.description;
  const { nMels, segmentFrames } = frontEnd;
  const calls: Call[] = [], network = new VggE(device, options);
  const tape = new Tape(recorded(device, calls), { recording: false });
  const watch = await Stopwatch.start(device, BUDGETS.quick);
  try {
    network.parameters.write(model.weights);
    const x = tape.input([BATCH, nMels, segmentFrames, 1]);
    const one = new Float32Array(nMels * segmentFrames);
    for (let t = 0; t < segmentFrames; t++) {
      for (let b = 0; b < nMels; b++) one[b * segmentFrames + t] = (frames[t * nMels + b] - mean) / deviation;
    }
    const batch = new Float32Array(BATCH * one.length);
    for (let i = 0; i < BATCH; i++) batch.set(one, i * one.length);
    device.write(x.buffer, batch);
    network.forward(tape, x);

    const layers: LayerView[] = [], sources: Source[] = [];
    for (const { summary, own } of byLayer(summarise(options), calls)) {
      const { name, output: shape } = summary, flops = summary.flops * BATCH;
      const made = outputOf(own), weights = model.weights[`${name}.w`];
      const run = () => repeat(device, own);
      layers.push({
        name,
        kernels: [own.kernel],
        winograd: isWinograd(device, own),
        shape,
        values: await device.read(made.slice(0, shape.reduce((a, b) => a * b))),
        seconds: await secondsOf(device, watch, run, flops),
        flops,
        batch: BATCH,
        weights: weights && [...network.parameters.get(`${name}.w`).shape],
        sources: sourcesOf(device, [own]).map((source) => placeOf(source, sources)),
      });
    }
    return { layers, sources, emotions, folded: Boolean(training.settings.batchNorm) && !options.batchNorm };
  } finally {
    watch.close();
    tape.release();
    network.parameters.release();
  }
}

/** A layer's learned weights. */
export function weightsOf({ model }: Predictor, layer: string): Weights {
  const found = model.description.network.parameters.find(({ name }) => name === `${layer}.w`);
  if (!found) throw new RangeError(`Expected a layer of the network, found "${layer}"`);
  return {
    shape: found.shape,
    values: model.weights[`${layer}.w`].slice(),
    bias: model.weights[`${layer}.b`].slice(),
  };
}

/** Calls that fold a batch norm into the weights of the layer that follows (`Tape.foldBatchNorm`): no work of the layer itself. */
const FOLDING = ["reluGradient", "normalise"];

/** Each layer with its call. */
function byLayer(layers: readonly LayerSummary[], calls: readonly Call[]): { summary: LayerSummary; own: Call }[] {
  const own = calls.filter(({ kernel }) => !FOLDING.includes(kernel));
  if (own.length !== layers.length) throw new Error(`${layers.length} layers were computed by ${own.length} calls`);
  return layers.map((summary, i) => ({ summary, own: own[i] }));
}

function outputOf({ args }: Call): DeviceBuffer {
  const { y, c } = args as { y?: DeviceBuffer; c?: DeviceBuffer };
  return (y ?? c)!;
}

function placeOf(source: Source, all: Source[]): number {
  const known = all.findIndex(({ name, text }) => name === source.name && text === source.text);
  return known >= 0 ? known : all.push(source) - 1;
}

/**
 * Duration in seconds of the work that `run` enqueues: by the GPU's clock if it has one, otherwise by the bench's
 * stopwatch.
 */
async function secondsOf(device: Device, watch: Stopwatch, run: () => void, flops: number): Promise<number> {
  if (!(device instanceof WebGpuDevice && device.gpu.features.has("timestamp-query"))) {
    return (await watch.time(run)).median;
  }
  const most = Math.max(1, Math.min(MOST.calls, Math.floor(MOST.flops / flops)));
  const sample = async (calls: number) => await device.time(() => Array.from({ length: calls }, run)) / calls;
  let calls = 1, seconds = await sample(1);
  while (calls < most && calls * seconds < STRETCH) {
    calls = Math.min(most, Math.max(4 * calls, Math.ceil(1.5 * STRETCH / Math.max(seconds, 1e-5))));
    seconds = await sample(calls);
  }
  for (let i = 0; i < 2; i++) seconds = Math.min(seconds, await sample(calls));
  return seconds;
}
