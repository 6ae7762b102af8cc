/** One run of the bench: opens the device, measures its roof, then each part in turn. */
import type { Precision } from "../kernels/device.ts";
import { type DeviceChoice, openDevice } from "../kernels/open_device.ts";
import { type Case, vggECases } from "../lab/cases.ts";
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

/** What can be measured by itself. */
export const PARTS = ["kernels", "step", "front-end", "forest"] as const;

/** One of them. */
export type Part = typeof PARTS[number];

/** What to measure, and where. */
export interface BenchOptions {
  device: DeviceChoice;
  threads?: number;
  /** What products are of; default: f32. */
  precision?: Precision;
  /** Of VGG-E. */
  width: number;
  /** Segments of a step. */
  batch: number;
  /** The step's: its network, views and averages; default: the paper's, on segments that lie ready. */
  preset?: PresetName;
  /** Parts to measure; all if not said, but kernels alone where `cases` or a filter are given, peers alone with `peers`. */
  only?: readonly Part[];
  /** Only kernels whose name, layer or shape holds this. */
  filter?: string;
  /** Kernels to time instead of VGG-E's. */
  cases?: readonly Case[];
  /** Where Emo-DB is, for the front end. */
  emodb?: string;
  /** Whether to run other libraries too; a device: only those that run beside it. */
  peers?: boolean | "cpu" | "webgpu";
  /** How EPR's kernels are tuned beside peers, which run in a program of their own; `quick` if not said. */
  tunePeers?: PeersOptions["tune"];
  /** Lets a device choose how it computes what `work` enqueues, before that is timed. */
  tune?: Tune;
  /** Few samples: a smoke test. */
  quick: boolean;
  /** Hears how many rows are done, of how many. */
  onProgress?: (done: number, total: number) => void;
  /** Hears what each work of each peer gave. */
  onPeer?: (what: string) => void;
  /** Aborts. */
  signal?: AbortSignal;
}

/** Classes of the network: the seven emotions of Emo-DB. */
export const CLASSES = 7;

/** Measures what the options ask for. Throws an Error where the filter leaves no kernel, or the device fails. */
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

  // on a device of its own, so that its memory is all the step's
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
    for (const one of cases) {
      results.kernels.push(await benchKernel(device, watch, one, tune, signal));
      if (results.kernels.length % 6 === 0) await roof.glance();
      progress();
    }
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
    return { ...results, peaks: roof.peaks, machine: { ...machine, load: [machine.load[0], loadNow()] } };
  } finally {
    device.close();
  }
}
