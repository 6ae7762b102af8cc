/** Going on with a fit from what was written down of it, and finding the layer that a fault comes from. */
import { assert, assertEquals } from "@std/assert";
import type { Device } from "../../kernels/device.ts";
import { Random } from "../../kernels/random.ts";
import { ArrayDataset, oneHot } from "../../nn/dataset.ts";
import { findNonFinite } from "../../nn/diagnose.ts";
import { fit, type FitOptions, type FitSnapshot, type FitState } from "../../nn/fit.ts";
import { glorotUniform, Parameters } from "../../nn/parameters.ts";
import type { Tape } from "../../nn/tape.ts";
import type { Tensor } from "../../nn/tensor.ts";
import type { Network } from "../../nn/vgg_e.ts";
import { cpu } from "../devices.ts";

/** Two layers: 8 numbers -> 64 -> 3 classes. */
class Small implements Network {
  readonly parameters: Parameters;
  readonly inputShape = [8];
  readonly classes = 3;

  constructor(device: Device) {
    this.parameters = new Parameters(device, [
      { name: "dense1.w", shape: [8, 64] },
      { name: "dense1.b", shape: [64] },
      { name: "dense2.w", shape: [64, 3] },
      { name: "dense2.b", shape: [3] },
    ]);
    this.parameters.write(glorotUniform(this.parameters.specs, 1));
  }

  forward(tape: Tape, x: Tensor): Tensor {
    const p = (name: string) => this.parameters.get(name);
    const hidden = tape.dense(x, p("dense1.w"), p("dense1.b"), { relu: true });
    return tape.dense(hidden, p("dense2.w"), p("dense2.b"), { relu: false });
  }
}

/** Noise with labels that depend on it. */
function noise(device: Device, count: number, seed: number): ArrayDataset {
  const random = new Random(seed);
  const x = Float32Array.from({ length: 8 * count }, () => random.normal());
  const labels = Array.from({ length: count }, (_, i) => (x[8 * i] > 0 ? 1 : 0) + (x[8 * i + 1] > 0.5 ? 1 : 0));
  return new ArrayDataset(device, x, oneHot(labels, 3), [8]);
}

const options: FitOptions = {
  batch: 16,
  epochs: 6,
  patience: 2,
  path: [7],
  learningRate: (epoch) => epoch < 2 ? 0.01 : 0.3,
};

/** A snapshot, read. */
async function readState({ weights, m, v, best, average, ...place }: FitSnapshot): Promise<FitState> {
  const [w, first, second, b, a] = await Promise.all([weights, m, v, best, average].map((array) => array?.read()));
  return { ...place, weights: w!, m: first!, v: second!, ...(b && { best: b }), ...(a && { average: a }) };
}

/** What a fit gives, less the times. */
async function outcome(network: Small, { epochs, ...rest }: Awaited<ReturnType<typeof fit>>) {
  const losses = epochs.map(({ seconds: _, ...record }) => record);
  return { ...rest, losses, weights: await network.parameters.read() };
}

for (const average of [0, 0.99]) {
  const named = average ? ", with an average of the weights" : "";
  Deno.test(`fit() resumes from any of its states to the same weights and losses, to the bit${named}`, async () => {
    await resumesToTheBit({ ...options, average, learningRate: (epoch) => 0.01 + 0.1 * epoch ** 2 });
  });
}

Deno.test("fit() resumes after an epoch whose weights were put back", () => resumesToTheBit(options));

async function resumesToTheBit(options: FitOptions): Promise<void> {
  const device = await cpu.open(), training = noise(device, 6000, 1), validation = noise(device, 3000, 2);
  const states: FitState[] = [];
  const whole = new Small(device);
  const expected = await outcome(
    whole,
    await fit(whole, training, validation, {
      ...options,
      saveEvery: 0,
      save: async (s) => void states.push(await readState(s)),
    }),
  );
  const early = expected.losses.length > expected.bestEpoch + 1;
  assert(early || options.learningRate!(1) !== 0.01, "it stopped early, and put other weights back");
  assert(states.some(({ step }) => step > 0), "it was written down within an epoch, too");
  assertEquals(states.filter(({ step }) => step === 0).length, expected.losses.length); // after each epoch, the last too
  for (const state of states) {
    const network = new Small(device);
    network.parameters.write(glorotUniform(network.parameters.specs, 99)); // what it is before must not matter
    const { epoch, step } = state;
    assertEquals(
      await outcome(network, await fit(network, training, validation, { ...options, state })),
      expected,
      `from epoch ${epoch}, step ${step}`,
    );
  }
}

Deno.test("fit() that is stopped gives its state, and resumes from it to the same result", async () => {
  const device = await cpu.open(), training = noise(device, 6000, 1), validation = noise(device, 3000, 2);
  const whole = new Small(device);
  const expected = await outcome(whole, await fit(whole, training, validation, options));
  let state: FitState | undefined, network = new Small(device);
  for (let stops = 0;; stops++) {
    const signal = AbortSignal.timeout(130);
    try {
      const result = await fit(network, training, validation, {
        ...options,
        state,
        signal,
        save: async (s) => void (state = await readState(s)),
      });
      assertEquals(await outcome(network, result), expected);
      assert(stops > 0, "it was stopped on the way");
      return;
    } catch (error) {
      assertEquals((error as Error).name, "TimeoutError");
      network = new Small(device);
    }
  }
});

Deno.test("findNonFinite() names the weights, or the layer, that NaN comes from first", async () => {
  const device = await cpu.open(), training = noise(device, 200, 3);
  const states: FitState[] = [];
  const network = new Small(device);
  await fit(network, training, undefined, {
    ...options,
    epochs: 2,
    save: async (s) => void states.push(await readState(s)),
  });
  const find = (state: FitState | undefined, step = 3) =>
    findNonFinite(network, training, options, state, { epoch: 1, step });
  assertEquals(await find(states[0]), undefined); // nothing is wrong
  const planted = (index: number, value: number) => {
    const weights = states[0].weights.slice();
    weights[index] = value;
    return { ...states[0], weights };
  };
  const second = 8 * 64 + 64; // dense2.w begins there
  // in the first step nothing has spread yet
  assertEquals(await find(planted(second + 5, NaN), 1), "dense2.w");
  assertEquals(await find(planted(3, Infinity), 1), "dense1.w");
  assertEquals(await find(planted(3, 3e38), 1), "what comes out of dense1"); // finite, and too large to be multiplied
});
