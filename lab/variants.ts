/**
 * `deno task bench --variants`: every way in which this GPU could compute a product, measured: all variants that suit such an adapter, with
 * several numbers of parts, directly and by Winograd's algorithm. It shows what the tuner chooses from, and whether the model that orders
 * its short list is right on this adapter.
 *
 * Every plan is compared with the definition before it is timed. Times are the GPU's own, by timestamps, the fastest of a few runs.
 */
import { OptionError } from "../base/option_error.ts";
import type { Precision } from "../kernels/device.ts";
import { createWebGpuDevice, findAdapter, type Plan, type WebGpuDevice } from "../kernels/webgpu/mod.ts";
import { modelOf, plansFor } from "../kernels/webgpu/plan.ts";
import { formatTable } from "../report/table.ts";
import type { Case } from "./cases.ts";
import { describePlan, productOf } from "./counted.ts";
import { type Arrays, checkCase } from "./definition.ts";
import { noise } from "./kernels.ts";
import { fastestCall } from "./ladder.ts";
import { digits, duration } from "./show.ts";

/** A measured plan. */
export interface VariantRow {
  /** The kernel's purpose and its shape. */
  name: string;
  shape: string;
  /** Its variant, algorithm and number of parts. */
  plan: string;
  /** Its place in the model's order, from 1; 1 is what `--tune off` takes. */
  place: number;
  /** Seconds per call. */
  seconds: number;
  /** Operations per call, by the definition. */
  flops: number;
  /** Largest difference from the definition over its largest value. */
  error: number;
}

/** Options of {@link raceVariants}. */
export interface VariantOptions {
  precision?: Precision;
  /** Receives the number of plans measured so far, and the total. */
  onProgress?: (done: number, total: number) => void;
  /** Aborts the run. */
  signal?: AbortSignal;
}

/**
 * Measures all plans of the cases that are products, the fastest of each case first.
 *
 * @throws {OptionError} if none of the cases is a product; Error if there is no adapter
 */
export async function raceVariants(
  cases: readonly Case[],
  options: VariantOptions = {},
): Promise<{ adapter: string; rows: VariantRow[] }> {
  const products = cases.filter((of) => productOf(of) !== undefined);
  if (products.length === 0) {
    throw new OptionError({
      option: "variants",
      required: "a convolution or a matrix product among the shapes",
      found: "none",
    });
  }
  const { precision, onProgress = () => {}, signal } = options, found = await findAdapter();
  let asked: Plan[] = [], chosen: Plan | undefined;
  const device = await createWebGpuDevice({
    ...{ adapter: found?.adapter, allowSoftware: true, precision },
    planner: (product) => {
      asked = plansFor(product, model, (variant) => device.lacks(variant) === undefined);
      return chosen ?? asked[0];
    },
  });
  const model = modelOf({ software: device.software, vendor: found?.adapter.info.vendor ?? "" });
  try {
    const plans = products.map((of) => {
      const { run, release } = prepare(device, of);
      device.rehearse(run); // asks for a plan
      release();
      return asked;
    });
    const total = plans.reduce((sum, { length }) => sum + length, 0), rows: VariantRow[] = [];
    for (const [i, of] of products.entries()) {
      const { run, check, release } = prepare(device, of), ofCase: VariantRow[] = [];
      try {
        for (const [j, plan] of plans[i].entries()) {
          signal?.throwIfAborted();
          chosen = plan;
          const error = await check(), seconds = await fastestCall(device, run, signal);
          const text = describePlan({ ...plan, variant: plan.variant.name });
          ofCase.push({ name: of.name, shape: of.shape, plan: text, place: j + 1, seconds, flops: of.flops, error });
          onProgress(rows.length + ofCase.length, total);
        }
      } finally {
        chosen = undefined;
        release();
      }
      rows.push(...ofCase.sort((a, b) => a.seconds - b.seconds));
    }
    return { adapter: device.description, rows };
  } finally {
    device.close();
  }
}

/** A case's buffers, filled with noise: enqueues it, compares its results with the definition, releases the buffers. */
function prepare(device: WebGpuDevice, of: Case) {
  const contents = Object.entries(of.buffers);
  const before: Arrays = Object.fromEntries(contents.map(([name, { length, content }], i) => [
    name,
    content === "output" ? new Float32Array(length).fill(NaN) : noise(length, i + 1),
  ]));
  const buffers = Object.fromEntries(contents.map(([name, { length }]) => [name, device.allocate(length, name)]));
  for (const name in buffers) device.write(buffers[name], before[name]);
  const outputs = contents.filter(([, { content }]) => content === "output").map(([name]) => name);
  const run = () => (device[of.kernel] as (args: unknown) => void)({ ...of.scalars, ...buffers });
  return {
    run,
    async check(): Promise<number> {
      for (const name of outputs) device.fill({ x: buffers[name], length: buffers[name].length, value: NaN });
      run();
      const after: Arrays = {};
      for (const name of outputs) after[name] = await device.read(buffers[name]);
      return checkCase(of, before, after).error;
    },
    release() {
      for (const name in buffers) device.release(buffers[name]);
    },
  };
}

/** The table of `--variants`. */
export function describeVariants({ adapter, rows }: { adapter: string; rows: readonly VariantRow[] }): string {
  const table = formatTable(
    ["kernel", "shape", "plan", "time", "GFLOP/s", "of the fastest", "model's place", "error"],
    rows.map((row) => {
      const { name, shape, plan, place, seconds, flops, error } = row;
      const best = rows.find((other) => other.name === name && other.shape === shape)!;
      const share = `${(100 * best.seconds / seconds).toFixed(0)} %`;
      return [
        name,
        shape,
        plan,
        duration(seconds),
        digits(flops / seconds / 1e9),
        share,
        place,
        error.toExponential(1),
      ];
    }),
  );
  return `adapter    ${adapter}\n\n${table}`;
}
