/**
 * Determines the fastest plan for each product on this GPU, by measurement, and caches the result for later programs: in the user's
 * cache folder, by adapter, driver, runtime and kernels. The cache may be deleted at any time.
 */
import { dirname, join } from "@std/path";
import { cacheFolder } from "../base/cache_folder.ts";
import { writeJson } from "../files/atomic.ts";
import type { Device } from "../kernels/device.ts";
import {
  type KernelChoices,
  type TuneMode,
  type TuneReport,
  type TuningStore,
  WebGpuDevice,
} from "../kernels/webgpu/mod.ts";

/** Lets a device choose its kernels for the operations that `work` enqueues, before timing. */
export type Tune = (device: Device, work: () => void) => Promise<void>;

/** How long a GPU's kernels may be measured first; `off`: the plans are estimated. */
export type TuneFlag = "off" | TuneMode;

/**
 * Tunes a WebGPU device for the products of `work`, or lets it estimate (`off`); other devices are unchanged.
 *
 * @param work enqueues the future operations; they are not executed
 * @returns the measurements; undefined if there were none
 */
export async function chooseKernels(
  device: Device,
  mode: TuneFlag,
  work: () => void,
  { onProgress, signal }: { onProgress?: (done: number, total: number) => void; signal?: AbortSignal } = {},
): Promise<TuneReport | undefined> {
  if (!(device instanceof WebGpuDevice)) return undefined;
  if (mode !== "off") return await device.tune(work, { mode, store: await cacheStore(device), onProgress, signal });
  await device.rehearse(work);
}

/** A file in the user's cache folder; undefined if there is no such folder, or no permission to look for it. */
async function cacheStore(device: WebGpuDevice): Promise<TuningStore | undefined> {
  const folder = cacheFolder();
  if (!folder) return undefined;
  const file = join(folder, "kernels.json");
  const driver = await nvidiaDriver(device.adapterName);
  const named = (key: string) => driver ? `${key}; driver ${driver}` : key;
  const read = async (): Promise<Record<string, KernelChoices>> => {
    try {
      return JSON.parse(await Deno.readTextFile(file));
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return {};
      throw new Error(`${file}: can't be read: ${(error as Error).message}; delete it, and kernels are measured again`);
    }
  };
  return {
    load: async (key) => (await read())[named(key)],
    save: async (key, choices) => {
      await Deno.mkdir(dirname(file), { recursive: true });
      await writeJson(file, { ...await read(), [named(key)]: choices });
    },
  };
}

/**
 * The version of NVIDIA's driver on Linux. WebGPU does not report it, and a software adapter has its version in its
 * name.
 */
async function nvidiaDriver(adapter: string): Promise<string | undefined> {
  if (!/nvidia|geforce|tesla|quadro/i.test(adapter)) return undefined;
  try {
    return /Kernel Module\D*([\d.]+)/.exec(await Deno.readTextFile("/proc/driver/nvidia/version"))?.[1];
  } catch {
    return undefined;
  }
}
