/** Worker threads of the CPU device where there is `node:worker_threads`: in Deno and in Node. */
import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import type { CpuHost } from "./device.ts";

/** A host's part that is about threads. */
export const threads: Required<Pick<CpuHost, "processors" | "startWorker">> = {
  processors: availableParallelism(),
  startWorker(lost) {
    // node:worker_threads, since a Worker of the web keeps the program from ending.
    const worker = new Worker(new URL("./worker.ts", import.meta.url));
    worker.unref();
    worker.on("error", (error: Error) => lost(`A worker of the CPU device failed: ${error.message}`));
    worker.on("exit", () => lost("A worker of the CPU device has ended"));
    return (start) => worker.postMessage(start);
  },
};
