/**
 * A browser as the CPU device's host: EPR's own page (`web/engine/device.ts`), and others that use the npm package (`host_browser.ts`).
 *
 * Threads need shared memory, which a browser gives to a page whose host sends two headers (COOP and COEP; then it is
 * `crossOriginIsolated`). And whoever uses them must be able to wait, which a page's own thread may not. So in a worker of such a page
 * there are threads, and anywhere else kernels run on the calling thread, in plain memory.
 */
import type { CpuHost } from "./device.ts";
import type { WorkerStart } from "./layout.ts";

/** What differs from page to page. */
export interface BrowserParts extends Pick<CpuHost, "kernels"> {
  /** Starts a thread whose program is `worker_browser.ts`, wherever that lies. */
  startThread: () => Worker;
}

/** Threads that are started unless so many are asked for, at most. */
const MOST_THREADS = 16;

/** Seconds that a thread may take to start. */
const PATIENCE = 20;

/** Whether threads can share memory here, and this one may wait for them. */
export const sharesMemory = (): boolean =>
  Boolean(globalThis.crossOriginIsolated) && typeof SharedArrayBuffer !== "undefined" && !("document" in globalThis);

/**
 * The host, with its threads started.
 *
 * @param threads default: one a processor, 16 at most
 * @throws Error where a thread does not start, or not within 20 s
 */
export async function openBrowserHost({ kernels, startThread }: BrowserParts, threads?: number): Promise<CpuHost> {
  const shared = sharesMemory();
  const count = threads ?? Math.min(MOST_THREADS, navigator.hardwareConcurrency || 1);
  // a browser starts threads only while this one does not wait: they run before there is a device
  const workers = shared ? await Promise.all(Array.from({ length: count }, () => started(startThread()))) : [];
  const startWorker = (lost: (why: string) => void) => {
    const worker = workers.shift()!;
    worker.onerror = ({ message }) => lost(`A worker of the CPU device failed: ${message}`);
    return (start: WorkerStart) => worker.postMessage(start);
  };
  return { processors: Math.max(1, workers.length), kernels, startWorker: shared ? startWorker : undefined };
}

/** A thread, once it runs. */
function started(worker: Worker): Promise<Worker> {
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
