/**
 * What a bench found, as `--json` writes it: `docs/benchmarking.md` tells it field by field. Times are seconds, rates are
 * operations or bytes a second, errors and shares fractions of 1.
 */
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
export interface Results {
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

type Shape = string | [Shape] | { [field: string]: Shape };

const SPREAD: Shape = { median: "number", lower: "number", upper: "number", count: "number" };
const TASK: Shape = { name: "string", shape: "string", seconds: SPREAD, rate: "number", unit: "string" };
const STEP: Shape = {
  seconds: SPREAD,
  segmentsPerSecond: SPREAD,
  forwardSegmentsPerSecond: SPREAD,
  flops: "number",
  memory: "number",
  shares: [{ kernel: "string", calls: "number", seconds: "number", share: "number" }],
  overhead: "number",
};
// a field with a question mark may be missing
const DOCUMENT: Shape = {
  schema: "string",
  date: "string",
  machine: {
    processor: "string",
    processors: "number",
    memory: "number",
    system: "string",
    device: "string",
    description: "string",
    "driver?": "string",
    deno: "string",
    v8: "string",
    load: ["number"],
  },
  settings: { width: "number", batch: "number", classes: "number", quick: "boolean" },
  openSeconds: "number",
  peaks: { flops: SPREAD, bytes: SPREAD },
  kernels: [{
    kernel: "string",
    name: "string",
    layer: "string",
    shape: "string",
    flops: "number",
    bytes: "number",
    seconds: SPREAD,
    compileSeconds: "number",
    error: "number",
    checked: "string",
    "plan?": "string",
  }],
  "step?": STEP,
  tasks: [TASK],
  peers: [{
    name: "string",
    shape: "string",
    peer: "string",
    "epr?": SPREAD,
    "seconds?": SPREAD,
    "ratio?": "number",
    "cannot?": "string",
  }],
};

/**
 * Holds a value to the schema; fields it does not know may be there.
 *
 * @param from what errors call the document, e.g. its file
 * @throws TypeError that names the field, what was found and what is wanted
 */
export function parseResults(value: unknown, from: string): Results {
  hold(value, DOCUMENT, from, "");
  const { schema } = value as Results;
  if (schema !== SCHEMA) throw new TypeError(`${from}: found the schema "${schema}", wanted "${SCHEMA}"`);
  return value as Results;
}

function hold(value: unknown, shape: Shape, from: string, at: string): void {
  const wrong = (wanted: string) => {
    const found = value === null ? "null" : Array.isArray(value) ? "a list" : typeof value;
    return new TypeError(`${from}: ${at || "the document"} is ${found}, wanted ${wanted}`);
  };
  if (typeof shape === "string") {
    const type: string = typeof value;
    if (type !== shape) throw wrong(`a ${shape}`);
    if (shape === "number" && !Number.isFinite(value)) throw wrong("a finite number");
  } else if (Array.isArray(shape)) {
    if (!Array.isArray(value)) throw wrong("a list");
    value.forEach((element, i) => hold(element, shape[0], from, `${at}[${i}]`));
  } else {
    if (typeof value !== "object" || value === null || Array.isArray(value)) throw wrong("an object");
    for (const [field, inner] of Object.entries(shape)) {
      const name = field.replace("?", ""), found = (value as Record<string, unknown>)[name];
      if (found === undefined && field.endsWith("?")) continue;
      hold(found, inner, from, at ? `${at}.${name}` : name);
    }
  }
}
