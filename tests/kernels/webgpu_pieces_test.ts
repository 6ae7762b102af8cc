/** What is longer than WebGPU binds or counts at once goes in pieces: long tensors, large batches, large grids. */
import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { Random } from "../../kernels/random.ts";
import { type KernelName, VIEW } from "../../kernels/table.ts";
import { createWebGpuDevice, type WebGpuDevice } from "../../kernels/webgpu/mod.ts";
import { assertClose, define, type PlainArgs, runOn } from "./compare.ts";
import { someViews } from "./cpu_cases.ts";
import { onGpu } from "./on_gpu.ts";

onGpu("a grid of over 65,535 workgroups is folded and misses nothing", async (device) => {
  const columns = 64, batch = 65537, length = batch * columns; // a workgroup for each row
  const table = device.allocate(columns, "table"), rows = device.allocate(batch, "rows");
  const out = device.allocate(length, "long"), total = device.allocate(1, "total");
  device.fill({ x: table, length: columns, value: 1 });
  device.write(rows, new Int32Array(batch));
  device.fill({ x: out, length, value: NaN });
  device.gatherRows({ table, rows, out, batch, columns });
  device.sum({ x: out, total, length });
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
