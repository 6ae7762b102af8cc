/**
 * The CPU device in the npm package: there this file stands for `create.ts`, which assembles the kernels from their texts, and has
 * beside it what was assembled when the package was built.
 */
import { readFile } from "node:fs/promises";
import { kernelsFromText } from "./binary.ts";
import { type CpuDevice, type CpuOptions, startCpuDevice } from "./device.ts";
import { threads } from "./threads.ts";

/** As in `create.ts`. */
export async function createCpuDevice(options: CpuOptions = {}): Promise<CpuDevice> {
  const kernels = async ({ simd }: { simd: string }) =>
    kernelsFromText(await readFile(new URL(`./kernels_${simd}.json`, import.meta.url), "utf8"));
  return await startCpuDevice({ ...threads, kernels }, options);
}
