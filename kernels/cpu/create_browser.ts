/**
 * The CPU device in the npm package, in a browser: there this file stands for `create.ts`.
 *
 * Threads need shared memory, which a browser gives to a page whose host sends two headers (COOP and COEP; then it is
 * `crossOriginIsolated`). And whoever uses them must be able to wait, which a page's own thread may not. So in a worker of such a page
 * there are threads, and anywhere else kernels run on the calling thread, in plain memory.
 */
import { assembledKernels } from "./assembled.ts";
import { kernelsFromText } from "./binary.ts";
import { type CpuDevice, type CpuOptions, startCpuDevice } from "./device.ts";
import type { WorkerStart } from "./layout.ts";

/** Threads that are started unless so many are asked for, at most. */
const MOST_THREADS = 16;

/** Seconds that a thread may take to start. */
const PATIENCE = 20;

/** As in `create.ts`. */
export async function createCpuDevice(options: CpuOptions = {}): Promise<CpuDevice> {
  const shared = globalThis.crossOriginIsolated && !("document" in globalThis);
  const wanted = options.threads ?? Math.min(MOST_THREADS, navigator.hardwareConcurrency || 1);
  // a browser starts threads only while this one does not wait: they run before there is a device
  const workers = shared ? await Promise.all(Array.from({ length: wanted }, startThread)) : [];
  return await startCpuDevice({
    processors: Math.max(1, workers.length),
    kernels: async (variant) => kernelsFromText(await assembledKernels(variant)),
    startWorker: shared
      ? (lost) => {
        const worker = workers.shift()!;
        worker.onerror = ({ message }) => lost(`A worker of the CPU device failed: ${message}`);
        return (start: WorkerStart) => worker.postMessage(start);
      }
      : undefined,
  }, options);
}

function startThread(): Promise<Worker> {
  const worker = new Worker(new URL("./worker_browser.ts", import.meta.url), { type: "module" });
  return new Promise((resolve, reject) => {
    const late = () => reject(new Error(`A worker of the CPU device did not start in ${PATIENCE} s`));
    const timer = setTimeout(late, 1000 * PATIENCE);
    worker.onmessage = () => {
      clearTimeout(timer);
      resolve(worker);
    };
    worker.onerror = ({ message }) => {
      clearTimeout(timer);
      reject(new Error(`A worker of the CPU device did not start: ${message || "its file could not be loaded"}`));
    };
  });
}
