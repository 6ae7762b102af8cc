/** The CPU device in Deno and in Node: its threads are those of `node:worker_threads`. In a browser `create_browser.ts` stands for it. */
import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { type CpuDevice, type CpuOptions, startCpuDevice } from "./device.ts";
import type { WorkerStart } from "./layout.ts";
import { assembleKernels } from "./modules.ts";

/**
 * Starts a CPU device. It ends with `close()`, or with the program.
 *
 * @throws RangeError on an option out of its range, Error where the engine lacks relaxed SIMD that was asked for, or shared
 * memory
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * const device = await createCpuDevice({ threads: 1 });
 * const x = device.allocate(3, "an example");
 * device.write(x, new Float32Array([1, -2, 3]));
 * device.relu({ x, y: x, length: 3 });
 * assertEquals(await device.read(x), new Float32Array([1, 0, 3]));
 * device.close();
 * ```
 */
export async function createCpuDevice(options: CpuOptions = {}): Promise<CpuDevice> {
  return await startCpuDevice({ processors: availableParallelism(), kernels: assembleKernels, startWorker }, options);
}

/** Starts a thread. @param lost hears of its end @returns what sends it its work */
function startWorker(lost: (why: string) => void): (start: WorkerStart) => void {
  // node:worker_threads, since a Worker of the web keeps the program from ending
  const worker = new Worker(new URL("./worker.ts", import.meta.url));
  worker.unref();
  worker.on("error", (error: Error) => lost(`A worker of the CPU device failed: ${error.message}`));
  worker.on("exit", () => lost("A worker of the CPU device has ended"));
  return (start) => worker.postMessage(start);
}
