/**
 * Finds the layer that causes a fault. A loss that is not finite is noticed some steps late, when NaN has spread to every
 * weight. So the steps are repeated from the last sound state up to the one before the bad step. Then the weights, and the
 * activations of one forward pass, are read in the network's order, and the first one that is not finite is named.
 */
import type { Device } from "../kernels/device.ts";
import { Adam, learningRateAt } from "./adam.ts";
import { batches, type Dataset } from "./dataset.ts";
import type { FitOptions, FitState } from "./fit.ts";
import type { Parameters } from "./parameters.ts";
import { type NonFiniteError, orderOf, Pass } from "./pass.ts";
import type { BatchNormParameters } from "./batch_norm.ts";
import { Tape } from "./tape.ts";
import type { Tensor } from "./tensor.ts";
import type { Network } from "./vgg_e.ts";

/**
 * Repeats a fit's steps up to the bad one and returns the first place with NaN or infinity: "conv5.w" or "what comes out of
 * conv5". Returns undefined if everything is finite this time: then the numbers were not the cause.
 *
 * @param network as initialised, or with any weights if there is a state
 * @param options options of the fit
 * @param state the last saved state; default: from the beginning
 * @param fault the error that the fit threw
 */
export async function findNonFinite(
  network: Network,
  training: Dataset,
  options: Pick<FitOptions, "batch" | "learningRate" | "path" | "signal">,
  state: FitState | undefined,
  { epoch, step }: Pick<NonFiniteError, "epoch" | "step">,
): Promise<string | undefined> {
  const { batch = 128, learningRate = learningRateAt, path, signal } = options;
  const { parameters } = network, { device } = parameters;
  const adam = new Adam(parameters);
  const pass = new Pass(network, batch);
  try {
    if (state) {
      device.write(parameters.weights, state.weights);
      device.write(adam.m, state.m);
      device.write(adam.v, state.v);
      adam.steps = state.adamSteps;
    }
    for (let e = state?.epoch ?? 0; e <= epoch; e++) {
      const order = orderOf(training, path, e), steps = Math.ceil(order.length / batch);
      let made = e === state?.epoch ? state.step : 0;
      for (const { examples, count } of batches(order.subarray(made * batch), batch)) {
        if (e === epoch && made === step - 1) break;
        const rate = learningRate(e + made / steps);
        pass.step(training, { examples, count, step: ++made, path: [...path, e] }, () => adam.step(rate));
        if (made % 16 !== 0) continue;
        await pass.totals(); // lets the event loop run, so that Ctrl-C works
        signal?.throwIfAborted();
      }
    }
    // a fault that only validation showed appears on some training examples, too
    const at = Math.min((step - 1) * batch, training.length - 1);
    const [{ examples }] = batches(orderOf(training, path, epoch).subarray(at, at + batch), batch);
    return await firstBadWeights(parameters) ?? await firstBadActivations(network, training, examples);
  } finally {
    pass.release();
    adam.release();
  }
}

async function firstBadWeights(parameters: Parameters): Promise<string | undefined> {
  const weights = await parameters.read();
  return parameters.specs.find(({ name }) => !weights[name].every(Number.isFinite))?.name;
}

async function firstBadActivations(
  network: Network,
  data: Dataset,
  examples?: Int32Array,
): Promise<string | undefined> {
  if (!examples) return undefined;
  const { parameters } = network, { device } = parameters;
  const tape = new WatchedTape(device);
  try {
    const x = tape.input([examples.length, ...network.inputShape]);
    data.load(examples, x.buffer);
    network.forward(tape, x);
    for (const { weights, output } of [{ weights: undefined, output: x }, ...tape.outputs]) {
      if ((await device.read(output.buffer)).every(Number.isFinite)) continue;
      const name = parameters.specs.find(({ name }) => parameters.get(name) === weights)?.name;
      return name === undefined ? "the input" : `what comes out of ${name.replace(/\.(w|gamma)$/, "")}`;
    }
  } finally {
    tape.release();
  }
}

/** A tape that retains the output of each layer with weights. */
class WatchedTape extends Tape {
  readonly outputs: { weights: Tensor; output: Tensor }[] = [];

  constructor(device: Device) {
    super(device); // recording: nothing is freed during the pass
  }

  override conv2d(x: Tensor, weights: Tensor, bias: Tensor, options: { relu: boolean }): Tensor {
    return this.#watch(weights, super.conv2d(x, weights, bias, options));
  }

  override batchNorm(x: Tensor, parameters: BatchNormParameters, options: { relu: boolean }): Tensor {
    return this.#watch(parameters.gamma, super.batchNorm(x, parameters, options));
  }

  override dense(x: Tensor, weights: Tensor, bias: Tensor, options: { relu: boolean }): Tensor {
    return this.#watch(weights, super.dense(x, weights, bias, options));
  }

  #watch(weights: Tensor, output: Tensor): Tensor {
    this.outputs.push({ weights, output });
    return output;
  }
}
