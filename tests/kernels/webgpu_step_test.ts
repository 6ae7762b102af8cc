/** A training step on the GPU, again and again: what it costs the main thread, and that memory stands still. */
import assert from "@std/assert";
import { METRICS } from "../../kernels/kernels.ts";
import { createWebGpuDevice, findAdapter, type WebGpuDevice } from "../../kernels/webgpu/device.ts";
import { Adam, Tape, VggE } from "../../nn/mod.ts";

const found = Deno.env.get("EPR_REQUIRE_WEBGPU") === "1" || await findAdapter();
const lacking = found ? "" : " (WebGPU finds no adapter here)";
/** `EPR_STEPS=1000`: as long as it is promised; by default as long as a test may take. */
const STEPS = Number(Deno.env.get("EPR_STEPS") ?? 100);

function onGpu(name: string, body: (device: WebGpuDevice) => Promise<void>): void {
  Deno.test({
    name: name + lacking,
    ignore: !found,
    fn: async () => {
      const device = await createWebGpuDevice({ allowSoftware: true });
      try {
        await body(device);
      } finally {
        device.close();
      }
    },
  });
}

/** A VGG-E whose every step enqueues what a step of `fit()` does. */
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
  assert.deepEqual(device.created, created);
  assert.deepEqual(device.memory, memory);
  const grown = (Deno.memoryUsage().rss - resident) / 2 ** 20;
  assert.ok(grown < 48, `the process grew by ${grown.toFixed(1)} MiB`);
  assert.equal((await device.read(metrics))[METRICS.badStep], 0);
});

onGpu("a training step of width 1/8 is dispatched in under 2 ms of the main thread", async (device) => {
  const { metrics, step } = training(device, 1 / 8, 1);
  let fastest = Infinity; // what other programs take from this one is not what it costs: so there are tries
  for (const began = performance.now(); fastest >= 2 && performance.now() - began < 30_000;) {
    await device.read(metrics); // nothing of the step before is still at work
    const start = performance.now();
    step();
    device.flush();
    fastest = Math.min(fastest, performance.now() - start);
  }
  assert.ok(fastest < 2, `${fastest.toFixed(2)} ms`);
});
