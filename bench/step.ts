/**
 * The whole training step of VGG-E: load a batch, forward, loss, backward, Adam. And where its time goes.
 *
 * The shares are found by replay: the calls of one step are written down, and then those of each kernel are run again, alone and
 * in their order, on the same buffers. What a step takes beyond the sum of these is overhead (and what its kernels lose
 * to each other's use of the caches; or gain, since replayed calls of few buffers may find them in a cache).
 */
import { type Device, type DeviceBuffer, METRICS } from "../kernels/mod.ts";
import { Adam, ArrayDataset, oneHot, summarise, Tape, trainingFlops, VggE } from "../nn/mod.ts";
import type { Tune } from "./bench.ts";
import { noise } from "./kernels.ts";
import { type Call, recorded, repeat } from "./recorded.ts";
import type { StepResult } from "./results.ts";
import { mapSpread, spread, type Stopwatch } from "./timing.ts";

/** Steps before any is timed. */
const WARM_UP = 3;

/** Times the step of a VGG-E of this width, on a device that holds nothing else. */
export async function benchStep(
  device: Device,
  watch: Stopwatch,
  { width, batch, classes }: { width: number; batch: number; classes: number },
  tune: Tune,
  signal?: AbortSignal,
): Promise<StepResult> {
  const calls: Call[] = [];
  const training = new Training(recorded(device, calls), { width, batch, classes });
  try {
    await tune(device, () => {
      training.step();
      training.forward();
    });
    // WebAssembly starts in a slow tier, and a step is long: some steps before any counts
    for (let i = 0; i < WARM_UP; i++) training.step();
    for (let i = 0; i < WARM_UP; i++) training.forward();
    await watch.settle();
    calls.length = 0;
    training.step();
    const step = calls.splice(0);
    const memory = device.memory.createdBytes;

    const forward = await watch.time(() => training.forward(), signal);
    // steps are timed in between the kernels, so that both meet the machine in the same moods
    const sampler = await watch.sampler(() => training.step(), signal);
    const steps: number[] = [], times: { kernel: Call["kernel"]; calls: number; seconds: number }[] = [];
    for (const kernel of new Set(step.map(({ kernel }) => kernel))) {
      const own = step.filter((call) => call.kernel === kernel);
      const { median } = await watch.time(() => {
        for (const call of own) repeat(device, call);
      }, signal);
      times.push({ kernel, calls: own.length, seconds: median });
      steps.push(await sampler.sample());
      calls.length = 0;
    }
    const seconds = spread(steps);
    const shares = times.map((row) => ({ ...row, share: row.seconds / seconds.median }));
    shares.sort((a, b) => b.seconds - a.seconds);
    return {
      seconds,
      segmentsPerSecond: mapSpread(seconds, (s) => batch / s),
      forwardSegmentsPerSecond: mapSpread(forward, (s) => batch / s),
      flops: batch * trainingFlops(summarise({ width, classes })),
      memory,
      shares,
      overhead: 1 - shares.reduce((sum, { share }) => sum + share, 0),
    };
  } finally {
    training.release();
  }
}

/** A network in training on noise. */
export class Training {
  readonly #device: Device;
  readonly #network: VggE;
  readonly #adam: Adam;
  readonly #data: ArrayDataset;
  readonly #metrics: DeviceBuffer;
  readonly #examples: Int32Array;

  /** Draws weights and makes a batch. */
  constructor(device: Device, { width, batch, classes }: { width: number; batch: number; classes: number }) {
    this.#device = device;
    this.#network = new VggE(device, { width, classes }).initialise(1);
    this.#adam = new Adam(this.#network.parameters);
    const shape = this.#network.inputShape, labels = Int32Array.from({ length: batch }, (_, i) => i % classes);
    const x = noise(batch * shape.reduce((a, b) => a * b), 1);
    this.#data = new ArrayDataset(device, x, oneHot(labels, classes), shape);
    this.#metrics = device.allocate(METRICS.length, "running totals of the loss");
    device.fill({ x: this.#metrics, length: METRICS.length, value: 0 });
    this.#examples = Int32Array.from({ length: batch }, (_, i) => i);
  }

  /** As `fit()` does it. */
  step(): void {
    const tape = new Tape(this.#device), count = this.#examples.length;
    const x = tape.input([count, ...this.#network.inputShape]);
    const targets = tape.input([count, this.#network.classes]);
    this.#data.load(this.#examples, x.buffer, targets.buffer);
    const logits = this.#network.forward(tape, x);
    tape.softmaxCrossEntropy(logits, targets, { count, step: 1, metrics: this.#metrics });
    tape.backward();
    this.#adam.step(1e-6);
    tape.release();
    this.#device.flush();
  }

  /** As `predictProbabilities()` does it. */
  forward(): void {
    const tape = new Tape(this.#device, { recording: false });
    const x = tape.input([this.#examples.length, ...this.#network.inputShape]);
    this.#data.load(this.#examples, x.buffer);
    this.#network.forward(tape, x);
    tape.release();
    this.#device.flush();
  }

  /** Gives all its memory back. */
  release(): void {
    this.#device.release(this.#metrics);
    this.#data.release();
    this.#adam.release();
    this.#network.parameters.release();
  }
}
