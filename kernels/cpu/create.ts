/** Starts the CPU device in the current program: Deno, Node, or a browser with the npm package (`host.ts`). */
import { type CpuDevice, type CpuOptions, startCpuDevice } from "./device.ts";
import { type HostOptions, openHost } from "./host.ts";

/**
 * Starts a CPU device. It ends with `close()`, or with the program.
 *
 * @throws OptionError if an option is out of its range, Error if the engine lacks requested relaxed SIMD, or shared
 * memory; in a browser, if a thread does not start within 20 s
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
export async function createCpuDevice(options: CpuOptions & HostOptions = {}): Promise<CpuDevice> {
  return await startCpuDevice(await openHost(options), options);
}
