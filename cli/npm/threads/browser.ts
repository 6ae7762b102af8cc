/**
 * In the npm package, in a browser: what stands for Node's threads (`node.ts`). No thread can be started, so a crew's
 * jobs are done on the calling one (`workers/crew.ts`). The CPU device has threads of its own kind (`kernels/cpu/host_browser.ts`).
 */

/** Threads that are of use. */
export const availableParallelism = (): number => 1;

/** A thread that can't be started. */
export class Worker {
  /** @throws {Error} always */
  constructor() {
    throw new Error("A browser has no node:worker_threads");
  }
}
