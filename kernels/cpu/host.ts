/**
 * Deno and Node as the CPU device's host, with the threads of `node:worker_threads`. In a browser, `host_browser.ts`
 * replaces this file.
 */
import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import type { CpuHost } from "./device.ts";
import type { WorkerStart } from "./layout.ts";
import { loadKernels } from "./modules.ts";

/** What a program says about its threads. */
export interface HostOptions {
  /** Requested number of threads: a browser starts them in advance. */
  threads?: number;
  /** See `OpenDeviceOptions`. */
  keepAlive?: boolean;
}

/** The host of the current program. */
export const openHost = ({ keepAlive = false }: HostOptions = {}): Promise<CpuHost> => {
  const startWorker = keepAlive && typeof globalThis.Worker === "function" ? startWebWorker : startNodeWorker;
  return Promise.resolve({ processors: availableParallelism(), kernels: loadKernels, startWorker });
};

/** Starts a thread that ends with the program. @param lost called when it ends @returns a function that sends it its work */
function startNodeWorker(lost: (why: string) => void): (start: WorkerStart) => void {
  const worker = new Worker(new URL("./worker.ts", import.meta.url));
  worker.unref();
  worker.on("error", (error: Error) => lost(`A worker of the CPU device failed: ${error.message}`));
  worker.on("exit", () => lost("A worker of the CPU device has ended"));
  return (start) => worker.postMessage(start);
}

/** The same with a web worker: it keeps the program alive, and starts sooner, since it loads nothing of Node's. */
function startWebWorker(lost: (why: string) => void): (start: WorkerStart) => void {
  const worker = new globalThis.Worker(new URL("./worker_browser.ts", import.meta.url), { type: "module" });
  worker.onerror = (event) => {
    event.preventDefault(); // the device reports it
    lost(`A worker of the CPU device failed: ${event.message}`);
  };
  return (start) => worker.postMessage(start);
}
