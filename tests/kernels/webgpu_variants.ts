/** Every kernel of the WebGPU device, in each variant of its products, held to the definitions. Runs in Deno and in a page. */
import type { Device } from "../../kernels/device.ts";
import { Random } from "../../kernels/random.ts";
import type { createWebGpuDevice, Plan, Planner, WebGpuOptions } from "../../kernels/webgpu/device.ts";
import { LANES, LARGE_TILE, SMALL_TILE } from "../../kernels/webgpu/plan.ts";
import { define, type KernelName, type PlainArgs, relativeError, runOn } from "./compare.ts";

/** How products are computed: by lanes, by tiles made small for a test, and by the tiles that hardware gets. */
export const VARIANTS = ["lane", "tile", "small tile", "large tile"] as const;
export type Variant = typeof VARIANTS[number];

const TILES = {
  "tile": { TX: 4, TY: 4, TM4: 2, TN4: 2, BK4: 2 },
  "small tile": SMALL_TILE,
  "large tile": LARGE_TILE,
};

/** A planner that always takes one variant, and two parts where a product is long enough for two. */
export function forced(variant: Variant): Planner {
  return ({ k4 }): Plan => {
    const splits = k4 >= 6 ? 2 : 1;
    if (variant === "lane") return { core: "lane", sizes: LANES, splits };
    return { core: "tile", sizes: TILES[variant], splits };
  };
}

const numbers = (r: Random, length: number) => Float64Array.from({ length }, () => Math.fround(r.normal()));

/** Calls whose sizes 4 divides and does not, with every binding and every direction. */
function calls(): [KernelName, PlainArgs][] {
  const r = new Random(5);
  const list: [KernelName, PlainArgs][] = [];
  // cin, cout, and images of which no edge is a whole tile; the last has more than one tile of everything
  for (
    const [cin, cout, batch, height, width] of [[8, 12, 2, 3, 5], [1, 4, 1, 2, 2], [5, 3, 3, 4, 1], [36, 68, 2, 7, 6]]
  ) {
    const shape = { batch, height, width, channelsIn: cin, channelsOut: cout };
    const pixels = batch * height * width;
    const [x, y, w] = [numbers(r, pixels * cin), numbers(r, pixels * cout), numbers(r, 9 * cin * cout)];
    list.push(["conv2d", { ...shape, x, weights: w, bias: numbers(r, cout), y, relu: true }]);
    list.push(["conv2dInputGradient", { ...shape, dy: y, weights: w, dx: x, mask: x }]);
    list.push(["conv2dInputGradient", { ...shape, dy: y, weights: w, dx: x }]);
    list.push(["conv2dWeightGradient", { ...shape, x, dy: y, dWeights: w, dBias: numbers(r, cout) }]);
  }
  for (const [m, n, k] of [[8, 12, 16], [7, 5, 3], [70, 66, 67], [1, 1, 30]]) {
    for (const [transposeA, transposeB] of [[false, false], [true, false], [false, true], [true, true]]) {
      const shape = { m, n, k, transposeA, transposeB, relu: transposeA };
      const [a, b, c] = [numbers(r, m * k), numbers(r, k * n), numbers(r, m * n)];
      const ends = transposeB ? {} : { bias: numbers(r, n), mask: numbers(r, m * n) };
      list.push(["matmul", { ...shape, a, b, c, ...ends }]);
    }
  }
  const pool = { batch: 2, height: 5, width: 7, channels: 3 };
  const [px, py] = [numbers(r, 210).map((v) => Math.max(0, v)), numbers(r, 36)];
  list.push(["maxPool", { ...pool, x: px, y: py }]);
  list.push(["maxPoolGradient", { ...pool, x: px, dy: py, dx: px, mask: px }]);
  list.push(["columnSums", { x: numbers(r, 1000 * 35), sums: numbers(r, 35), rows: 1000, columns: 35 }]);
  list.push(["sum", { x: numbers(r, 9001).map(Math.abs), total: numbers(r, 1), length: 9001 }]);
  const [logits, targets] = [numbers(r, 300 * 6), numbers(r, 300 * 6).map(Math.abs)];
  list.push(["softmax", { logits, probabilities: logits, rows: 300, classes: 6 }]);
  list.push(["softmaxCrossEntropy", {
    ...{ logits, targets, probabilities: logits, dLogits: logits, metrics: numbers(r, 4).fill(0) },
    ...{ rows: 300, classes: 6, count: 290, step: 4 },
  }]);
  const length = 333, [a, b, y] = [1, 2, 3].map(() => numbers(r, length));
  const moments = { m: numbers(r, length), v: numbers(r, length).map(Math.abs) };
  const settings = { rate: 0.01, beta1: 0.9, beta2: 0.999, epsilon: 1e-7 };
  list.push(["adam", { weights: a, gradients: b, ...moments, length, ...settings }]);
  list.push(["dropout", { x: a, y, length, rate: 0.3, key: [1234567890, 4034567890] }]);
  list.push(["fill", { x: y, length, value: 1.5 }], ["copy", { x: a, y, length }], ["add", { a, b, y, length }]);
  list.push(["relu", { x: a, y, length }], ["reluGradient", { dy: a, mask: b, dx: y, length }]);
  const windows = { batch: 3, height: 5, width: 4, mean: 0.5, scale: 2 };
  list.push(["gatherWindows", {
    ...windows,
    series: numbers(r, 50),
    starts: new Int32Array([6, 0, 3]),
    out: numbers(r, 60),
  }]);
  list.push(["gatherRows", {
    ...{ table: numbers(r, 40), rows: new Int32Array([9, 0, 4]), out: numbers(r, 12) },
    ...{ batch: 3, columns: 4 },
  }]);
  return list;
}

/**
 * What each variant is tried on: all kernels once, the products by the two cores, and one product by the tiles for hardware,
 * whose unrolled texts take a software GPU seconds to compile.
 */
function callsOf(variant: Variant): [KernelName, PlainArgs][] {
  const all = calls();
  if (variant === "lane") return all;
  if (variant === "tile") return all.filter(([name]) => name.startsWith("conv") || name === "matmul");
  return all.filter(([name]) => name === "conv2d");
}

/** Makes a device, runs a variant's calls on it and says what differs by more than 1e-5 of a tensor's largest value. */
export async function checkVariant(variant: Variant, create: typeof createWebGpuDevice): Promise<
  { adapter: string; pipelines: number; checks: number; failures: string[] }
> {
  const options: WebGpuOptions = { allowSoftware: true, planner: forced(variant) };
  const device = await create(options);
  const failures: string[] = [];
  const list = callsOf(variant);
  try {
    for (const [kernel, args] of list) {
      const expected = define(kernel, args), found = await runOn(device as Device, kernel, args);
      for (const [name, values] of Object.entries(expected)) {
        const error = relativeError(found[name], values);
        if (!(error <= 1e-5)) {
          failures.push(`${variant}: ${kernel} ${name} of ${JSON.stringify(scalars(args))}: ${error}`);
        }
      }
    }
    return { adapter: device.adapterName, pipelines: device.created.pipelines, checks: list.length, failures };
  } finally {
    device.close();
  }
}

const scalars = (args: PlainArgs) => Object.fromEntries(Object.entries(args).filter(([, v]) => !ArrayBuffer.isView(v)));
