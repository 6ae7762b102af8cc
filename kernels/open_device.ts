/**
 * Selects the device to run on. A hardware GPU is much faster than the CPU device; a software GPU (llvmpipe, SwiftShader) is
 * slower by an order of magnitude. So `auto` selects a hardware GPU if there is one, and a software GPU is used only if
 * WebGPU is requested by name.
 */
import { OptionError } from "../base/option_error.ts";
import { createCpuDevice } from "./cpu/create.ts";
import type { Device, Precision } from "./device.ts";
import { findAdapter } from "./webgpu/adapter.ts";
import type { KernelChoices } from "./webgpu/choices.ts";
import type { WebGpuOptions } from "./webgpu/device.ts";

/** The choices of a device. */
export type DeviceChoice = "auto" | "cpu" | "webgpu";

/** All choices, in the order of the help. */
export const DEVICE_CHOICES: readonly DeviceChoice[] = ["auto", "cpu", "webgpu"];

/** The device to open, and its options. */
export interface OpenDeviceOptions {
  /** Default: auto. */
  device?: DeviceChoice;
  /** Number of worker threads of the CPU device; default: one per processor. */
  threads?: number;
  /** Precision of products' operands; default: f32, the only one of the cpu device. */
  precision?: Precision;
  /**
   * Whether the CPU device may keep the program alive until it is closed: for a program that ends by `Deno.exit`. Its threads then
   * start in 12 ms each instead of 37 in Deno, while the program waits. Default no.
   */
  keepAlive?: boolean;
  /** Kernel choices of the webgpu device from the start of a run (its `kernels.json`); the cpu device has none. */
  choices?: KernelChoices;
}

/**
 * Opens a device. Close it when done.
 *
 * @throws {OptionError} of `device` if WebGPU is requested and there is no adapter, of `precision` if 16-bit floats do not work, of
 * `threads` if it is out of range
 */
export async function openDevice(options: OpenDeviceOptions = {}): Promise<Device> {
  const { device = "auto", precision, choices } = options;
  if (device === "cpu") return await openCpu(options);
  const adapter = await findAdapter();
  if (device === "auto") {
    const hardware = adapter !== undefined && !adapter.software;
    return hardware ? await openWebGpu({ precision, choices }) : await openCpu(options);
  }
  if (!adapter) {
    throw new OptionError({
      option: "device",
      required: "a GPU that WebGPU can use",
      found: "no adapter: no GPU, or no Vulkan, Metal or Direct3D driver for it",
      help: "`device: cpu` runs anywhere",
    });
  }
  return await openWebGpu({ allowSoftware: true, precision, choices });
}

/** Loads the WebGPU device, some seventy files that the CPU device does not need, and opens it. */
async function openWebGpu(options: WebGpuOptions): Promise<Device> {
  const { createWebGpuDevice } = await import("./webgpu/open.ts");
  return await createWebGpuDevice(options);
}

async function openCpu({ threads, precision, keepAlive }: OpenDeviceOptions): Promise<Device> {
  if (precision === "f16") {
    throw new OptionError({
      option: "precision",
      required: "f32 on the cpu device",
      found: precision,
      help: "16-bit floats require a GPU (`device: webgpu`)",
    });
  }
  return await createCpuDevice({ threads, keepAlive });
}
