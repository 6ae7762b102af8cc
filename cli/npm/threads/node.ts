/** Threads in the npm package, in Node. In a browser, `browser.ts` replaces this file. */
export { availableParallelism } from "node:os";
export { parentPort, Worker } from "node:worker_threads";
