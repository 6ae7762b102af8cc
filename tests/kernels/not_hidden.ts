/**
 * Sends a NaN through every ReLU and every pool: it must come out, otherwise no report names the step at which a
 * network broke.
 */
import type { Device } from "../../kernels/device.ts";
import { Random } from "../../kernels/random.ts";
import type { KernelName } from "../../kernels/table.ts";
import { define, outputsOf, type PlainArgs, runOn } from "./compare.ts";

/** Every kernel with a ReLU, or a max pool, with a NaN in its input; sums are long enough to be split. */
export function nanCalls(): [kernel: KernelName, args: PlainArgs][] {
  const r = new Random(8);
  const numbers = (length: number, nan?: number) =>
    Float64Array.from({ length }, (_, i) => i === nan ? NaN : Math.fround(r.normal()));
  const calls: [KernelName, PlainArgs][] = [];
  for (const channels of [8, 3, 32]) { // 32: what Winograd's algorithm takes on a GPU
    const shape = { batch: 1, height: 4, width: 4, channelsIn: channels, channelsOut: channels };
    const x = numbers(16 * channels, 5), weights = numbers(9 * channels ** 2), bias = numbers(channels);
    calls.push(["conv2d", { ...shape, x, weights, bias, y: numbers(16 * channels), relu: true }]);
    const [a, b] = [numbers(8 * 4 * channels, 7), numbers(4 * channels * channels)];
    const sizes = { m: 8, n: channels, k: 4 * channels };
    calls.push(["matmul", { ...sizes, a, b, bias, c: numbers(8 * channels), relu: true }]);
  }
  calls.push(["relu", { x: numbers(70, 66), y: numbers(70), length: 70 }]);
  const batchNorm = { x: numbers(30, 17), moments: numbers(12).map(Math.abs), gamma: numbers(6), beta: numbers(6) };
  calls.push(["normalise", { ...batchNorm, y: numbers(30), rows: 5, columns: 6, epsilon: 1e-3, relu: true }]);
  for (const nan of [0, 1, 4, 5]) { // each position in a window
    calls.push(["maxPool", { batch: 1, height: 4, width: 4, channels: 1, x: numbers(16, nan), y: numbers(4) }]);
  }
  return calls;
}

/**
 * Values that are NaN by the definition but not on the device, or the reverse; empty if all is well. Winograd's convolution adds a
 * tile's values before it multiplies, so there a NaN may spread over the tile.
 */
export async function hiddenNaNs(device: Device): Promise<string[]> {
  const failures: string[] = [];
  for (const [kernel, args] of nanCalls()) {
    const { written: [output] } = outputsOf(kernel);
    const expected = define(kernel, args)[output], found = (await runOn(device, kernel, args))[output];
    if (!expected.some(Number.isNaN)) failures.push(`${kernel}: the definition hides it`);
    expected.forEach((value, i) => {
      const [wanted, is] = [value, found[i]].map(Number.isNaN);
      if (wanted ? !is : is && kernel !== "conv2d") {
        failures.push(`${kernel} ${output}[${i}]: expected ${value}, found ${found[i]}`);
      }
    });
  }
  return failures;
}
