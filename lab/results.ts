/**
 * What a bench found, as `--json` writes it: `docs/benchmarking.md` tells it field by field. Times are seconds, rates are
 * operations or bytes a second, errors and shares fractions of 1.
 */
import * as v from "valibot";
import { faultOf } from "../runs/stored.ts";
import type { Spread } from "./timing.ts";

/** Changes when a field changes its meaning or goes; new fields do not change it. */
export const SCHEMA = "epr-bench/1";

/** Where it was measured. */
export interface Machine {
  /** Its name, as the system gives it. */
  processor: string;
  /** Logical ones. */
  processors: number;
  /** Bytes. */
  memory: number;
  /** Name, release and architecture. */
  system: string;
  /** cpu or webgpu. */
  device: string;
  /** Threads and instruction set, or the adapter. */
  description: string;
  /** The GPU's driver, where the system tells. */
  driver?: string;
  /** Deno's version. */
  deno: string;
  /** V8's version. */
  v8: string;
  /** The system's load over one minute, before and after: above the number of threads, others were at work too. */
  load: [before: number, after: number];
}

/** The machine's roof. */
export interface Peaks {
  /** Multiply-adds in registers, operations a second. */
  flops: Spread;
  /** Copied bytes a second, read and written ones together. */
  bytes: Spread;
}

/** One kernel on one shape. */
export interface KernelRow {
  /** Of the kernel set. */
  kernel: string;
  /** What it does. */
  name: string;
  /** The layers it stands for; empty outside a network. */
  layer: string;
  /** Its sizes. */
  shape: string;
  /** Operations of a call, by the definition. */
  flops: number;
  /** Bytes that must move in a call. */
  bytes: number;
  /** Seconds of a call. */
  seconds: Spread;
  /** Seconds that the very first call took longer. */
  compileSeconds: number;
  /** Largest difference from the definition over its largest value. */
  error: number;
  /** Of which part of the result. */
  checked: string;
  /** By which plan a GPU computed it, where it is a product: the variant, and the parts along k where there are several. */
  plan?: string;
}

/** A training step. */
export interface StepResult {
  /** Seconds of a step. */
  seconds: Spread;
  /** Segments a second. */
  segmentsPerSecond: Spread;
  /** Segments a second of the forward pass alone. */
  forwardSegmentsPerSecond: Spread;
  /** Operations of a step, by the definition. */
  flops: number;
  /** Bytes of the device's memory that it takes. */
  memory: number;
  /** The step's calls, kernel by kernel: how many, their seconds, their share of the step. */
  shares: { kernel: string; calls: number; seconds: number; share: number }[];
  /** What is left of the step, as a share; may be under zero by noise. */
  overhead: number;
}

/** Something that is not a kernel. */
export interface TaskRow {
  /** What was done. */
  name: string;
  /** On what. */
  shape: string;
  /** Seconds it took. */
  seconds: Spread;
  /** How much was done a second. */
  rate: number;
  /** Of what, e.g. "times real time". */
  unit: string;
}

/** The same work by EPR and by another library, in turn. */
export interface PeerRow {
  /** What was done. */
  name: string;
  /** On what. */
  shape: string;
  /** E.g. "tfjs wasm". */
  peer: string;
  /** Seconds that EPR took. */
  epr?: Spread;
  /** Seconds that the other took. */
  seconds?: Spread;
  /** The other's median over EPR's: above 1, EPR is faster. */
  ratio?: number;
  /** Why there is none: the other's own words. */
  cannot?: string;
}

/** One document. */
export interface BenchResults {
  /** {@link SCHEMA} */
  schema: string;
  /** When, ISO 8601. */
  date: string;
  machine: Machine;
  /** What was asked for. */
  settings: { width: number; batch: number; classes: number; quick: boolean };
  /** Seconds until the device was ready: threads, assembling or the adapter. */
  openSeconds: number;
  peaks: Peaks;
  kernels: KernelRow[];
  step?: StepResult;
  tasks: TaskRow[];
  peers: PeerRow[];
}

const finite = v.pipe(v.number(), v.finite("a finite number"));
const spread = v.looseObject({ median: finite, lower: finite, upper: finite, count: finite });

/** Fields that it does not know may be there. */
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
  kernels: v.array(v.looseObject({
    kernel: v.string(),
    name: v.string(),
    layer: v.string(),
    shape: v.string(),
    flops: finite,
    bytes: finite,
    seconds: spread,
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
 * Checks that a value is a result; fields that the schema does not know may be there.
 *
 * @param from what errors call the document, e.g. its file
 * @throws {TypeError} that names the field, what was expected and what was found
 */
export function parseResults(value: unknown, from: string): BenchResults {
  const fault = faultOf(value, RESULTS);
  if (fault !== undefined) throw new TypeError(`${from}: ${fault}`);
  return value as BenchResults;
}
