/** A thread of the CPU device in a page: see `kernels/cpu/work.ts`. */
import type { WorkerStart } from "../../kernels/cpu/layout.ts";
import { runWorker } from "../../kernels/cpu/work.ts";

addEventListener("message", ({ data }: MessageEvent<WorkerStart>) => {
  runWorker(data);
  close();
}, { once: true });
postMessage("ready");
