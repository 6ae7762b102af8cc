/**
 * The elementwise kernels at every length that four values a lane, or a workgroup, could get wrong: on buffers that are longer, whose
 * other values must stay. Runs in Deno and in a page.
 */
import type { DeviceBuffer } from "../../kernels/device.ts";
import { SIGNATURES } from "../../kernels/methods.ts";
import { Random } from "../../kernels/random.ts";
import type { KernelName } from "../../kernels/table.ts";
import type { createWebGpuDevice } from "../../kernels/webgpu/mod.ts";
import { define, outputsOf, relativeError } from "./compare.ts";
import { drawCall } from "./draw.ts";
import type { VariantCheck } from "./webgpu_variants.ts";

/** Around four values, a workgroup of 1024 values, and two of them. */
const LENGTHS = [1, 2, 3, 4, 5, 63, 1021, 1023, 1024, 1025, 2050];
/** Values of a buffer beyond the length. */
const BEYOND = 7;

/** The kernels that compute value i of their outputs from value i of their inputs. */
export const ELEMENTWISE = Object.values(SIGNATURES).filter(({ sizes, buffers }) =>
  sizes.length === 1 && sizes[0].name === "length" && buffers.every(({ shape }) => shape.text === "[length]")
);

/** Compares with the definitions. */
export async function checkLengths(create: typeof createWebGpuDevice): Promise<VariantCheck> {
  const device = await create({ allowSoftware: true }), r = new Random(11), failures: string[] = [];
  for (const signature of ELEMENTWISE) {
    const kernel = signature.kernel as KernelName, { written, updated } = outputsOf(kernel);
    for (const length of LENGTHS) {
      const args = drawCall(r, signature);
      args.length = length;
      for (const { name } of signature.buffers) {
        const values = Float64Array.from({ length: length + BEYOND }, () => Math.fround(r.normal()));
        args[name] = name === "v" ? values.map(Math.abs) : values; // Adam's second moments
      }
      const buffers = new Map<string, DeviceBuffer>();
      for (const { name } of signature.buffers) {
        const buffer = device.allocate(length + BEYOND, name);
        device.write(buffer, new Float32Array(args[name] as Float64Array));
        buffers.set(name, buffer);
      }
      (device[kernel] as (args: unknown) => void)({ ...args, ...Object.fromEntries(buffers) });
      const expected = define(kernel, args);
      for (const name of [...written, ...updated]) {
        const found = await device.read(buffers.get(name)!);
        const error = relativeError(found.subarray(0, length), expected[name].subarray(0, length));
        if (!(error <= 1e-5)) failures.push(`${kernel} ${name} of ${length} values: ${error}`);
        const stays = expected[name].subarray(length).every((value, i) => found[length + i] === value);
        if (!stays) failures.push(`${kernel} ${name} of ${length} values: it wrote beyond them`);
      }
      for (const buffer of buffers.values()) device.release(buffer);
    }
  }
  const { pipelines } = device.created;
  device.close();
  return { pipelines, checks: ELEMENTWISE.length * LENGTHS.length, failures };
}
