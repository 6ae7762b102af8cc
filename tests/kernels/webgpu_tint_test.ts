/**
 * The other compiler. Deno compiles WGSL with naga, Chromium with Tint, and each rejects some sources that the other
 * accepts. Here Chromium, with its own software GPU, compares every kernel and every variant of the products with stored
 * values and the definitions.
 */
import { assert, assertEquals } from "@std/assert";
import { VARIANTS } from "../../kernels/webgpu/variants.ts";
import { CHROMIUM, LACKING, runInChromium } from "./webgpu_chromium.ts";
import type { PageReport } from "./webgpu_entry.ts";
import { WINOGRAD_VARIANTS } from "./webgpu_winograd.ts";

Deno.test({
  name: `Tint compiles every kernel too, and they agree with their definitions in Chromium${LACKING}`,
  ignore: !CHROMIUM,
  fn: async () => {
    const { failures = [], checked } = await runInChromium<PageReport>("webgpu_entry.ts", ["ops.safetensors"], 600);
    assertEquals(failures, []);
    assertEquals(checked["subgroup sums"].failures, []);
    const others = ["simple", "lengths", "ladder", "NaN in 1 parts", "NaN in 2 parts"];
    const variants = [...VARIANTS.map(({ name }) => name), ...WINOGRAD_VARIANTS.map((name) => `Winograd, ${name}`)];
    for (const name of [...others, ...variants]) {
      const { failures, checks, pipelines, missing } = checked[name];
      if (missing !== undefined) {
        console.log(`${name}: not checked, it needs ${missing}`);
        continue;
      }
      assertEquals(failures, []);
      assert(checks >= 6 && pipelines >= 6, `${name}: ${checks} checks of ${pipelines} pipelines`);
    }
  },
});
