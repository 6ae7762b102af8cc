/** The bench in a page: the cases, the stopwatch and the checks of `deno task bench`, and its ladder. */
import type { Tune } from "../../lab/tuning.ts";
import { vggECases } from "../../lab/cases.ts";
import { benchKernel } from "../../lab/kernels.ts";
import { climbLadder, type LadderRow } from "../../lab/ladder.ts";
import type { KernelRow, Peaks } from "../../lab/results.ts";
import { BUDGETS, Stopwatch } from "../../lab/timing.ts";
import type { Device } from "../../kernels/device.ts";
import { findAdapter, WebGpuDevice } from "../../kernels/webgpu/mod.ts";
import type { News } from "./protocol.ts";
import { PageRoof } from "./roof.ts";
import type { Turn } from "./turns.ts";

/** The results of a bench. Times are in seconds, rates per second, errors relative to the largest value. */
export interface BenchResult {
  schema: "epr-page-bench/1";
  date: string;
  device: string;
  description: string;
  browser: string;
  width: number;
  batch: number;
  /** The machine's peaks; undefined for a ladder, or if the bench was stopped before they were measured. */
  peaks?: Peaks;
  kernels: KernelRow[];
  ladder: LadderRow[];
  /** Whether it was stopped early. */
  stopped: boolean;
}

/** Number of classes: the seven emotions of Emo-DB. */
const CLASSES = 7;

/** Segments per step: few enough for calls to be short, so that the user can stop the bench. */
const batchOf = (device: Device, width: number) =>
  device instanceof WebGpuDevice && device.software || width === 1 ? 8 : 32;

/** Edge of the ladder's matrices on a software GPU. */
const SOFTWARE_LADDER = 128;

/** Hooks of a bench. */
interface BenchHooks {
  /** Stops the bench. */
  signal: AbortSignal;
  tell: (news: News) => void;
  /** Its turn at the device, which it passes on between two kernels. */
  turn: Turn;
}

/** Measures kernels, or runs the ladder. If stopped, it returns the results so far. */
export async function bench(
  device: Device,
  what: "kernels" | "ladder",
  width: number,
  hooks: BenchHooks,
): Promise<BenchResult> {
  const result: BenchResult = {
    schema: "epr-page-bench/1",
    date: new Date().toISOString(),
    device: device.kind,
    description: device.description,
    browser: navigator.userAgent,
    width,
    batch: batchOf(device, width),
    kernels: [],
    ladder: [],
    stopped: false,
  };
  try {
    hooks.signal.throwIfAborted();
    await (what === "ladder" ? climb(result, hooks) : timeKernels(device, result, hooks));
  } catch (error) {
    if (!hooks.signal.aborted) throw error;
    result.stopped = true;
  }
  return result;
}

async function climb(result: BenchResult, { signal, tell }: BenchHooks): Promise<void> {
  const found = await findAdapter();
  if (!found) {
    throw new Error(
      "The ladder requires a GPU with WebGPU: this browser has no WebGPU, or no GPU that it may use. " +
        "The kernels can be timed on WebAssembly instead.",
    );
  }
  [result.device, result.description] = ["webgpu", `${found.name}${found.software ? " (software)" : ""}`];
  const onRow = (row: LadderRow, done: number, total: number) => {
    result.ladder.push(row);
    tell({ news: "benchRow", result, done, total });
  };
  await climbLadder({ size: found.software ? SOFTWARE_LADDER : undefined, tune: tuneWith(signal), onRow, signal });
}

async function timeKernels(device: Device, result: BenchResult, { signal, tell, turn }: BenchHooks): Promise<void> {
  const watch = await Stopwatch.start(device, BUDGETS.quick), { kernels } = result;
  const cases = vggECases({ ...result, classes: CLASSES }), total = cases.length + 1;
  const roof = await PageRoof.open(device, watch);
  try {
    await roof.measure();
    result.peaks = roof.peaks;
    tell({ news: "benchRow", result, done: 1, total });
    for (const one of cases) {
      await turn.pass(); // so that a stop, or a recording, is processed
      signal.throwIfAborted();
      kernels.push(await benchKernel(device, watch, one, tuneWith(signal), signal));
      tell({ news: "benchRow", result, done: kernels.length + 1, total });
    }
    await roof.measure();
    result.peaks = roof.peaks;
  } finally {
    roof.close();
    watch.close();
  }
}

/** Lets a GPU choose its kernels; a software GPU would take too long. */
const tuneWith = (signal: AbortSignal): Tune => async (device, work) => {
  if (device instanceof WebGpuDevice && !device.software) await device.tune(work, { signal });
};
