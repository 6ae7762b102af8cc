/** Datasheets of GPUs: their figures agree with one another, and measured peaks become shares and a clock. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { datasheetShares, GPU_SPECIFICATIONS, specificationOf } from "../../lab/datasheet.ts";
import { type BenchResults, parseResults } from "../../lab/results.ts";
import { describeRun } from "../../lab/show.ts";
import { spread } from "../../lab/timing.ts";

const peaks = { flops: spread([50e12]), bytes: spread([4.08e12]) };

Deno.test("each datasheet's peak is two operations per lane and cycle at its boost clock", () => {
  for (const { name, flops, bytes, lanes, boost } of GPU_SPECIFICATIONS) {
    assert(bytes >= 60e9 && bytes < 8e12, name);
    if (flops === undefined) assertMatch(name, /^Apple M\d/);
    else assert(Math.abs(2 * lanes! * boost! / flops - 1) < 0.006, `${name}: ${2 * lanes! * boost!} and ${flops}`);
  }
});

Deno.test("specificationOf() knows an adapter only by its whole name", () => {
  const names: Record<string, string | undefined> = {
    "NVIDIA H200": "H200",
    "NVIDIA H100 80GB HBM3": "H100 80GB HBM3",
    "NVIDIA GeForce RTX 4090": "RTX 4090",
    "NVIDIA L4": "NVIDIA L4",
    "AMD Radeon RX 7900 XTX (RADV NAVI31)": "RX 7900 XTX",
    "Apple M1": "Apple M1",
    "Apple M2 Pro": "Apple M2 Pro",
    "NVIDIA H200 NVL": undefined,
    "NVIDIA H100 80GB HBM3 MIG 1g.10gb": undefined,
    "NVIDIA GeForce RTX 4090 Laptop GPU": undefined,
    "NVIDIA GeForce RTX 3090 Ti": undefined,
    "NVIDIA L40": undefined,
    "llvmpipe (LLVM 15.0.6, 256 bits)": undefined,
  };
  for (const [adapter, name] of Object.entries(names)) assertEquals(specificationOf(adapter)?.name, name, adapter);
});

Deno.test("describeRun() names the datasheet's peaks, the measured shares, and the clock", () => {
  const machine = { processor: "p", processors: 2, memory: 2 ** 30, system: "s", deno: "2", v8: "1", load: [0, 0] };
  const results = (device: string, adapter: string): BenchResults =>
    parseResults({
      ...{ schema: "epr-bench/1", date: "today", openSeconds: 1, peaks, kernels: [], tasks: [], peers: [] },
      machine: { ...machine, device, description: adapter },
      settings: { width: 1, batch: 128, classes: 7, quick: false },
      ...device === "webgpu" && { datasheet: datasheetShares(adapter, peaks) },
    }, "here");
  const line = (...args: [string, string]) => describeRun(results(...args)).match(/^datasheet +(.*)$/m)?.[1];
  assertEquals(
    line("webgpu", "NVIDIA H200"),
    "H200: 67.0 TFLOP/s (measured: 74.6 %), 4800 GB/s (measured: 85.0 %), clock at least 1480 MHz (boost: 1980 MHz)",
  );
  assertEquals(
    line("webgpu", "Apple M2"),
    "Apple M2: peak not known, 100 GB/s (measured: 4080.0 %), clock not known (boost: not known)",
  );
  assertEquals(line("webgpu", "something else"), "not known for this adapter");
  assertEquals(line("cpu", "2 threads"), undefined);
});
