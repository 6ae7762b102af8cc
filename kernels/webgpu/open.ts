/**
 * Opens a WebGPU device: selects the adapter and its optional features, and throws an error if no adapter is suitable.
 */
import { OptionError } from "../../base/option_error.ts";
import { describeAdapter, findAdapter } from "./adapter.ts";
import { WebGpuDevice, type WebGpuOptions } from "./device.ts";
import { requestDevice } from "./request.ts";

/**
 * Opens a device on a GPU.
 *
 * @throws Error if there is no WebGPU adapter, or only a software one and `allowSoftware` is not set, or one that can't
 *   compute in the requested precision
 */
export async function createWebGpuDevice(options: WebGpuOptions = {}): Promise<WebGpuDevice> {
  const found = options.adapter ? describeAdapter(options.adapter) : await findAdapter();
  if (!found) {
    throw new Error(
      "WebGPU found no adapter: there is no GPU, no driver (Vulkan on Linux), or none that this program may use",
    );
  }
  if (found.software && !options.allowSoftware) {
    throw new Error(`WebGPU found only ${found.name}, which is software; the cpu device is faster`);
  }
  const { subgroups = true, precision = "f32" } = options;
  const opened = await requestDevice(found, { subgroups, f16: precision === "f16" });
  const { features: { f16, reasons }, gpu } = opened;
  if (precision === "f16" && !f16) {
    gpu.destroy();
    throw new OptionError({
      option: "precision",
      required: `f32, since ${found.name} cannot compute in 16-bit floats (${reasons.f16})`,
      found: precision,
    });
  }
  return new WebGpuDevice(opened, found, options);
}
