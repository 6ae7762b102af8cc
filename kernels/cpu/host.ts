/**
 * Deno and Node as the CPU device's host, with the threads of `node:worker_threads`. In a browser, `host_browser.ts`
 * replaces this file.
 */
import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import type { CpuHost } from "./device.ts";
import type { WorkerStart } from "./layout.ts";
import { loadKernels } from "./modules.ts";

/** The host of the current program. @param _threads requested number of threads: a browser starts them in advance */
export const openHost = (_threads?: number): Promise<CpuHost> =>
  Promise.resolve({ processors: availableParallelism(), kernels: loadKernels, startWorker });

/** Starts a thread. @param lost called when it ends @returns a function that sends it its work */
function startWorker(lost: (why: string) => void): (start: WorkerStart) => void {
  // node:worker_threads, since a web Worker would keep the program alive
  const worker = new Worker(new URL("./worker.ts", import.meta.url));
  worker.unref();
  worker.on("error", (error: Error) => lost(`A worker of the CPU device failed: ${error.message}`));
  worker.on("exit", () => lost("A worker of the CPU device has ended"));
  return (start) => worker.postMessage(start);
}
