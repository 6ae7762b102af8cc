/** Replaces `host.ts` in browsers, in the npm package: a browser as the CPU device's host. */
import { openBrowserHost } from "./browser_host.ts";
import type { CpuHost } from "./device.ts";
import type { HostOptions } from "./host.ts";
import { loadKernels } from "./modules.ts";

/** As in `host.ts`. */
export async function openHost({ threads }: HostOptions = {}): Promise<CpuHost> {
  // written out, so that a bundler finds the file
  const startThread = () => new Worker(new URL("./worker_browser.ts", import.meta.url), { type: "module" });
  return await openBrowserHost({ kernels: loadKernels, startThread }, threads);
}
