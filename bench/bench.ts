/** One run of the bench: opens the device, measures its peaks, then runs each part. */
import type { Precision } from "../kernels/device.ts";
import { type DeviceChoice, openDevice } from "../kernels/open_device.ts";
import { WebGpuDevice } from "../kernels/webgpu/mod.ts";
import { type Case, vggECases } from "../lab/cases.ts";
import { CacheFlush } from "../lab/cold.ts";
import { datasheetShares } from "../lab/datasheet.ts";
import { benchKernel } from "../lab/kernels.ts";
import { Roof } from "../lab/peaks.ts";
import { type BenchResults, SCHEMA, type StepResult } from "../lab/results.ts";
import { benchStep } from "../lab/step.ts";
import { BUDGETS, Stopwatch } from "../lab/timing.ts";
import type { Tune } from "../lab/tuning.ts";
import { type PresetName, PRESETS } from "../refinery/presets.ts";
import { benchForest } from "./forest.ts";
import { benchFrontEnd } from "./front_end.ts";
import { describeMachine, loadNow } from "./machine.ts";
import type { PeersOptions } from "./peers/peer.ts";

/** The parts that can be measured separately. */
export const PARTS = ["kernels", "step", "front-end", "forest"] as const;

/** The name of a part. */
export type Part = typeof PARTS[number];

/** What to measure, and on which device. */
export interface BenchOptions {
  device: DeviceChoice;
  threads?: number;
  /** Precision of the products; default: f32. */
  precision?: Precision;
  /** Width of the VGG-E. */
  width: number;
  /** Segments per step. */
  batch: number;
  /** Preset of the step: its network, views and averages; default: the paper's network, on prepared segments. */
  preset?: PresetName;
  /** Parts to measure; default: all, but only kernels with `cases` or a filter, and only peers with `peers`. */
  only?: readonly Part[];
  /** Selects kernels whose name, layer or shape contains this text. */
  filter?: string;
  /** Kernels to time instead of those of VGG-E. */
  cases?: readonly Case[];
  /** Whether to time kernels with cold caches too. */
  cold?: boolean;
  /** Folder of Emo-DB, for the front end. */
  emodb?: string;
  /** Whether to run other libraries too; given a device, only those comparable with it. */
  peers?: boolean | "cpu" | "webgpu";
  /** Tuning of EPR's kernels beside peers, which run in a separate program; default: `quick`. */
  tunePeers?: PeersOptions["tune"];
  /** Lets a device choose its kernels for the operations that `work` enqueues, before timing. */
  tune?: Tune;
  /** Takes few samples: a smoke test. */
  quick: boolean;
  /** Receives the number of finished rows, and the total. */
  onProgress?: (done: number, total: number) => void;
  /** Receives the result of each task of each peer. */
  onPeer?: (what: string) => void;
  /** Aborts the run. */
  signal?: AbortSignal;
}

/** Number of classes: the seven emotions of Emo-DB. */
export const CLASSES = 7;

/** Runs the requested measurements. Throws an Error if the filter matches no kernel, or the device fails. */
export async function runBench(options: BenchOptions): Promise<BenchResults> {
  const { width, batch, quick, signal, filter, onProgress = () => {}, tune = async () => {} } = options;
  const parts = options.only ??
    (options.peers ? [] : options.cases || filter !== undefined ? ["kernels" as const] : PARTS);
  const settings = { width, batch, classes: CLASSES, quick };
  const presetSettings = options.preset && PRESETS[options.preset];
  const budget = quick ? BUDGETS.quick : BUDGETS.usual;
  const cases = parts.includes("kernels")
    ? (options.cases ?? vggECases(settings)).filter(({ name, layer, shape }) =>
      name === "no-op" || filter === undefined || `${name} ${layer} ${shape}`.includes(filter)
    )
    : [];
  if (parts.includes("kernels") && !cases.some(({ name }) => name !== "no-op")) {
    throw new Error(
      `--filter: expected part of a kernel's name, layer or shape, found "${filter}"; without --filter all are measured`,
    );
  }
  const total = cases.length + parts.length + 2;
  let done = 0;
  const progress = () => onProgress(done++, total);
  progress();

  // on a separate device, so that its memory counts the step alone
  let step: StepResult | undefined;
  if (parts.includes("step")) {
    const own = await openDevice(options);
    try {
      step = await benchStep(
        own,
        await Stopwatch.start(own, budget),
        { ...settings, settings: presetSettings },
        tune,
        signal,
      );
    } finally {
      own.close();
    }
    progress();
  }

  const start = performance.now();
  const device = await openDevice(options);
  const openSeconds = (performance.now() - start) / 1000;
  try {
    const machine = await describeMachine(device);
    const watch = await Stopwatch.start(device, budget);
    const roof = await Roof.open(device, watch, quick);
    await roof.measure();
    progress();
    const results: BenchResults = {
      schema: SCHEMA,
      date: new Date().toISOString(),
      machine,
      settings,
      openSeconds,
      peaks: roof.peaks,
      kernels: [],
      step,
      tasks: [],
      peers: [],
    };
    const flush = options.cold ? new CacheFlush(device, quick ? 2 ** 20 : undefined) : undefined;
    for (const one of cases) {
      results.kernels.push(await benchKernel(device, watch, one, tune, signal, flush));
      if (results.kernels.length % 6 === 0) await roof.glance();
      progress();
    }
    flush?.close();
    if (parts.includes("front-end")) {
      results.tasks.push(...await benchFrontEnd({ budget, quick, emodb: options.emodb, threads: options.threads }));
      progress();
    }
    signal?.throwIfAborted();
    if (parts.includes("forest")) {
      results.tasks.push(...await benchForest(budget, quick, options.threads));
      progress();
    }
    if (options.peers) {
      const { benchPeers } = await import("./peers.ts");
      const beside = options.peers === true ? undefined : options.peers;
      const { threads, onPeer: onProgress, tunePeers = "quick" } = options;
      results.peers = await benchPeers({ threads, beside, tune: tunePeers, quick }, { onProgress, signal });
    }
    await roof.measure();
    await roof.close();
    progress();
    const { peaks } = roof;
    const datasheet = device instanceof WebGpuDevice ? datasheetShares(device.adapterName, peaks) : undefined;
    return { ...results, peaks, datasheet, machine: { ...machine, load: [machine.load[0], loadNow()] } };
  } finally {
    device.close();
  }
}
