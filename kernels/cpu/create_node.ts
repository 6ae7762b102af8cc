/** The CPU device in the npm package, in Node: there this file stands for `create.ts`, which assembles the kernels from their texts. */
import { assembledKernels } from "./assembled.ts";
import { kernelsFromText } from "./binary.ts";
import { type CpuDevice, type CpuOptions, startCpuDevice } from "./device.ts";
import { threads } from "./threads.ts";

/** As in `create.ts`. */
export async function createCpuDevice(options: CpuOptions = {}): Promise<CpuDevice> {
  return await startCpuDevice({
    ...threads,
    kernels: async (variant) => kernelsFromText(await assembledKernels(variant)),
  }, options);
}
