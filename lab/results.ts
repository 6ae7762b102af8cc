/**
 * The results of a bench, as `--json` writes them; `docs/benchmarking.md` describes every field. Times are seconds, rates
 * are operations or bytes per second, errors and shares are fractions of 1.
 */
import { FileError } from "../base/file_error.ts";
import * as v from "valibot";
import { faultOf } from "../runs/stored.ts";
import type { Spread } from "./timing.ts";

/** Changes when a field changes its meaning or is removed; new fields do not change it. */
export const SCHEMA = "epr-bench/1";

/** The machine of the measurement. */
export interface Machine {
  /** Its name according to the system. */
  processor: string;
  /** Number of logical processors. */
  processors: number;
  /** Memory in bytes. */
  memory: number;
  /** Name, release and architecture. */
  system: string;
  /** cpu or webgpu. */
  device: string;
  /** Threads and instruction set, or the adapter. */
  description: string;
  /** The GPU's driver, if the system reports it. */
  driver?: string;
  /** Deno's version. */
  deno: string;
  /** V8's version. */
  v8: string;
  /**
   * The system's load over one minute, before and after: if above the number of threads, other programs were running
   * too.
   */
  load: [before: number, after: number];
}

/** The machine's peaks. */
export interface Peaks {
  /** Multiply-adds in registers, operations per second. */
  flops: Spread;
  /** Copied bytes per second, read and written together. */
  bytes: Spread;
}

/** The GPU's peaks according to its maker, and the measured peaks as shares of them. */
export interface DatasheetShares {
  /** The GPU. */
  name: string;
  /** Operations per second in float32, at the boost clock. */
  flops?: number;
  /** Bytes per second to and from memory. */
  bytes: number;
  /** Units that each do one float32 multiply-add per cycle. */
  lanes?: number;
  /** Boost clock in Hz. */
  boost?: number;
  /** Measured multiply-adds as a share of `flops`. */
  flopsShare?: number;
  /** Copied bytes as a share of `bytes`. */
  bytesShare: number;
  /** The clock in Hz, if every lane did one multiply-add in each cycle: a lower bound. */
  clock?: number;
}

/** One kernel on one shape. */
export interface KernelRow {
  /** The kernel's name in the table. */
  kernel: string;
  /** Its purpose. */
  name: string;
  /** The layers that it represents; empty outside a network. */
  layer: string;
  /** Its sizes. */
  shape: string;
  /** Operations per call, by the definition. */
  flops: number;
  /** Bytes that must move per call. */
  bytes: number;
  /** Seconds per call. */
  seconds: Spread;
  /** With `--cold`: seconds per call with cold caches; null if it was too short beside the flush. */
  coldSeconds?: Spread | null;
  /** Additional seconds of the very first call. */
  compileSeconds: number;
  /** Largest difference from the definition over its largest value. */
  error: number;
  /** The part of the result that was checked. */
  checked: string;
  /** The plan by which a GPU computed a product: the variant, and the number of parts along k if more than one. */
  plan?: string;
}

/** A training step. */
export interface StepResult {
  /** Seconds per step. */
  seconds: Spread;
  /** Segments per second. */
  segmentsPerSecond: Spread;
  /** Segments per second of the forward pass alone. */
  forwardSegmentsPerSecond: Spread;
  /** Operations per step, by the definition. */
  flops: number;
  /** Bytes of device memory that it takes. */
  memory: number;
  /** The step's calls by kernel: their number, their seconds, their share of the step. */
  shares: { kernel: string; calls: number; seconds: number; share: number }[];
  /** The rest of the step, as a share; may be negative because of noise. */
  overhead: number;
}

/** A task other than a kernel. */
export interface TaskRow {
  /** The task. */
  name: string;
  /** Its input. */
  shape: string;
  /** Its duration in seconds. */
  seconds: Spread;
  /** Amount of work per second. */
  rate: number;
  /** Unit of the work, e.g. "times real time". */
  unit: string;
}

/** The same task by EPR and by another library, in turn. */
export interface PeerRow {
  /** The task. */
  name: string;
  /** Its input. */
  shape: string;
  /** E.g. "tfjs wasm". */
  peer: string;
  /** EPR's duration in seconds. */
  epr?: Spread;
  /** The other's duration in seconds. */
  seconds?: Spread;
  /** The other's median divided by EPR's: above 1, EPR is faster. */
  ratio?: number;
  /** The reason for a missing ratio: the other library's message. */
  cannot?: string;
}

/** One document. */
export interface BenchResults {
  /** {@link SCHEMA} */
  schema: string;
  /** Date, ISO 8601. */
  date: string;
  machine: Machine;
  /** The requested settings. */
  settings: { width: number; batch: number; classes: number; quick: boolean };
  /** Seconds until the device was ready: threads, assembling or the adapter. */
  openSeconds: number;
  peaks: Peaks;
  /** Of a GPU whose figures are known (`lab/datasheet.ts`). */
  datasheet?: DatasheetShares;
  kernels: KernelRow[];
  step?: StepResult;
  tasks: TaskRow[];
  peers: PeerRow[];
}

const finite = v.pipe(v.number(), v.finite("a finite number"));
const spread = v.looseObject({ median: finite, lower: finite, upper: finite, count: finite });

/** Unknown fields are allowed. */
const RESULTS = v.looseObject({
  schema: v.literal(SCHEMA),
  date: v.string(),
  machine: v.looseObject({
    processor: v.string(),
    processors: finite,
    memory: finite,
    system: v.string(),
    device: v.string(),
    description: v.string(),
    driver: v.optional(v.string()),
    deno: v.string(),
    v8: v.string(),
    load: v.array(finite),
  }),
  settings: v.looseObject({ width: finite, batch: finite, classes: finite, quick: v.boolean() }),
  openSeconds: finite,
  peaks: v.looseObject({ flops: spread, bytes: spread }),
  datasheet: v.optional(v.looseObject({
    name: v.string(),
    flops: v.optional(finite),
    bytes: finite,
    lanes: v.optional(finite),
    boost: v.optional(finite),
    flopsShare: v.optional(finite),
    bytesShare: finite,
    clock: v.optional(finite),
  })),
  kernels: v.array(v.looseObject({
    kernel: v.string(),
    name: v.string(),
    layer: v.string(),
    shape: v.string(),
    flops: finite,
    bytes: finite,
    seconds: spread,
    coldSeconds: v.optional(v.nullable(spread)),
    compileSeconds: finite,
    error: finite,
    checked: v.string(),
    plan: v.optional(v.string()),
  })),
  step: v.optional(v.looseObject({
    seconds: spread,
    segmentsPerSecond: spread,
    forwardSegmentsPerSecond: spread,
    flops: finite,
    memory: finite,
    shares: v.array(v.looseObject({ kernel: v.string(), calls: finite, seconds: finite, share: finite })),
    overhead: finite,
  })),
  tasks: v.array(
    v.looseObject({ name: v.string(), shape: v.string(), seconds: spread, rate: finite, unit: v.string() }),
  ),
  peers: v.array(v.looseObject({
    name: v.string(),
    shape: v.string(),
    peer: v.string(),
    epr: v.optional(spread),
    seconds: v.optional(spread),
    ratio: v.optional(finite),
    cannot: v.optional(v.string()),
  })),
});

/**
 * Checks that a value is a result; unknown fields are allowed.
 *
 * @param from the document's name in errors, e.g. its file
 * @throws {FileError} with the field, what was expected and what was found
 */
export function parseResults(value: unknown, from: string): BenchResults {
  const fault = faultOf(value, RESULTS);
  if (fault) throw new FileError({ file: from, ...fault });
  return value as BenchResults;
}
