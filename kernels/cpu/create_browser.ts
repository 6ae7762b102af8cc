/** The CPU device in the npm package, in a browser: there this file stands for `create.ts`. */
import { startInBrowser } from "./browser.ts";
import type { CpuDevice, CpuOptions } from "./device.ts";
import { assembleKernels } from "./modules.ts";

/** As in `create.ts`. */
export async function createCpuDevice(options: CpuOptions = {}): Promise<CpuDevice> {
  // written out, so that a bundler sees which file it is
  const startThread = () => new Worker(new URL("./worker_browser.ts", import.meta.url), { type: "module" });
  return await startInBrowser({ kernels: assembleKernels, startThread }, options);
}
