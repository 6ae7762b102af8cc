/** A training step on the GPU, repeated: its cost for the main thread, and constant memory. */
import { assert, assertEquals } from "@std/assert";
import process from "node:process";
import { METRICS } from "../../kernels/table.ts";
import type { WebGpuDevice } from "../../kernels/webgpu/mod.ts";
import { Adam } from "../../nn/adam.ts";
import { Tape } from "../../nn/tape.ts";
import { VggE } from "../../nn/vgg_e.ts";
import { onGpu } from "./on_gpu.ts";

/** `EPR_STEPS=1000`: the promised number; the default is short enough for a test. */
const STEPS = Number(Deno.env.get("EPR_STEPS") ?? 100);
/** `EPR_DISPATCH_MS=2`: the promised processor time for dispatching a step, median of 200. */
const DISPATCH_MS = Deno.env.get("EPR_DISPATCH_MS");

/** A VGG-E whose steps enqueue the same work as a step of `fit()`. */
function training(device: WebGpuDevice, width: number, batch: number) {
  const network = new VggE(device, { classes: 7, width }).initialise(1), adam = new Adam(network.parameters);
  const metrics = device.allocate(METRICS.length, "metrics");
  device.fill({ x: metrics, length: METRICS.length, value: 0 });
  const images = new Float32Array(batch * 64 * 32).fill(0.1), labels = new Float32Array(batch * 7).fill(1 / 7);
  let step = 0;
  return {
    metrics,
    step() {
      const tape = new Tape(device), x = tape.input([batch, 64, 32, 1]), targets = tape.input([batch, 7]);
      device.write(x.buffer, images);
      device.write(targets.buffer, labels);
      tape.softmaxCrossEntropy(network.forward(tape, x), targets, { count: batch, step: ++step, metrics });
      tape.backward();
      adam.step(1e-4);
      tape.release();
    },
  };
}

onGpu(`memory stands still over ${STEPS} training steps of width 1/16, batch 8`, async (device) => {
  const { metrics, step } = training(device, 1 / 16, 8);
  const run = async (steps: number) => {
    for (let i = 1; i <= steps; i++) {
      step();
      device.flush();
      if (i % 10 === 0) await device.read(metrics);
    }
  };
  await run(20);
  const [created, memory, resident] = [device.created, device.memory, Deno.memoryUsage().rss];
  await run(STEPS);
  assertEquals(device.created, created);
  assertEquals(device.memory, memory);
  const grown = (Deno.memoryUsage().rss - resident) / 2 ** 20;
  assert(grown < 48, `the process grew by ${grown.toFixed(1)} MiB`);
  assertEquals((await device.read(metrics))[METRICS.badStep], 0);
});

onGpu("a training step of width 1/8 is one submission of 132 dispatches, and makes nothing new", async (device) => {
  const { metrics, step } = training(device, 1 / 8, 1);
  for (let i = 0; i < 3; i++) step();
  await device.read(metrics);
  const { created, asked } = device;
  step();
  device.flush();
  assertEquals(device.created, created);
  assertEquals(device.asked, { dispatches: asked.dispatches + 132, submissions: asked.submissions + 1 });
});

// speed is only tested on request: EPR_DISPATCH_MS=2
if (DISPATCH_MS !== undefined) {
  onGpu(`dispatching a training step of width 1/8 costs under ${DISPATCH_MS} ms of the main thread`, async (device) => {
    const { metrics, step } = training(device, 1 / 8, 1);
    for (let i = 0; i < 20; i++) step();
    await device.read(metrics);
    const times: number[] = [], before = threadTime();
    for (let i = 0; i < 200; i++) {
      const start = performance.now();
      step();
      device.flush();
      times.push(performance.now() - start);
    }
    const cpu = (threadTime() - before) / times.length;
    await device.read(metrics);
    const median = times.sort((a, b) => a - b)[100];
    console.log(`mean ${cpu.toFixed(2)} ms of a processor; by the clock ${median.toFixed(2)} ms, the median`);
    assert(cpu > 0.1 && cpu < Number(DISPATCH_MS));
  });
}

/** Processor time of this thread in milliseconds, whatever else ran meanwhile. */
function threadTime(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}
