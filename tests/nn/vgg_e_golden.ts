/** VGG-E's five stored steps of Adam, on any device: PyTorch's logits, gradients and losses. Runs in Deno and in a page. */
import { assert, assertStrictEquals } from "@std/assert";
import type { Device } from "../../kernels/device.ts";
import { METRICS } from "../../kernels/table.ts";
import { Adam } from "../../nn/adam.ts";
import { Tape } from "../../nn/tape.ts";
import { VggE } from "../../nn/vgg_e.ts";
import type { GoldenTensor } from "../golden.ts";
import { assertClose, relativeError } from "../kernels/compare.ts";

/** Trains for five steps, and throws where anything is not as stored. Gives the losses. */
export async function trainGolden(device: Device, golden: Record<string, GoldenTensor>): Promise<number[]> {
  const stored = (name: string) => golden[name].data as Float32Array;
  const network = new VggE(device, { classes: 7, width: 1 / 16 });
  const { parameters } = network, names = parameters.specs.map(({ name }) => name);
  parameters.write(Object.fromEntries(names.map((name) => [name, stored(`init.${name}`)])));
  const adam = new Adam(parameters), metrics = device.allocate(METRICS.length, "test");
  device.fill({ x: metrics, length: METRICS.length, value: 0 });
  const losses: number[] = [];
  let before = 0, created = 0;
  for (let step = 1; step <= 6; step++) {
    const tape = new Tape(device), x = tape.input([8, 64, 32, 1]), targets = tape.input([8, 7]);
    device.write(x.buffer, stored("x"));
    device.write(targets.buffer, stored("target"));
    const logits = network.forward(tape, x);
    const found = step === 1 || step === 6 ? await device.read(logits.buffer) : new Float32Array(0);
    if (step === 1) assertClose({ logits: found }, { logits: stored("logits") }, 1e-5, "at first");
    if (step === 6) assertClose({ logits: found }, { logits: stored("logits_after_5_steps") }, 1e-4, "after 5 steps");
    if (step === 6) {
      tape.release();
      break;
    }
    tape.softmaxCrossEntropy(logits, targets, { count: 8, step, metrics });
    tape.backward();
    if (step === 1) {
      const gradients = await parameters.read(parameters.gradients);
      for (const name of names) {
        assertClose(gradients, { [name]: stored(`grad.${name}`) }, 2e-5, "gradient");
      }
    }
    adam.step(1e-3);
    tape.release();
    const total = (await device.read(metrics))[METRICS.loss];
    losses.push((total - before) / 8);
    assert(relativeError([losses[step - 1]], [stored("losses")[step - 1]]) < 1e-5, `loss of step ${step}`);
    before = total;
    if (step === 1) created = device.memory.createdBuffers;
    else assertStrictEquals(device.memory.createdBuffers, created, "a step after the first creates no buffer");
  }
  adam.release();
  parameters.release();
  device.release(metrics);
  return losses;
}
