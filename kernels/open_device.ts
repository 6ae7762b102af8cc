/**
 * Which device to run on. A hardware GPU is faster than the CPU device by far, a software one (llvmpipe, SwiftShader) slower
 * by an order of magnitude: so `auto` takes the former where there is one, and the latter is taken only when WebGPU is asked
 * for by name.
 */
import { OptionError } from "../base/option_error.ts";
import { createCpuDevice } from "./cpu/create.ts";
import type { Device, Precision } from "./device.ts";
import { createWebGpuDevice, findAdapter, type KernelChoices } from "./webgpu/mod.ts";

/** What can be asked for. */
export type DeviceChoice = "auto" | "cpu" | "webgpu";

/** What can be asked for, in the order that help shows. */
export const DEVICE_CHOICES: readonly DeviceChoice[] = ["auto", "cpu", "webgpu"];

/** What to open, and with how many threads the CPU device. */
export interface OpenDeviceOptions {
  /** Default: auto. */
  device?: DeviceChoice;
  /** Worker threads of the CPU device; default: one a processor. */
  threads?: number;
  /** What products read their operands as; default: f32, and on the cpu device nothing else. */
  precision?: Precision;
  /** What the webgpu device computes products by, where a run began so (its `kernels.json`); the cpu device has no choice. */
  choices?: KernelChoices;
}

/**
 * Opens a device. Close it when done.
 *
 * @throws {OptionError} of `device` where WebGPU is asked for and there is no adapter, of `precision` where 16-bit floats do not work, of
 * `threads` where they are out of range
 */
export async function openDevice(options: OpenDeviceOptions = {}): Promise<Device> {
  const { device = "auto", threads, precision, choices } = options;
  if (device === "cpu") return await openCpu(threads, precision);
  const adapter = await findAdapter();
  if (device === "auto") {
    const hardware = adapter !== undefined && !adapter.software;
    return hardware ? await createWebGpuDevice({ precision, choices }) : await openCpu(threads, precision);
  }
  if (!adapter) {
    throw new OptionError({
      option: "device",
      required: "a GPU that WebGPU can use",
      found: "no adapter: no GPU, or no Vulkan, Metal or Direct3D driver for it",
      help: "`device: cpu` runs anywhere",
    });
  }
  return await createWebGpuDevice({ allowSoftware: true, precision, choices });
}

async function openCpu(threads?: number, precision?: Precision): Promise<Device> {
  if (precision === "f16") {
    throw new OptionError({
      option: "precision",
      required: "f32 on the cpu device",
      found: precision,
      help: "16-bit floats require a GPU (`device: webgpu`)",
    });
  }
  return await createCpuDevice({ threads });
}
