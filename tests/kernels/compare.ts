/** Runs one kernel call on a device and compares its outputs with expected values. */
import { assert, assertEquals } from "@std/assert";
import type { Device, DeviceBuffer } from "../../kernels/device.ts";
import { SIGNATURES } from "../../kernels/methods.ts";
import type { KernelName } from "../../kernels/table.ts";
import { reference } from "../../kernels/reference.ts";

/**
 * The buffers that a kernel overwrites, and those that it updates: buffers that it reads (Adam's weights) are not
 * filled with NaN first.
 */
export function outputsOf(kernel: KernelName): { written: string[]; updated: string[] } {
  const named = (use: string) => SIGNATURES[kernel].buffers.filter((one) => one.use === use).map(({ name }) => name);
  return { written: named("write"), updated: named("update") };
}

/** Arguments of a kernel with plain arrays for its buffers; for outputs only the length matters. */
export type PlainArgs = Record<string, number | boolean | undefined | readonly number[] | Float64Array | Int32Array>;

const isArray = (value: unknown): value is Float64Array | Int32Array => ArrayBuffer.isView(value);

/** Runs `device[kernel]` on copies of the arrays and returns all outputs. */
export async function runOn(
  device: Device,
  kernel: KernelName,
  args: PlainArgs,
): Promise<Record<string, Float32Array>> {
  const { written, updated } = outputsOf(kernel);
  const buffers = new Map<string, DeviceBuffer>();
  for (const [name, value] of Object.entries(args)) {
    if (!isArray(value)) continue;
    const buffer = device.allocate(value.length, `${kernel} ${name}`);
    buffers.set(name, buffer);
    if (written.includes(name)) device.write(buffer, new Float32Array(value.length).fill(NaN));
    else device.write(buffer, value instanceof Int32Array ? value : new Float32Array(value));
  }
  const bound = Object.fromEntries(Object.entries(args).map(([name, value]) => [name, buffers.get(name) ?? value]));
  (device[kernel] as (args: unknown) => void)(bound);
  const outputs: Record<string, Float32Array> = {};
  for (const name of [...written, ...updated]) outputs[name] = await device.read(buffers.get(name)!);
  for (const buffer of buffers.values()) device.release(buffer);
  return outputs;
}

/** The same outputs from the definition. */
export function define(kernel: KernelName, args: PlainArgs): Record<string, Float64Array> {
  const copies = Object.fromEntries(Object.entries(args).map(([name, v]) => [name, isArray(v) ? v.slice() : v]));
  (reference[kernel] as (args: unknown) => void)(copies);
  const { written, updated } = outputsOf(kernel);
  return Object.fromEntries([...written, ...updated].map((name) => [name, copies[name] as unknown as Float64Array]));
}

/** Largest difference relative to the largest expected magnitude (at least 1e-30); NaN counts as infinite. */
export function relativeError(found: ArrayLike<number>, expected: ArrayLike<number>): number {
  assertEquals(found.length, expected.length, "length");
  let worst = 0, largest = 1e-30;
  for (let i = 0; i < expected.length; i++) {
    const error = Math.abs(found[i] - expected[i]);
    worst = error <= worst ? worst : Number.isNaN(error) ? Infinity : error; // NaN fails every comparison
    largest = Math.max(largest, Math.abs(expected[i]));
  }
  return worst / largest;
}

/** Fails if an output differs from the expected one by more than `tolerance` of its largest value. */
export function assertClose(
  found: Record<string, ArrayLike<number>>,
  expected: Record<string, ArrayLike<number>>,
  tolerance: number,
  what: string,
): void {
  for (const [name, values] of Object.entries(expected)) {
    const error = relativeError(found[name], values);
    assert(error <= tolerance, `${what}: ${name} is off by ${error.toExponential(2)} of its largest value`);
  }
}
