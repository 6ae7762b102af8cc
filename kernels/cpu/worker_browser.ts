/** A worker thread of the CPU device in a browser: see `work.ts`. */
import type { WorkerStart } from "./layout.ts";
import { runWorker } from "./work.ts";

addEventListener("message", ({ data }: MessageEvent<WorkerStart>) => {
  runWorker(data);
  close();
}, { once: true });
postMessage("ready");
