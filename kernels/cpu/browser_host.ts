/**
 * A browser as the CPU device's host: for EPR's own page (`web/engine/device.ts`), and for other pages that use the npm package
 * (`host_browser.ts`).
 *
 * Threads need shared memory, which a browser gives only to a page whose host sends two headers (COOP and COEP; the page is then
 * `crossOriginIsolated`). The thread that uses them must be allowed to wait, and a page's main thread is not. So threads run only in a
 * worker of such a page; everywhere else kernels run on the calling thread, in plain memory.
 */
import type { CpuHost } from "./device.ts";
import type { WorkerStart } from "./layout.ts";

/** The parts that differ from page to page. */
export interface BrowserParts extends Pick<CpuHost, "kernels"> {
  /** Starts a thread whose program is `worker_browser.ts`, wherever the page has it. */
  startThread: () => Worker;
}

/** Most threads that are started by default. */
const MOST_THREADS = 16;

/** Largest start-up time of a thread, in seconds. */
const PATIENCE = 20;

/** Whether threads can share memory here, and this thread may wait for them. */
export const sharesMemory = (): boolean =>
  Boolean(globalThis.crossOriginIsolated) && typeof SharedArrayBuffer !== "undefined" && !("document" in globalThis);

/**
 * The host, with its threads started.
 *
 * @param threads default: one per processor, at most 16
 * @throws Error if a thread does not start within 20 s
 */
export async function openBrowserHost({ kernels, startThread }: BrowserParts, threads?: number): Promise<CpuHost> {
  const shared = sharesMemory();
  const count = threads ?? Math.min(MOST_THREADS, navigator.hardwareConcurrency || 1);
  // a browser starts threads only while this one does not wait, so they run before there is a device
  const workers = shared ? await Promise.all(Array.from({ length: count }, () => started(startThread()))) : [];
  const startWorker = (lost: (why: string) => void) => {
    const worker = workers.shift()!;
    worker.onerror = ({ message }) => lost(`A worker of the CPU device failed: ${message}`);
    return (start: WorkerStart) => worker.postMessage(start);
  };
  return { processors: Math.max(1, workers.length), kernels, startWorker: shared ? startWorker : undefined };
}

/** Waits until a thread runs. */
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
