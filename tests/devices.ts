/**
 * The devices that a test runs on, each opened once per test file. If this machine lacks a device, its tests are ignored with
 * the reason. EPR_REQUIRE_WEBGPU=1 (set if the Vulkan driver was installed on purpose) makes the lack of WebGPU a failure.
 */
import { createCpuDevice } from "../kernels/cpu/create.ts";
import type { Device } from "../kernels/device.ts";
import { createReferenceDevice } from "../kernels/reference_device.ts";
import { createWebGpuDevice, findAdapter } from "../kernels/webgpu/mod.ts";

export interface TestDevice {
  /** Part of a test's name. */
  name: string;
  /** Why it can't run here. */
  missing?: string;
  /** The device, opened on first use and shared by the tests of a file. */
  open(): Promise<Device>;
}

const once = <T>(make: () => Promise<T>) => {
  let made: Promise<T> | undefined;
  return () => made ??= make();
};

const required = Deno.env.get("EPR_REQUIRE_WEBGPU") === "1";
const adapter = required || await findAdapter();

export const definitions: TestDevice = {
  name: "definitions",
  open: once(() => Promise.resolve(createReferenceDevice())),
};
export const cpu: TestDevice = { name: "cpu", open: once(() => createCpuDevice({ threads: 2 })) };
/** Every path that the CPU device can take, each forced: threads, instructions and algorithms. */
export const cpuPaths: TestDevice[] = ([
  { threads: 1, simd: "relaxed", winograd: "always" },
  { threads: 2, simd: "plain", winograd: "never" },
  { threads: 3, simd: "plain", winograd: "always" },
  { threads: 4, simd: "relaxed", winograd: "never" },
] as const).map((options) => ({
  name: `cpu (threads ${options.threads}, SIMD ${options.simd}, Winograd ${options.winograd})`,
  open: once(() => createCpuDevice(options)),
}));
export const webgpu: TestDevice = {
  name: "webgpu",
  missing: adapter ? undefined : "WebGPU finds no adapter here",
  open: once(() => createWebGpuDevice({ allowSoftware: true })),
};

/** Runs one test on each of the devices, as separate tests. */
export function onEach(devices: TestDevice[], name: string, body: (device: Device) => Promise<void> | void): void {
  for (const { name: deviceName, missing, open } of devices) {
    Deno.test({
      name: `${name}, on ${deviceName}${missing ? ` (${missing})` : ""}`,
      ignore: missing !== undefined,
      fn: async () => await body(await open()),
    });
  }
}
