/** The bench in a page: the cases, the stopwatch and the checks of `deno task bench`, and its ladder. */
import type { Tune } from "../../bench/bench.ts";
import { vggECases } from "../../bench/cases.ts";
import { benchKernel } from "../../bench/kernels.ts";
import { climbLadder, type LadderRow } from "../../bench/ladder.ts";
import type { KernelRow, Peaks } from "../../bench/results.ts";
import { BUDGETS, Stopwatch } from "../../bench/timing.ts";
import type { Device } from "../../kernels/device.ts";
import { WebGpuDevice } from "../../kernels/webgpu/device.ts";
import type { News } from "./protocol.ts";
import { PageRoof } from "./roof.ts";

/** What a bench gives. */
export interface BenchResult {
  date: string;
  device: string;
  description: string;
  browser: string;
  width: number;
  batch: number;
  peaks?: Peaks;
  kernels: KernelRow[];
  ladder: LadderRow[];
}

/** Segments of a step, and classes. */
const BATCH = 32, CLASSES = 7;

/** Measures kernels, or climbs the ladder. Throws the signal's reason where it is stopped. */
export async function bench(
  device: Device,
  what: "kernels" | "ladder",
  width: number,
  signal: AbortSignal,
  tell: (news: News) => void,
): Promise<BenchResult> {
  const result: BenchResult = {
    date: new Date().toISOString(),
    device: device.kind,
    description: device.description,
    browser: navigator.userAgent,
    width,
    batch: BATCH,
    kernels: [],
    ladder: [],
  };
  const tune: Tune = async (device, work) => {
    if (device instanceof WebGpuDevice && !device.software) await device.tune(work, { signal });
  };
  if (what === "ladder") {
    const { adapter, rows } = await climbLadder({ tune, signal });
    return { ...result, device: "webgpu", description: adapter, ladder: rows };
  }
  const watch = await Stopwatch.start(device, BUDGETS.quick);
  const cases = vggECases({ width, batch: BATCH, classes: CLASSES }), total = cases.length + 1;
  const roof = await PageRoof.open(device, watch);
  try {
    await roof.measure();
    tell({ news: "benchRow", row: undefined, done: 1, total });
    for (const one of cases) {
      signal.throwIfAborted();
      const row = await benchKernel(device, watch, one, tune, signal);
      result.kernels.push(row);
      tell({ news: "benchRow", row, done: result.kernels.length + 1, total });
      await new Promise((resolve) => setTimeout(resolve, 0)); // so that a stop is heard
    }
    await roof.measure();
    return { ...result, peaks: roof.peaks };
  } finally {
    roof.close();
  }
}
