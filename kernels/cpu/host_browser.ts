/** A browser that uses the npm package as the CPU device's host: there this file stands for `host.ts`. */
import { openBrowserHost } from "./browser_host.ts";
import type { CpuHost } from "./device.ts";
import { assembleKernels } from "./modules.ts";

/** As in `host.ts`. */
export async function openHost(threads?: number): Promise<CpuHost> {
  // written out, so that a bundler sees which file it is
  const startThread = () => new Worker(new URL("./worker_browser.ts", import.meta.url), { type: "module" });
  return await openBrowserHost({ kernels: assembleKernels, startThread }, threads);
}
