/** The options of `predict`, and which of them can be combined. */
import { InvalidArgumentError } from "commander";
import type { LabelFormat } from "../report/label_files.ts";
import { UsageError } from "./common.ts";
import type { ModelFlags } from "./model_option.ts";
import type { Channels } from "./recordings.ts";

/** The parsed options. */
export interface PredictFlags extends ModelFlags {
  top: number;
  profile?: boolean;
  json?: boolean;
  csv?: boolean;
  format?: LabelFormat;
  out?: string;
  arrow?: string;
  svg?: string;
  segmentHop?: number;
  pad?: boolean;
  channel?: Channels;
  all?: boolean;
  live?: boolean;
  explain?: boolean;
}

/** Parses `--channel`. */
export function channelOption(value: string): Channels {
  const named = { left: 0, right: 1, each: "each" } as const;
  if (Object.hasOwn(named, value)) return named[value as keyof typeof named];
  const channel = /^\d{1,3}$/.test(value) ? Number(value) : 0;
  if (channel >= 1) return channel - 1;
  throw new InvalidArgumentError(`Expected left, right, each or a number from 1, found "${value}".`);
}

/** Pairs of options whose output excludes each other. */
const APART: readonly [keyof PredictFlags, keyof PredictFlags][] = [
  ["json", "csv"],
  ["format", "json"],
  ["format", "csv"],
  ["format", "profile"],
  ["explain", "csv"],
];

/** Throws a {@link UsageError} if options contradict each other. @param names the recordings on the command line */
export function checkUsage(flags: PredictFlags, names: readonly string[]): void {
  const { device, threads, channel, svg, format, out } = flags;
  if (names.length === 0) {
    throw new UsageError("Expected a recording, a folder of recordings, or - for standard input; found none");
  }
  if (names.filter((name) => name === "-").length > 1) throw new UsageError("Standard input (-) can be read only once");
  for (const [one, other] of APART) {
    if (flags[one] && flags[other]) throw new UsageError(`--${one} and --${other} exclude each other`);
  }
  if (flags.live) {
    if (names.length !== 1 || names[0] !== "-") {
      throw new UsageError("--live reads only standard input: expected the one argument -");
    }
    const other = (["json", "profile", "format", "arrow", "svg", "pad", "explain"] as const).find((name) =>
      flags[name]
    );
    if (other) throw new UsageError(`--live and --${other} exclude each other: --live prints one line each second`);
    if (channel === "each") throw new UsageError("--live requires one channel, found --channel each");
  }
  if (flags.explain && flags.decide === "mean") {
    throw new UsageError("--explain requires --decide forest, found --decide mean; --profile prints the probabilities");
  }
  if (flags.explain && format !== undefined && out === undefined) {
    throw new UsageError("--explain and --format both print to stdout: write the labels to files with --out DIR");
  }
  if (out !== undefined && format === undefined) throw new UsageError("--out requires --format, the kind of labels");
  if (channel === "each") {
    if (svg !== undefined) throw new UsageError("--svg requires one channel, found --channel each");
    if (format !== undefined && out === undefined) {
      throw new UsageError(
        "--format requires one channel, found --channel each; --out DIR writes a file for each",
      );
    }
  }
  if (threads !== undefined && device === "webgpu") {
    throw new UsageError("--threads requires the cpu device, found --device webgpu");
  }
}
