/** In the npm package, in Node: threads. In a browser `browser.ts` stands for this file. */
export { availableParallelism } from "node:os";
export { parentPort, Worker } from "node:worker_threads";
