/** Tests specific to WebGPU: both cores, reported faults, order, constant memory, large grids, shared buffers. */
import { assert, assertEquals, assertMatch, assertRejects, assertStrictEquals, assertThrows } from "@std/assert";
import type { DeviceBuffer } from "../../kernels/device.ts";
import { type KernelName, VIEW } from "../../kernels/table.ts";
import { Random } from "../../kernels/random.ts";
import { createWebGpuDevice, findAdapter, type WebGpuDevice, type WebGpuOptions } from "../../kernels/webgpu/mod.ts";
import { subgroupSizes } from "../../kernels/webgpu/features.ts";
import { Faults } from "../../kernels/webgpu/faults.ts";
import { HARDWARE, plansFor, SOFTWARE } from "../../kernels/webgpu/plan.ts";
import { Programs } from "../../kernels/webgpu/programs.ts";
import { expand } from "../../kernels/webgpu/template.ts";
import fillSource from "../../kernels/wgsl/fill.wgsl" with { type: "text" };
import { coreConstants, variantNamed, VARIANTS } from "../../kernels/webgpu/variants.ts";
import { readGolden } from "../golden.ts";
import { assertClose, define, type PlainArgs, runOn } from "./compare.ts";
import { someViews } from "./cpu_cases.ts";
import { checkLengths, ELEMENTWISE } from "./webgpu_lengths.ts";
import { checkLadder, checkSimple, checkSubgroupSums, checkVariant, missingFor } from "./webgpu_variants.ts";

const found = Deno.env.get("EPR_REQUIRE_WEBGPU") === "1" || await findAdapter();
const lacking = found ? "" : " (WebGPU finds no adapter here)";

function onGpu(name: string, body: (device: WebGpuDevice) => Promise<void> | void, options: WebGpuOptions = {}): void {
  Deno.test({
    name: name + lacking,
    ignore: !found,
    fn: async () => {
      const device = await createWebGpuDevice({ allowSoftware: true, ...options });
      try {
        await body(device);
      } finally {
        device.close();
      }
    },
  });
}

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
  "what is timed is one submission, however much work it is said to be, and never more than one holds",
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

onGpu("a grid of over 65,535 workgroups is folded and misses nothing", async (device) => {
  const length = 65535 * 64 + 70;
  const x = device.allocate(length, "long"), total = device.allocate(1, "total");
  device.fill({ x, length, value: NaN });
  device.fill({ x, length, value: 1 });
  device.sum({ x, total, length });
  assertEquals([...await device.read(total)], [length]);
});

onGpu("elementwise kernels take tensors longer than a binding in pieces, dropout without a seam", async (device) => {
  const length = 1000;
  const wide = await createWebGpuDevice({ allowSoftware: true });
  const drop = async (device: WebGpuDevice) => {
    const x = device.allocate(length, "x"), y = device.allocate(length, "y");
    device.fill({ x, length, value: 3 });
    device.fill({ x: y, length, value: NaN });
    device.dropout({ x, y, length, rate: 0.25, key: [3, 4] });
    device.relu({ x: y, y, length });
    return await device.read(y);
  };
  const values = await drop(device);
  assertEquals(values, await drop(wide));
  assert(values.includes(0) && values.includes(4));
  wide.close();
}, { bindingBytes: 1024 });

onGpu("a sum longer than a binding goes in pieces, as does one of a part of a long tensor", async (device) => {
  const x = device.allocate(1000, "x"), total = device.allocate(1, "total");
  device.write(x, Float32Array.from({ length: 1000 }, (_, i) => i));
  device.sum({ x, total, length: 1000 });
  assertEquals([...await device.read(total)], [499500]);
  device.sum({ x, total, length: 100 });
  assertEquals([...await device.read(total)], [4950]);
}, { bindingBytes: 1024 });

onGpu(
  "VGG-E's weights at width 1 are summed on an adapter that binds 128 MiB, as fit() does before it saves",
  async (device) => {
    const length = 41_031_623, x = device.allocate(length, "weights"), total = device.allocate(1, "total");
    device.fill({ x, length, value: 0.5 });
    device.sum({ x, total, length });
    assertEquals([...await device.read(total)], [Math.fround(length / 2)]);
  },
  { bindingBytes: 2 ** 27 },
);

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

Deno.test("subgroupSizes() trusts no Intel adapter to run 32 lanes", () => {
  const told = { subgroupMinSize: 32, subgroupMaxSize: 32 };
  assertEquals(subgroupSizes({ vendor: "intel", ...told }), { min: 8, max: 32 });
  assertEquals(subgroupSizes({ vendor: "32902", ...told }), { min: 8, max: 32 });
  assertEquals(subgroupSizes({ vendor: "nvidia", ...told }), { min: 32, max: 32 });
  assertEquals(subgroupSizes({ vendor: "" }), { min: 0, max: 0 });
});

onGpu("convolutions, pools, column sums and gathers take batches longer than a binding in pieces", async (device) => {
  const r = new Random(3);
  const numbers = (length: number) => Float64Array.from({ length }, () => Math.fround(r.normal()));
  for (const [batch, height, width] of [[6, 8, 4], [12, 3, 5]]) { // 4 images fit, or 8, that begin at a slice's alignment
    const shape = { batch, height, width, channelsIn: 8, channelsOut: 8 }, pixels = batch * height * width;
    const [x, dy, weights, bias] = [8 * pixels, 8 * pixels, 576, 8].map(numbers);
    const pool = { batch, height, width, channels: 8 };
    const pooled = numbers(8 * batch * (height >> 1) * (width >> 1)), rectified = x.map((v) => Math.max(0, v));
    const calls: [KernelName, PlainArgs][] = [
      ["conv2d", { ...shape, x, weights, bias, y: dy, relu: true }],
      ["conv2dInputGradient", { ...shape, dy, weights, dx: x, mask: x }],
      ["conv2dWeightGradient", { ...shape, x, dy, dWeights: weights, dBias: bias }],
      ["maxPool", { ...pool, x, y: pooled }],
      ["maxPoolGradient", { ...pool, x: rectified, dy: pooled, dx: x, mask: rectified }],
    ];
    for (const [kernel, args] of calls) {
      assertClose(await runOn(device, kernel, args), define(kernel, args), 1e-5, `${kernel} of ${batch} images`);
    }
  }
  const starts = Int32Array.from({ length: 150 }, (_, i) => i % 37);
  const gathered = { series: numbers(60 * 4), starts, out: numbers(150 * 16), mean: 0.5, scale: 2 };
  const others: [KernelName, PlainArgs][] = [
    ["columnSums", { x: numbers(200 * 16), sums: numbers(16), rows: 200, columns: 16 }],
    ["gatherWindows", { ...gathered, batch: 150, height: 4, width: 4 }],
    ["gatherViews", {
      ...{ ...gathered, batch: 150, height: 4, width: 4, offset: 0.01, key: [1, 2] },
      views: someViews(150).map((value, at) => at % VIEW.length === VIEW.last ? 20 : value),
    }],
    ["gatherRows", { table: numbers(40 * 8), rows: starts, out: numbers(150 * 8), batch: 150, columns: 8 }],
  ];
  for (const [kernel, args] of others) {
    assertClose(await runOn(device, kernel, args), define(kernel, args), 1e-5, `${kernel} in pieces`);
  }
  const image = 8 * 16 * 16;
  const [x, y] = [image, image].map((length) => device.allocate(2 * length, "large"));
  const [weights, bias] = [device.allocate(576, "weights"), device.allocate(8, "bias")];
  const shape = { batch: 2, height: 16, width: 16, channelsIn: 8, channelsOut: 8, x, weights, bias, y, relu: true };
  assertMatch(
    assertThrows(() => device.conv2d(shape), Error).message,
    /conv2d .*: x: expected at most .* MiB, the largest binding of this adapter, found .* MiB/,
  );
}, { bindingBytes: 4096 });

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

Deno.test("plansFor() gives whole parts, none too long, of variants whose lanes divide their tiles evenly", () => {
  for (const model of [HARDWARE, SOFTWARE]) {
    for (const rows4 of [1, 9, 144, 65536]) {
      for (const cols4 of [1, 16, 128, 1024]) {
        for (const k4 of [1, 9, 144, 65536]) {
          const plans = plansFor({ kernel: "matmul", transposed: "", rows4, cols4, k4 }, model);
          assert(plans.length >= 3);
          for (const { splits } of plans) {
            assert(Number.isInteger(splits) && splits >= 1 && splits <= k4);
            assert(k4 / splits <= 4096, "a float32 sum of at most 16,384 products");
          }
        }
      }
    }
  }
  const subgroups = { min: 4, max: 4, enable: "" };
  for (const variant of VARIANTS) coreConstants(variant, subgroups);
  assertThrows(() => coreConstants(variantNamed("subgroup 32x8 of 8")), Error, "requires subgroups");
  const uneven = {
    name: "uneven",
    core: "tile" as const,
    sizes: { TX: 8, TY: 8, TM4: 3, TN4: 2, BK4: 4, STAGES: 1 as const },
  };
  assertThrows(() => coreConstants(uneven), Error, "64 lanes cannot share out uneven");
});

Deno.test("expand() unrolls, selects and substitutes, and names the line of a fault", () => {
  const text =
    "#if A\nyes ${N}\n#else\nno\n#end\n#for i in N\n#for j in 2\nx_${i}_${j}\n#end\n#end\n#for k in 0\nnever\n#end";
  assertEquals(expand(text, { A: true, N: 2 }), "yes 2\nx_0_0\nx_0_1\nx_1_0\nx_1_1");
  assertEquals(expand("#if !A\n${B}\n#else\nother\n#end", { A: true, B: 1 }), "other");
  assertThrows(() => expand("\n${B}", {}), Error, "line 2 uses B");
  assertThrows(() => expand("#if A\n", { A: true }), Error, "line 1 has no #end");
  assertThrows(() => expand("#end", {}), Error, "line 1 closes nothing");
  assertThrows(() => expand("#while", {}), Error, "line 1 is no directive");
});
