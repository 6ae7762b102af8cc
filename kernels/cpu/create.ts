/** The CPU device in Deno: kernels assembled from their texts, workers of `node:worker_threads`. */
import { type CpuDevice, type CpuOptions, startCpuDevice } from "./device.ts";
import { assembleKernels } from "./modules.ts";
import { threads } from "./threads.ts";

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
  return await startCpuDevice({ ...threads, kernels: assembleKernels }, options);
}
