/**
 * Measures kernels, one row each: runs a kernel once on noise, compares the result with the definition, then times it.
 *
 * Repeated calls use the same data. Small data stay in a cache, so a small kernel's GB/s may exceed those of the copy
 * kernel, which uses main memory; `cold.ts` times calls that find nothing in a cache.
 */
import type { Device, DeviceBuffer } from "../kernels/device.ts";
import { VIEW } from "../kernels/table.ts";
import type { BufferContent, Case } from "./cases.ts";
import type { CacheFlush } from "./cold.ts";
import { planNamed } from "./counted.ts";
import { type Arrays, checkCase, outputs } from "./definition.ts";
import type { KernelRow } from "./results.ts";
import type { Stopwatch } from "./timing.ts";
import type { Tune } from "./tuning.ts";

/**
 * Times one case.
 *
 * @param flush times it with cold caches too
 * @throws Error if memory is insufficient or the device fails; the signal's reason if aborted
 */
export async function benchKernel(
  device: Device,
  watch: Stopwatch,
  of: Case,
  tune: Tune,
  signal?: AbortSignal,
  flush?: CacheFlush,
): Promise<KernelRow> {
  const buffers: Record<string, DeviceBuffer> = {};
  try {
    const before: Arrays = {};
    for (const [name, { length, content }] of Object.entries(of.buffers)) {
      buffers[name] = device.allocate(length, `${of.name}: ${name}`);
      before[name] = contentOf(content, length, name, of);
      device.write(buffers[name], before[name]);
    }
    await watch.settle();

    const aliases = Object.entries(of.aliases ?? {}).map(([alias, name]) => [alias, buffers[name]]);
    const args = { ...of.scalars, ...buffers, ...Object.fromEntries(aliases) };
    const enqueue = () => (device[of.kernel] as (args: unknown) => void)(args);
    await tune(device, enqueue);
    const start = performance.now();
    enqueue();
    await watch.settle();
    const first = (performance.now() - start) / 1000;

    const after: Arrays = {};
    for (const name of outputs(of)) after[name] = await device.read(buffers[name]);
    const { error, checked } = checkCase(of, before, after);
    const seconds = await watch.time(enqueue, signal), plan = planNamed(device, of);
    const coldSeconds = flush && (await flush.time(enqueue, watch, signal) ?? null);
    return {
      kernel: of.kernel,
      name: of.name,
      layer: of.layer,
      shape: of.shape,
      flops: of.flops,
      bytes: of.bytes,
      seconds,
      ...coldSeconds !== undefined && { coldSeconds },
      compileSeconds: Math.max(0, first - watch.wait - seconds.median),
      error,
      checked,
      ...plan !== undefined && { plan },
    };
  } finally {
    for (const buffer of Object.values(buffers)) device.release(buffer);
  }
}

/** The initial values of a buffer. */
function contentOf(content: BufferContent, length: number, name: string, of: Case): Float32Array {
  if (content === "output") return new Float32Array(length).fill(NaN);
  if (content === "zero") return new Float32Array(length);
  if (content === "rising") return new Float32Array(Int32Array.from({ length }, (_, i) => i).buffer);
  if (content === "views") return plainViews(length, of.scalars.width as number);
  const values = noise(length, [...name].reduce((sum, letter) => 31 * sum + letter.charCodeAt(0), 7));
  if (content === "positive" || content === "distributions") {
    for (let i = 0; i < length; i++) values[i] = Math.abs(values[i]);
  }
  if (content === "distributions") {
    const classes = of.scalars.classes as number;
    for (let at = 0; at < length; at += classes) {
      const row = values.subarray(at, at + classes), sum = row.reduce((a, b) => a + b);
      row.forEach((value, k) => row[k] = value / sum);
    }
  }
  return values;
}

/** Views that change nothing, [batch, 10], of windows of `width` time steps. */
function plainViews(length: number, width: number): Float32Array {
  const views = new Float32Array(length);
  for (let at = 0; at < length; at += VIEW.length) {
    views[at + VIEW.rate] = views[at + VIEW.warp] = views[at + VIEW.gain] = 1;
    views[at + VIEW.last] = width - 1;
  }
  return views;
}

/** Numbers from -1 to 1 by Marsaglia's xorshift: fast, and random enough for a bench. */
export function noise(length: number, seed: number): Float32Array<ArrayBuffer> {
  const values = new Float32Array(length);
  let state = (seed * 2654435761 | 0) || 1;
  for (let i = 0; i < length; i++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    values[i] = state / 2 ** 31;
  }
  return values;
}
