/** The counts of the GPU's kernels, the ladder, and the race of variants. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { OptionError } from "../../base/option_error.ts";
import { countKernels, describeCounted, NEED, planNamed } from "../../lab/counted.ts";
import { adamCase, type Case, matmulCase } from "../../lab/cases.ts";
import { linesTouched } from "../../lab/lines.ts";
import { balance } from "../../kernels/webgpu/traffic.ts";
import { variantNamed } from "../../kernels/webgpu/variants.ts";
import { climbLadder } from "../../lab/ladder.ts";
import { raceVariants } from "../../lab/variants.ts";
import { createWebGpuDevice, findAdapter } from "../../kernels/webgpu/mod.ts";

const FULL = { width: 1, batch: 128, classes: 7 };

Deno.test("no product of conv2 to conv16, dense1 and dense2 of VGG-E waits longer for a large GPU's memory than its definition's operations take", () => {
  assertEquals(NEED, 15);
  const rows = countKernels(FULL).filter(({ plan, layer }) => plan && layer !== "conv1" && layer !== "dense3");
  for (const { name, layer, plan, flops, bytes, intensity, useful } of rows) {
    // Winograd's algorithm needs fewer operations: its memory traffic must take no longer than the definition's
    // operations would
    const operations = plan!.startsWith("Winograd") ? flops / bytes : intensity;
    assert(operations >= NEED, `${name} of ${layer}: ${operations} operations a byte`);
    assert(useful >= 0.85, `${name} of ${layer}: ${useful} of the operations are wanted`);
  }
  const layers = new Set(rows.map(({ layer }) => layer));
  assertEquals([...layers], [
    ...["conv2", "conv3", "conv4", "conv5", "conv6-8", "conv9", "conv10-12", "conv13-16", "dense1", "dense2"],
  ]);
});

Deno.test("every product of VGG-E keeps 85 % of 132 units busy over its waves of workgroups, and no warp's load touches more than 8 lines", () => {
  const rows = countKernels(FULL).filter(({ plan }) => plan);
  assert(rows.length >= 30);
  for (const { name, layer, balance, lines } of rows) {
    assert(balance! >= 0.85 && balance! <= 1, `${name} of ${layer}: ${balance}`);
    assert(
      lines!.a >= 1 && lines!.a <= 8 && lines!.b >= 1 && lines!.b <= 8,
      `${name} of ${layer}: ${lines?.a} ${lines?.b}`,
    );
  }
});

Deno.test("balance() and linesTouched() count as by hand", () => {
  const product = { kernel: "matmul" as const, transposed: "", rows4: 32 * 12, cols4: 32 * 12, k4: 64 };
  const tile = variantNamed("tile 128x128x16");
  assertEquals(balance(product, { variant: tile, splits: 1 }, 132), 144 / 264); // 144 tiles: two waves of 132
  assertEquals(balance(product, { variant: tile, splits: 11 }, 132), 144 * 64 / (132 * 9 * 8)); // 8 parts of 8 groups: 1152 in 9 waves
  const of = (scalars: Record<string, number | boolean>) => ({ kernel: "matmul", scalars }) as unknown as Case;
  // eight rows of 1,024 values, 64 bytes of each; and four rows of k, 128 bytes of each
  assertEquals(linesTouched(of({ m: 512, n: 512, k: 1024 }), tile, 256), { a: 8, b: 4 });
  assertEquals(linesTouched(of({ m: 512, n: 512, k: 1024, transposeA: true }), tile, 256), { a: 4, b: 4 });
  assertEquals(linesTouched(of({ m: 512, n: 512, k: 1024, transposeB: true }), tile, 256), { a: 8, b: 8 });
});

Deno.test("countKernels() counts the second convolution of VGG-E as it is by hand", () => {
  const row = countKernels(FULL).find(({ name, layer }) => name === "conv forward" && layer === "conv2")!;
  assertEquals(row.plan, "tile 128x64x16");
  // 128 images of 64 x 32 pixels in tiles of 128: each reads 128 rows and 64 columns of 576 values, and writes 128 x 64
  assertEquals(row.bytes, 2048 * 4 * ((128 + 64) * 576 + 128 * 64));
  assertEquals(row.flops, 2 * 128 * 64 * 32 * 576 * 64);
});

Deno.test("docs/gpu_kernels.md shows the output of bench --count", async () => {
  const docs = await Deno.readTextFile(new URL("../../docs/gpu_kernels.md", import.meta.url));
  assert(docs.includes(describeCounted(FULL)), "run `deno task bench --count`, and put what it prints there");
});

const found = Deno.env.get("EPR_REQUIRE_WEBGPU") === "1" || await findAdapter();

Deno.test({
  name: `planNamed() says by which plan a GPU computes a product, and nothing of other kernels${
    found ? "" : " (WebGPU finds no adapter here)"
  }`,
  ignore: !found,
  fn: async () => {
    const choices = { "matmul 32x64x16": { variant: "tile 32x32x32", splits: 2 } };
    const device = await createWebGpuDevice({ allowSoftware: true, choices });
    const of = { kernel: "matmul", scalars: { m: 32, n: 64, k: 16 } } as unknown as Case;
    assertEquals(planNamed(device, of), "tile 32x32x32, 2 parts");
    assertEquals(planNamed(device, { ...of, scalars: { m: 32, n: 64, k: 32 } }), undefined); // not computed yet
    assertEquals(planNamed(device, { ...of, kernel: "maxPool" }), undefined);
    device.close();
  },
});

Deno.test({
  name: `climbLadder() holds each step to the definition, and the kernels of training beside it${
    found ? "" : " (WebGPU finds no adapter here)"
  }`,
  ignore: !found,
  fn: async () => {
    const { rows } = await climbLadder({ size: 64 });
    assertEquals(rows.map(({ name }) => name[0]), ["1", "2", "3", "4", "5", "E", "6", "E"]);
    for (const { name, error } of rows) assert(error < 1e-5, `${name} is off by ${error}`);
  },
});

Deno.test({
  name: `raceVariants() measures every variant of an adapter, each held to the definition, the fastest first${
    found ? "" : " (WebGPU finds no adapter here)"
  }`,
  ignore: !found,
  fn: async () => {
    const heard: number[] = [];
    const { rows } = await raceVariants([adamCase(64), matmulCase(32, 512, 64)], {
      onProgress: (done, total) => heard.push(done / total),
    });
    for (const { plan, error } of rows) assert(error < 1e-5, `${plan} is off by ${error}`);
    assertEquals(rows.map(({ place }) => place).sort((a, b) => a - b), rows.map((_, i) => i + 1));
    const seconds = rows.map(({ seconds }) => seconds);
    assertEquals(seconds, seconds.toSorted((a, b) => a - b));
    assert(seconds[0] > 0);
    for (
      const wanted of ["lane 4x8 of 8x4", "lane 16x8 of 8x1", "lane 16x8 of 8x1, 2 parts", "lane 16x8 of 8x1, 4 parts"]
    ) {
      assert(rows.some(({ plan }) => plan === wanted) || typeof found === "object" && !found.software, wanted);
    }
    assertEquals(heard.at(-1), 1);
    await assertRejects(() => raceVariants([adamCase(64)]), OptionError, "expected a convolution or a matrix product");
  },
});
