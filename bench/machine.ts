/** Describes the machine of a bench: the facts that readers of its results require. */
import os from "node:os";
import type { Device } from "../kernels/device.ts";
import type { Machine } from "../lab/results.ts";

/** Describes the machine and the device. The second load is the current one until it is measured again. */
export async function describeMachine(device: Device): Promise<Machine> {
  const load = loadNow();
  return {
    processor: os.cpus()[0]?.model.trim() || "unknown",
    processors: navigator.hardwareConcurrency,
    memory: Deno.systemMemoryInfo().total,
    system: `${Deno.build.os} ${Deno.osRelease()} ${Deno.build.arch}`,
    device: device.kind,
    description: device.description,
    driver: device.kind === "webgpu" ? await driverOf(device.description) : undefined,
    deno: Deno.version.deno,
    v8: Deno.version.v8,
    load: [load, load],
  };
}

/** The load over the last minute. */
export function loadNow(): number {
  return Deno.build.os === "windows" ? 0 : Deno.loadavg()[0];
}

/** WebGPU does not report the driver. Linux reports NVIDIA's, and a software adapter has its version in its name. */
async function driverOf(adapter: string): Promise<string | undefined> {
  if (!/nvidia|geforce|tesla|quadro/i.test(adapter)) return undefined;
  try {
    const text = await Deno.readTextFile("/proc/driver/nvidia/version");
    return /Kernel Module\D*([\d.]+)/.exec(text)?.[1] && `NVIDIA ${/Kernel Module\D*([\d.]+)/.exec(text)![1]}`;
  } catch {
    return undefined; // no such file, or no permission: the adapter's name has to suffice
  }
}
