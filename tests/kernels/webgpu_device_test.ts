/** Tests specific to WebGPU: every core, what a step creates and submits, order, buffers shared by kernels, reported faults. */
import { assert, assertEquals, assertMatch, assertRejects, assertStrictEquals, assertThrows } from "@std/assert";
import type { DeviceBuffer } from "../../kernels/device.ts";
import { Faults } from "../../kernels/webgpu/faults.ts";
import { createWebGpuDevice, findAdapter, type WebGpuDevice } from "../../kernels/webgpu/mod.ts";
import { Programs } from "../../kernels/webgpu/programs.ts";
import { variantNamed, VARIANTS } from "../../kernels/webgpu/variants.ts";
import fillSource from "../../kernels/wgsl/fill.wgsl" with { type: "text" };
import { readGolden } from "../golden.ts";
import { found, lacking, onGpu } from "./on_gpu.ts";
import { checkLengths, ELEMENTWISE } from "./webgpu_lengths.ts";
import { checkLadder, checkSimple, checkSubgroupSums, checkVariant, missingFor } from "./webgpu_variants.ts";

for (const variant of VARIANTS) {
  const missing = found ? await missingFor(variant, createWebGpuDevice) : undefined;
  const why = missing ? ` (it needs ${missing})` : lacking;
  Deno.test({
    name:
      `products by "${variant.name}" agree with PyTorch's values, and with their definitions on random shapes${why}`,
    ignore: !found || missing !== undefined,
    fn: async () => {
      const { pipelines, failures } = await checkVariant(
        variant,
        createWebGpuDevice,
        await readGolden("ops.safetensors"),
      );
      assertEquals(failures, []);
      assert(pipelines >= 10, `${pipelines} pipelines: was the variant used?`);
    },
  });
}

for (
  const [what, check] of [["kernels that are no product", checkSimple], ["steps of the ladder", checkLadder]] as const
) {
  Deno.test({
    name: `${what} agree with their definitions${lacking}`,
    ignore: !found,
    fn: async () => assertEquals((await check(createWebGpuDevice)).failures, []),
  });
}

Deno.test({
  name: `elementwise kernels agree with their definitions at any length, and leave what is beyond it${lacking}`,
  ignore: !found,
  fn: async () => {
    assertEquals(
      ELEMENTWISE.map(({ kernel }) => kernel).sort(),
      ["adam", "add", "blend", "copy", "dropout", "fill", "relu", "reluGradient"],
    );
    assertEquals((await checkLengths(createWebGpuDevice)).failures, []);
  },
});

onGpu("sums that lanes hand each other have the bits of those through workgroup memory", async (device) => {
  const { failures, missing } = await checkSubgroupSums(createWebGpuDevice);
  assertEquals(failures, []);
  assertStrictEquals(missing, device.features.reasons.subgroups);
});

Deno.test({
  name: `createWebGpuDevice() takes a software adapter only when asked to${lacking}`,
  ignore: !found,
  fn: async () => {
    const adapter = await findAdapter();
    if (adapter?.software) {
      assertMatch(
        (await assertRejects(() => createWebGpuDevice(), Error)).message,
        /which is software; the cpu device is faster/,
      );
    }
    const device = await createWebGpuDevice({ allowSoftware: true });
    assertEquals(device.kind, "webgpu");
    assertStrictEquals(device.software, adapter!.software);
    assert(device.description.includes(adapter!.name));
    device.close();
    assertThrows(() => device.flush(), Error, "closed");
  },
});

const allocate = (device: WebGpuDevice, values: number[]): DeviceBuffer => {
  const buffer = device.allocate(values.length, "test");
  device.write(buffer, new Float32Array(values));
  return buffer;
};

onGpu("a repeated step creates no buffer, no pipeline and no bind group", async (device) => {
  const shape = { batch: 2, height: 4, width: 4, channelsIn: 3, channelsOut: 5 };
  const [weights, bias, gradients, m, v] = [135, 5, 256, 256, 256].map((length) => device.allocate(length, "kept"));
  const flat = device.allocate(256, "kept"), metrics = device.allocate(4, "kept");
  for (const kept of [weights, bias, gradients, m, v, flat, metrics]) {
    device.fill({ x: kept, length: kept.length, value: 0.1 });
  }
  const step = async (number: number) => {
    const x = device.allocate(96, "x"), y = device.allocate(160, "y"), targets = device.allocate(160, "targets");
    device.write(x, new Float32Array(96).fill(number));
    device.fill({ x: targets, length: 160, value: 0.2 });
    device.conv2d({ ...shape, x, y, weights, bias, relu: true });
    device.dropout({ x: y, y, length: 160, rate: 0.5, key: [number, 7] });
    const dy = device.allocate(160, "dy"), probabilities = device.allocate(160, "p");
    const rows = { rows: 32, classes: 5, count: 32, step: number };
    device.softmaxCrossEntropy({ ...rows, logits: y, targets, probabilities, dLogits: dy, metrics });
    const [dWeights, dBias] = [gradients.slice(0, 135), gradients.slice(192, 5)];
    device.conv2dWeightGradient({ ...shape, x, dy, dWeights, dBias });
    device.adam({
      weights: flat,
      gradients,
      m,
      v,
      length: 256,
      rate: 0.01 / number,
      beta1: 0.9,
      beta2: 0.999,
      epsilon: 1e-7,
    });
    for (const buffer of [x, y, targets, dy, probabilities]) device.release(buffer);
    device.flush();
    return (await device.read(metrics))[2];
  };
  await step(1);
  const [created, memory] = [device.created, device.memory];
  for (let number = 2; number < 6; number++) await step(number);
  assertEquals(device.created, created);
  assertEquals(device.memory, memory);
  assertEquals(device.memory.liveBuffers, 7);
});

onGpu(
  "what is timed is one submission, whatever its number of operations, and never more than one holds",
  async (device) => {
    const x = device.allocate(64, "x");
    const fill = (bits: number) =>
      device.launch({ name: "fill", source: fillSource }, {
        buffers: { x },
        parameters: { length: 64, bits },
        workgroups: 1,
        flops: 1e12,
      });
    const before = device.asked.submissions;
    assert(await device.time(() => [1, 2, 3].forEach(fill)) > 0);
    assertEquals(device.asked.submissions, before + 1);
    [1, 2, 3].forEach(fill); // work that is not timed is submitted in parts
    device.flush();
    assertEquals(device.asked.submissions, before + 4);
    await assertRejects(
      () => device.time(() => Array.from({ length: 1025 }, (_, i) => fill(i))),
      Error,
      "expected at most 1024 dispatches",
    );
    fill(0x3f800000);
    assertEquals([...await device.read(x)], Array(64).fill(1)); // and it continues
  },
);

onGpu("write() comes after what was enqueued before it and before what comes after", async (device) => {
  const a = allocate(device, [1, 2, 3]), b = device.allocate(3, "b");
  device.copy({ x: a, y: b, length: 3 });
  device.write(a, new Float32Array([7, 8, 9])); // a is still to be read by copy()
  device.add({ a, b, y: b, length: 3 });
  assertEquals([...await device.read(b)], [8, 10, 12]);
  const part = new Float32Array([0, 5, 6, 0]).subarray(1, 3);
  device.write(a, part);
  part.fill(-1); // may be reused at once
  assertEquals([...await device.read(a)], [5, 6, 9]);
});

onGpu("more than a thousand dispatches wait their turn in one step", async (device) => {
  const x = allocate(device, [0]), one = allocate(device, [1]);
  for (let i = 0; i < 2500; i++) device.add({ a: x, b: one, y: x, length: 1 });
  assertEquals([...await device.read(x)], [2500]);
});

const guarded = variantNamed("subgroup 32x8 of 8");
const unguarded = lacking || await smallSubgroups();
Deno.test({
  name: `a subgroup that is smaller than the adapter says gives NaN, not numbers that look right${unguarded}`,
  ignore: unguarded !== "",
  fn: async () => {
    const device = await createWebGpuDevice({ allowSoftware: true, planner: () => ({ variant: guarded, splits: 1 }) });
    const [a, b, c] = [1, 2, 3].map((value) => {
      const buffer = device.allocate(64 * 64, "matrix");
      device.fill({ x: buffer, length: 64 * 64, value });
      return buffer;
    });
    device.matmul({ a, b, c, m: 64, n: 64, k: 8 });
    assert((await device.read(c)).every((value) => value === 16));
    Object.assign(device.features.subgroups!, { min: 32, max: 32 });
    // such a short product needs only 8 lanes, and would be correct: the NaN shows that lanes are counted
    device.matmul({ a, b, c, m: 64, n: 64, k: 8 });
    assert((await device.read(c)).every(Number.isNaN));
    device.close();
  },
});

/** Why that can't be tested here; empty if it can. */
async function smallSubgroups(): Promise<string> {
  const device = await createWebGpuDevice({ allowSoftware: true }), { subgroups, reasons } = device.features;
  device.close();
  if (!subgroups) return ` (${reasons.subgroups})`;
  return subgroups.max < 32 ? "" : ` (subgroups here have ${subgroups.max} lanes)`;
}

onGpu("kernels run in place, and between parts of one buffer", async (device) => {
  const whole = device.allocate(256, "whole");
  device.fill({ x: whole, length: 256, value: -2 });
  const [a, b, c] = [0, 64, 128].map((offset) => whole.slice(offset, 5));
  device.fill({ x: b, length: 5, value: 3 });
  device.add({ a, b, y: c, length: 5 }); // reads and writes one buffer, at different places
  assertEquals([...await device.read(c)], [1, 1, 1, 1, 1]);
  device.add({ a: c, b: c, y: c, length: 5 });
  assertEquals([...await device.read(c)], [2, 2, 2, 2, 2]);
  device.reluGradient({ dy: c, mask: a, dx: c, length: 5 });
  device.relu({ x: a, y: a, length: 5 });
  device.copy({ x: b, y: whole.slice(192, 5), length: 5 });
  const values = await device.read(whole);
  assertEquals([values[0], values[4], values[5], values[64], values[128], values[192], values[197]], [
    0,
    0,
    -2,
    3,
    0,
    3,
    -2,
  ]);
});

onGpu("a buffer that is too large for the GPU is refused with numbers", (device) => {
  assertMatch(
    assertThrows(() => device.allocate(2 ** 40, "too much"), Error).message,
    /too much: expected at most .* MiB, the largest buffer of .*, found .* MiB/,
  );
});

onGpu("a kernel that does not compile is an error with its place and its line", async (device) => {
  const faults = new Faults(device.gpu), programs = new Programs(device.gpu, faults);
  const source = "@compute @workgroup_size(1)\nfn main() {\n  let x: u32 = 1.5;\n}\n";
  programs.get("wrong", source, {}, () => []);
  assertMatch(
    (await assertRejects(() => faults.settle(), Error)).message,
    /The kernel wrong does not compile: 3:\d+ [^]*let x: u32 = 1\.5;/,
  );
});

onGpu("an error that WebGPU reports to nobody is thrown by the next call, at the latest by read()", async (device) => {
  const x = allocate(device, [1]);
  device.gpu.createBindGroup({
    layout: device.gpu.createBindGroupLayout({ entries: [] }),
    entries: [{
      binding: 3,
      resource: { buffer: device.gpu.createBuffer({ size: 4, usage: GPUBufferUsage.UNIFORM }) },
    }],
  });
  await assertRejects(
    async () => {
      await device.read(x);
      await device.read(x);
    },
    Error,
    "The GPU reports",
  );
  assertThrows(() => device.flush(), Error, "The GPU reports");
});

onGpu("a lost GPU is an error", async (device) => {
  const x = allocate(device, [1]);
  device.gpu.destroy();
  await assertRejects(async () => {
    await device.read(x);
    await device.read(x);
  });
  assertThrows(() => device.flush());
});
