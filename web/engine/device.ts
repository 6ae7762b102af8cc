/**
 * Opens a device in a page: WebGPU if available, otherwise WebAssembly with as many threads as the host's headers
 * allow.
 */
import type { Device } from "../../kernels/device.ts";
import { openBrowserHost, sharesMemory } from "../../kernels/cpu/browser_host.ts";
import { startCpuDevice } from "../../kernels/cpu/device.ts";
import { createWebGpuDevice, findAdapter } from "../../kernels/webgpu/mod.ts";
import { fetchKernels } from "./kernel_file.ts";
import type { DeviceInfo, DeviceKind } from "./protocol.ts";

/** Opens a device and describes it. `auto` selects a hardware GPU if there is one, otherwise the processor. */
export async function openPageDevice(choice: DeviceKind | "auto"): Promise<{ device: Device; info: DeviceInfo }> {
  if (choice !== "wasm") {
    const found = await findAdapter().catch(() => undefined);
    if (found && (choice === "webgpu" || !found.software)) {
      const device = await createWebGpuDevice({ adapter: found.adapter, allowSoftware: true });
      const note = found.software ? "This GPU is emulated by software; WebAssembly is faster." : "";
      return { device, info: { kind: "webgpu", description: device.description, note, software: found.software } };
    }
    if (choice === "webgpu") {
      throw new Error("This browser has no WebGPU, or no GPU that it may use. WebAssembly works instead.");
    }
  }
  const { device, note } = await openCpu();
  return { device, info: { kind: "wasm", description: device.description, note, software: false } };
}

async function openCpu() {
  const host = await openBrowserHost({
    startThread: () => new Worker("thread.js", { type: "module" }),
    kernels: fetchKernels,
  });
  const device = await startCpuDevice(host);
  const note = sharesMemory() ? "" : "One thread: this host does not set the headers that shared memory requires.";
  return { device, note };
}
