/**
 * `deno task bench --ladder`: how a matrix product becomes fast on a GPU, step by step (`kernels/wgsl/ladder/`), and the gain of
 * each step on this adapter. The kernels used in training are measured at the same sizes for comparison.
 *
 * Every step is compared with the definition before it is timed. Times are the GPU's own, by timestamps, the fastest of a few
 * runs.
 */
import { createWebGpuDevice, type WebGpuDevice } from "../kernels/webgpu/mod.ts";
import { LADDER, type LadderSizes, type LadderStep, launchStep } from "../kernels/webgpu/ladder.ts";
import { formatTable } from "../report/table.ts";
import type { Tune } from "./tuning.ts";
import { type Case, convCases, matmulCase } from "./cases.ts";
import { type Arrays, checkCase } from "./definition.ts";
import { noise } from "./kernels.ts";
import { digits, duration } from "./show.ts";

/** One row of the table. */
export interface LadderRow {
  /** The step, or the training kernel. */
  name: string;
  /** What it computes. */
  shape: string;
  /** Seconds per call. */
  seconds: number;
  /** Operations per call. */
  flops: number;
  /** Largest difference from the definition over its largest value. */
  error: number;
}

/** Options of the ladder. */
export interface LadderOptions {
  /**
   * Edge of the matrices, and of the convolution's images, pixels by 16: a multiple of 64. Default: 2048, or 256 on a
   * software adapter.
   */
  size?: number;
  /** Lets the device choose its own kernels. */
  tune?: Tune;
  /** Receives each row when it is measured, the number of rows so far, and the total. */
  onRow?: (row: LadderRow, done: number, total: number) => void;
  /** Aborts the run. */
  signal?: AbortSignal;
}

/** Runs the ladder. Throws an Error if there is no adapter, or if a step does not compile. */
export async function climbLadder(options: LadderOptions = {}): Promise<{ adapter: string; rows: LadderRow[] }> {
  const device = await createWebGpuDevice({ allowSoftware: true });
  let done = 0;
  const counted = { ...options, onRow: (row: LadderRow) => options.onRow?.(row, ++done, LADDER.length + 2) };
  try {
    const n = options.size ?? (device.software ? 256 : 2048);
    const conv = convCases([n / 16, 16, 16, 64], 64)[0];
    conv.scalars.relu = false; // the ladder's convolution has no fused ReLU
    const [matmul, convolution] = [LADDER.slice(0, -1), LADDER.slice(-1)];
    const rows = [
      ...await climb(device, matmul, matmulCase(n, n, n), { M: n, N: n, K: n }, counted),
      ...await climb(device, convolution, conv, { HEIGHT: 16, WIDTH: 16, CIN: 64, COUT: 64 }, counted),
    ];
    return { adapter: device.description, rows };
  } finally {
    device.close();
  }
}

/** Measures the steps of one problem, then the device's own kernel. */
async function climb(
  device: WebGpuDevice,
  steps: readonly LadderStep[],
  of: Case,
  sizes: LadderSizes,
  { tune = async () => {}, onRow, signal }: LadderOptions & { onRow: (row: LadderRow) => void },
): Promise<LadderRow[]> {
  const out = steps[0].buffers[2], contents = Object.entries(of.buffers);
  const before: Arrays = Object.fromEntries(contents.map(([name, { length }], i) => [name, noise(length, i + 1)]));
  before.bias?.fill(0);
  const buffers = Object.fromEntries(contents.map(([name, { length }]) => [name, device.allocate(length, name)]));
  for (const name in buffers) device.write(buffers[name], before[name]);

  const row = async (name: string, run: () => void): Promise<LadderRow> => {
    signal?.throwIfAborted();
    device.fill({ x: buffers[out], length: buffers[out].length, value: NaN });
    run();
    const { error } = checkCase(of, before, { [out]: await device.read(buffers[out]) });
    const seconds = await fastestCall(device, run, signal);
    const found = { name, shape: of.shape, seconds, flops: of.flops, error };
    onRow(found);
    return found;
  };
  try {
    const rows: LadderRow[] = [];
    for (const step of steps) rows.push(await row(step.name, () => launchStep(device, step, buffers, sizes)));
    const own = () => (device[of.kernel] as (args: unknown) => void)({ ...of.scalars, ...buffers });
    await tune(device, own);
    rows.push(await row(`EPR: ${of.kernel}`, own));
    return rows;
  } finally {
    for (const name in buffers) device.release(buffers[name]);
  }
}

/** Seconds of the GPU's time per call: the fastest of five batches. Throws the signal's reason if aborted. */
export async function fastestCall(device: WebGpuDevice, run: () => void, signal?: AbortSignal): Promise<number> {
  const once = await device.time(run), calls = Math.max(1, Math.min(100, Math.ceil(0.01 / once)));
  let seconds = Infinity; // one call may be shorter than a tick of the GPU's clock
  for (let i = 0; i < 5; i++) {
    signal?.throwIfAborted();
    seconds = Math.min(seconds, await device.time(() => Array.from({ length: calls }, run)) / calls);
  }
  return seconds;
}

/** The table of `--ladder`. */
export function describeLadder({ adapter, rows }: { adapter: string; rows: readonly LadderRow[] }): string {
  const table = formatTable(
    ["step", "on", "time", "GFLOP/s", "to the step before", "error"],
    rows.map(({ name, shape, seconds, flops, error }, i) => {
      const before = rows[i - 1];
      return [
        name,
        shape,
        duration(seconds),
        digits(flops / seconds / 1e9),
        before ? `${digits(flops / seconds / (before.flops / before.seconds))} x` : "",
        error.toExponential(1),
      ];
    }),
  );
  return `adapter    ${adapter}\n\n${table}`;
}
