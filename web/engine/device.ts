/** Opens a device in a page: WebGPU where there is one, or WebAssembly with as many threads as the host's headers allow. */
import type { Device } from "../../kernels/device.ts";
import { startCpuDevice } from "../../kernels/cpu/device.ts";
import type { WorkerStart } from "../../kernels/cpu/layout.ts";
import { createWebGpuDevice, findAdapter } from "../../kernels/webgpu/mod.ts";
import { decodeKernelFile, kernelFileName } from "./kernel_file.ts";
import type { DeviceInfo, DeviceKind } from "./protocol.ts";

/** Seconds that a thread may take to start. */
const PATIENCE = 20;

/** A device and what it is. `auto` takes a hardware GPU where there is one, else the processor. */
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

/** Whether threads can share memory here: it takes headers of the page's host. */
export const sharesMemory = (): boolean => globalThis.crossOriginIsolated && typeof SharedArrayBuffer !== "undefined";

async function openCpu() {
  const shared = sharesMemory();
  const processors = navigator.hardwareConcurrency || 1;
  // a page's threads start only while the engine's own thread does not block: they are waited for before there is a device
  const threads = shared ? await Promise.all(Array.from({ length: Math.min(processors, 16) }, startThread)) : [];
  const device = await startCpuDevice({
    processors: threads.length,
    kernels: async (variant) => {
      const response = await fetch(kernelFileName(variant));
      if (!response.ok) {
        throw new Error(
          `${
            kernelFileName(variant)
          }: expected a file of the page, found status ${response.status}; build the page again`,
        );
      }
      return decodeKernelFile(await response.text());
    },
    startWorker: shared
      ? (lost) => {
        const worker = threads.shift()!;
        worker.onerror = ({ message }) => lost(`A thread of the engine failed: ${message}`);
        return (start: WorkerStart) => worker.postMessage(start);
      }
      : undefined,
  });
  const note = shared ? "" : "One thread: this host does not set the headers that shared memory requires.";
  return { device, note };
}

function startThread(): Promise<Worker> {
  const worker = new Worker("thread.js", { type: "module" });
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new Error(`A thread of the engine did not start within ${PATIENCE} s`)),
      1000 * PATIENCE,
    );
    worker.onmessage = () => {
      clearTimeout(timer);
      resolve(worker);
    };
    worker.onerror = ({ message }) => reject(new Error(`A thread of the engine did not start: ${message}`));
  });
}
