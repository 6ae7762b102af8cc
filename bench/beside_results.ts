/** EPR beside other frameworks, as `bench --pytorch --json` writes it; `docs/benchmarking.md` describes every field. */
import * as v from "valibot";
import { FileError } from "../base/file_error.ts";
import type { Spread } from "../lab/timing.ts";
import { faultOf } from "../runs/stored.ts";
import type { ActivationLayout } from "./rival.ts";

/** Changes when a field changes its meaning or is removed; new fields do not change it. */
export const BESIDE_SCHEMA = "epr-beside/1";

/** Times of one network in both frameworks, in seconds a step. */
export interface BesideRow {
  width: number;
  /** Segments of a step. */
  batch: number;
  batchNorm: boolean;
  what: "training" | "forward";
  epr: Spread;
  /** The other framework, with its version; on CUDA also with precision and layout. */
  beside: string;
  /** On CUDA: whether products may round their operands to TF32's 11 bits. */
  tf32?: boolean;
  /** On CUDA: the layout of the activations. */
  layout?: ActivationLayout;
  theirs: Spread;
  /** Their median time by EPR's: above 1, EPR is faster. */
  ratio: number;
}

/** All rows, and what they were measured on. */
export interface BesideResults {
  /** {@link BESIDE_SCHEMA} */
  schema: string;
  date: string;
  processor: string;
  /** EPR's device. */
  device: string;
  /** The GPU of the other framework, with the versions of its libraries. */
  gpu?: string;
  threads: number;
  /** Load average of the machine's last minute, before the first row. */
  load: number;
  rows: BesideRow[];
}

const finite = v.pipe(v.number(), v.finite("a finite number"));
const spread = v.looseObject({ median: finite, lower: finite, upper: finite, count: finite });

/** Unknown fields are allowed. */
const RESULTS = v.looseObject({
  schema: v.literal(BESIDE_SCHEMA),
  date: v.string(),
  processor: v.string(),
  device: v.string(),
  gpu: v.optional(v.string()),
  threads: finite,
  load: finite,
  rows: v.array(v.looseObject({
    width: finite,
    batch: finite,
    batchNorm: v.boolean(),
    what: v.picklist(["training", "forward"]),
    epr: spread,
    beside: v.string(),
    tf32: v.optional(v.boolean()),
    layout: v.optional(v.picklist(["nchw", "channels_last"])),
    theirs: spread,
    ratio: finite,
  })),
});

/**
 * Checks that a value is such a result; unknown fields are allowed.
 *
 * @param from the document's name in errors, e.g. its file
 * @throws {FileError} with the field, what was expected and what was found
 */
export function parseBeside(value: unknown, from: string): BesideResults {
  const fault = faultOf(value, RESULTS);
  if (fault) throw new FileError({ file: from, ...fault });
  return value as BesideResults;
}
