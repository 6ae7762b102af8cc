/** Tests that run on WebGPU, if there is an adapter. */
import { createWebGpuDevice, findAdapter, type WebGpuDevice, type WebGpuOptions } from "../../kernels/webgpu/mod.ts";

/** Whether there is an adapter. If EPR_REQUIRE_WEBGPU is 1 there must be one: the tests fail without. */
export const found = Deno.env.get("EPR_REQUIRE_WEBGPU") === "1" || await findAdapter();
/** What the name of a test says if there is none. */
export const lacking = found ? "" : " (WebGPU finds no adapter here)";

/** A test with its own device, ignored if there is no adapter. */
export function onGpu(
  name: string,
  body: (device: WebGpuDevice) => Promise<void> | void,
  options: WebGpuOptions = {},
): void {
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
