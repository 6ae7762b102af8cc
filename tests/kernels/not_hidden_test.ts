/** A NaN is not hidden by a ReLU or a pool, on any device: see not_hidden.ts. */
import { assertEquals } from "@std/assert";
import { createWebGpuDevice } from "../../kernels/webgpu/mod.ts";
import { VARIANTS } from "../../kernels/webgpu/variants.ts";
import { cpu, cpuPaths, definitions, onEach, webgpu } from "../devices.ts";
import { hiddenNaNs } from "./not_hidden.ts";

onEach([definitions, cpu, webgpu, ...cpuPaths], "a NaN comes out of every ReLU and every pool", async (device) => {
  assertEquals(await hiddenNaNs(device), []);
});

Deno.test({
  name: `a NaN comes out of products that are summed in parts${webgpu.missing ? ` (${webgpu.missing})` : ""}`,
  ignore: webgpu.missing !== undefined,
  fn: async () => {
    const planner = () => ({ variant: VARIANTS[0], splits: 2 });
    const device = await createWebGpuDevice({ allowSoftware: true, planner });
    assertEquals(await hiddenNaNs(device), []);
    device.close();
  },
});
