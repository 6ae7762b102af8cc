/** Deno and Node as the CPU device's host: its threads are those of `node:worker_threads`. In a browser `host_browser.ts` stands for it. */
import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import type { CpuHost } from "./device.ts";
import type { WorkerStart } from "./layout.ts";
import { assembleKernels } from "./modules.ts";

/** The host that this program runs in. @param _threads that are wanted: a browser starts them beforehand */
export const openHost = (_threads?: number): Promise<CpuHost> =>
  Promise.resolve({ processors: availableParallelism(), kernels: assembleKernels, startWorker });

/** Starts a thread. @param lost hears of its end @returns what sends it its work */
function startWorker(lost: (why: string) => void): (start: WorkerStart) => void {
  // node:worker_threads, since a Worker of the web keeps the program from ending
  const worker = new Worker(new URL("./worker.ts", import.meta.url));
  worker.unref();
  worker.on("error", (error: Error) => lost(`A worker of the CPU device failed: ${error.message}`));
  worker.on("exit", () => lost("A worker of the CPU device has ended"));
  return (start) => worker.postMessage(start);
}
