/** The choice of plans for products: estimates, measurements, and exported choices. */
import { assert, assertEquals, assertMatch, assertRejects, assertStrictEquals } from "@std/assert";
import {
  createWebGpuDevice,
  type KernelChoices,
  type TuningStore,
  type WebGpuDevice,
} from "../../kernels/webgpu/mod.ts";
import {
  estimate,
  HARDWARE,
  INTEGRATED,
  modelOf,
  plansFor,
  shortlist,
  SOFTWARE,
  suits,
} from "../../kernels/webgpu/plan.ts";
import type { Product } from "../../kernels/webgpu/product.ts";
import { traffic } from "../../kernels/webgpu/traffic.ts";
import { variantNamed, VARIANTS } from "../../kernels/webgpu/variants.ts";
import { found, lacking } from "./on_gpu.ts";

const PRODUCT: Product = { kernel: "matmul", transposed: "", rows4: 8, cols4: 16, k4: 4 };
const KEY = "matmul 32x64x16";
/** Enqueues that product, on separate buffers, and the product by ones that it should equal. */
function enqueue(device: WebGpuDevice) {
  const [a, b, c] = [32 * 16, 16 * 64, 32 * 64].map((length) => device.allocate(length, "test"));
  device.fill({ x: a, length: a.length, value: 1 });
  device.fill({ x: b, length: b.length, value: 2 });
  device.fill({ x: c, length: c.length, value: 7 });
  return { c, work: () => device.matmul({ a, b, c, m: 32, n: 64, k: 16 }) };
}

Deno.test({
  name: `tune() measures what the work would compute, does not run it, and keeps what it found${lacking}`,
  ignore: !found,
  fn: async () => {
    const saved = new Map<string, KernelChoices>();
    const store: TuningStore = {
      load: (key) => Promise.resolve(saved.get(key)),
      save: (key, choices) => Promise.resolve(void saved.set(key, choices)),
    };
    const device = await createWebGpuDevice({ allowSoftware: true });
    const { c, work } = enqueue(device), live = device.memory.liveBuffers;
    const counts: number[] = [];
    const first = await device.tune(() => [1, 2, 3].forEach(work), { store, onProgress: (done) => counts.push(done) });
    assertEquals({ ...first, seconds: 0 }, { products: 1, known: 0, measured: 1, seconds: 0 });
    assertEquals(counts, [0, 1]);
    assertEquals([device.memory.liveBuffers, device.memory.createdBuffers], [live, live]);
    assertEquals((await device.read(c))[0], 7, "the work was run");
    work();
    assert((await device.read(c)).every((value) => value === 32));
    const choices = device.kernelChoices;
    assertEquals([...saved.values()], [choices]);
    assertEquals(Object.keys(choices), [KEY]);
    device.close();

    const second = await createWebGpuDevice({ allowSoftware: true });
    const again = await second.tune(enqueue(second).work, { store });
    assertEquals({ ...again, seconds: 0 }, { products: 1, known: 1, measured: 0, seconds: 0 });
    assertEquals(second.kernelChoices, choices);
    second.close();
  },
});

Deno.test({
  name: `a device that is given choices computes by them, and refuses those it cannot run${lacking}`,
  ignore: !found,
  fn: async () => {
    const given = { [KEY]: { variant: "tile 32x32x32", splits: 2 } };
    const device = await createWebGpuDevice({ allowSoftware: true, choices: given });
    const { c, work } = enqueue(device);
    work();
    assert((await device.read(c)).every((value) => value === 32));
    assertEquals(device.kernelChoices, given);
    device.close();
    for (
      const [choice, message] of [
        [
          { variant: "tile 1x1x1", splits: 1 },
          /The variant of a product: expected one of "tile 32x32x32".*found "tile 1x1x1"/,
        ],
        [
          { variant: "tile 32x32x32", splits: 0 },
          /The choice for "matmul 32x64x16": expected a whole number of parts >= 1, found 0/,
        ],
      ] as const
    ) {
      assertMatch(
        (await assertRejects(() => createWebGpuDevice({ allowSoftware: true, choices: { [KEY]: choice } }), Error))
          .message,
        message,
      );
    }
  },
});

Deno.test("traffic() counts the memory traffic of a plan as by hand", () => {
  const plan = { variant: variantNamed("tile 64x64x16"), splits: 2 };
  const { flops, flopsDone, bytes, workgroups } = traffic({ ...PRODUCT, k4: 8 }, plan);
  assertEquals(flops, 2 * 32 * 64 * 32);
  assertEquals(flopsDone, 2 * flops); // half of the single tile is beyond the edge
  assertEquals(bytes, 4 * (64 + 64) * 32 + (2 * 2 + 1) * 4 * 32 * 64); // tiles in; two parts out, in, and their sum out
  assertEquals(workgroups, 2);
  assertEquals(traffic(PRODUCT, plan).workgroups, 1); // a product no deeper than a tile is not split
});

Deno.test("plansFor() lists large tiles and few parts first if the result is large, and many parts if k is long", () => {
  const large: Product = { kernel: "conv2d", transposed: "", rows4: 65536, cols4: 32, k4: 288 };
  assertEquals(plansFor(large, HARDWARE)[0], { variant: variantNamed("tile 128x128x16"), splits: 1 });
  const long: Product = { kernel: "conv2dWeightGradient", transposed: "", rows4: 9, cols4: 16, k4: 65536 };
  assert(plansFor(long, HARDWARE)[0].splits >= 64);
  const few = shortlist(plansFor(large, HARDWARE), 4);
  assertEquals(few[0], plansFor(large, HARDWARE)[0]);
  assertEquals(new Set(few.map(({ variant }) => variant)).size, 4, "one plan a variant");
  assertEquals(few[3].variant.core, "uniform", "the best of another core is measured too");
  for (const model of [HARDWARE, INTEGRATED, SOFTWARE]) {
    const plans = plansFor(large, model), seconds = plans.map((plan) => estimate(large, plan, model));
    assertEquals(seconds, [...seconds].sort((a, b) => a - b));
    assertEquals(
      new Set(plans.map(({ variant }) => variant)),
      new Set(VARIANTS.filter((variant) => suits(variant, model))),
    );
  }
});

Deno.test("plansFor() splits into any whole number of parts, so that a weight gradient of 144 tiles fills 132 units", () => {
  const product: Product = { kernel: "conv2dWeightGradient", transposed: "", rows4: 1152, cols4: 128, k4: 1024 };
  const [{ splits }] = plansFor(product, HARDWARE);
  assert(splits > 1, "one part of 144 tiles would take two waves");
  assert(plansFor(product, HARDWARE).some(({ splits }) => !Number.isInteger(Math.log2(splits))));
  for (const plans of [plansFor(product, HARDWARE), plansFor(product, SOFTWARE)]) {
    assert(plans.length <= 6 * VARIANTS.length, `${plans.length} plans`);
  }
});

Deno.test("modelOf() knows Apple's and Intel's GPUs by name or number, and tries both of hardware's cores on them", () => {
  for (const vendor of ["apple", "intel", "4203", "32902"]) {
    assertStrictEquals(modelOf({ software: false, vendor }), INTEGRATED);
  }
  for (const vendor of ["nvidia", "amd", "4318", ""]) {
    assertStrictEquals(modelOf({ software: false, vendor }), HARDWARE);
  }
  assertStrictEquals(modelOf({ software: true, vendor: "intel" }), SOFTWARE);
  const product: Product = { kernel: "matmul", transposed: "", rows4: 256, cols4: 256, k4: 256 };
  const cores = shortlist(plansFor(product, INTEGRATED), 4).map(({ variant }) => variant.core);
  assertEquals(new Set(cores), new Set(["tile", "uniform"]));
});
