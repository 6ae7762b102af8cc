/**
 * Replaces Node's threads (`node.ts`) in the npm package, in a browser. No thread can be started, so a crew's jobs run on the
 * calling thread (`workers/crew.ts`). The CPU device has threads of its own kind (`kernels/cpu/host_browser.ts`).
 */

/** Number of useful threads. */
export const availableParallelism = (): number => 1;

/** A thread that can't be started. */
export class Worker {
  /** @throws {Error} always */
  constructor() {
    throw new Error("A browser has no node:worker_threads");
  }
}
