/** The output of `bench`: the machine first, then a table for each part. */
import { fraction } from "../base/fraction.ts";
import { formatTable, percent } from "../report/table.ts";
import type { BenchResults, DatasheetShares, KernelRow, Machine, PeerRow, StepResult, TaskRow } from "./results.ts";
import type { Spread } from "./timing.ts";

/** A time for people: "1.234 ms". Four digits. */
export function duration(seconds: number): string {
  const [factor, unit] = seconds < 1e-3 ? [1e6, "us"] : seconds < 1 ? [1e3, "ms"] : [1, "s"];
  return `${digits(seconds * factor, 4)} ${unit}`;
}

/** A number with `count` significant digits, never with an exponent. */
export function digits(value: number, count = 3): string {
  if (value === 0) return "0";
  const places = Math.max(0, count - 1 - Math.floor(Math.log10(Math.abs(value))));
  return value.toFixed(Math.min(places, 12));
}

/** "lower to upper": half of the samples are in this range. */
const between = ({ lower, upper }: Spread) => `${duration(lower)} to ${duration(upper)}`;

/** Describes the machine and the settings. */
export function describeRun({ date, machine, settings, openSeconds, peaks, datasheet }: BenchResults): string {
  const m: Machine = machine;
  const [flops, bytes] = [peaks.flops, peaks.bytes];
  const lines = [
    ["date", date],
    ["processor", `${m.processor}, ${m.processors} logical, ${digits(m.memory / 2 ** 30)} GiB`],
    ["device", `${m.device}: ${m.description}${m.driver ? `, driver ${m.driver}` : ""}`],
    ["system", `${m.system}, Deno ${m.deno}, V8 ${m.v8}`],
    ["load", `${m.load[0].toFixed(2)} before, ${m.load[1].toFixed(2)} after`],
    ["network", `VGG-E of width ${fraction(settings.width)}, batch ${settings.batch}`],
    ["opening", `${duration(openSeconds)} until the device was ready`],
    [
      "peak",
      `${digits(flops.median / 1e9)} GFLOP/s of multiply-adds in registers ` +
      `(${digits(flops.lower / 1e9)} to ${digits(flops.upper / 1e9)}), ` +
      `${digits(bytes.median / 1e9)} GB/s copied (${digits(bytes.lower / 1e9)} to ${digits(bytes.upper / 1e9)})`,
    ],
    ...machine.device === "webgpu" ? [["datasheet", describeDatasheet(datasheet)]] : [],
  ];
  return lines.map(([what, text]) => `${what.padEnd(10)} ${text}`).join("\n");
}

/** The maker's peaks, and what was measured of them. */
function describeDatasheet(datasheet?: DatasheetShares): string {
  if (!datasheet) return "not known for this adapter";
  const { name, flops, bytes, boost, flopsShare, bytesShare, clock } = datasheet;
  const measured = (share?: number) => share === undefined ? "" : ` (measured: ${percent(share)})`;
  const hertz = (value?: number) => value === undefined ? "not known" : `${digits(value / 1e6, 4)} MHz`;
  return [
    `${name}: ${flops === undefined ? "peak not known" : `${digits(flops / 1e12)} TFLOP/s`}${measured(flopsShare)}`,
    `${digits(bytes / 1e9)} GB/s${measured(bytesShare)}`,
    `clock ${clock === undefined ? "not known" : `at least ${hertz(clock)}`} (boost: ${hertz(boost)})`,
  ].join(", ");
}

/** A table with one row per kernel. */
export function kernelTable(rows: readonly KernelRow[], { peaks }: BenchResults): string {
  const planned = rows.some(({ plan }) => plan !== undefined),
    cold = rows.some(({ coldSeconds }) => coldSeconds !== undefined),
    columns = ["kernel", "layer", "shape", "time", "quartiles"];
  columns.push("n", "GFLOP/s", "GB/s", "of FMA", "of copy", ...cold ? ["cold", "cold GB/s"] : []);
  columns.push("compile", "error", ...planned ? ["plan"] : []);
  return formatTable(
    columns,
    rows.map(({ name, layer, shape, seconds, coldSeconds, flops, bytes, compileSeconds, error, plan = "" }) => {
      const s = seconds.median, c = coldSeconds?.median;
      return [
        name,
        layer,
        shape,
        duration(s),
        between(seconds),
        String(seconds.count),
        flops === 0 ? "" : digits(flops / s / 1e9),
        flops === 0 ? "" : digits(bytes / s / 1e9),
        flops === 0 ? "" : percent(flops / s / peaks.flops.median),
        flops === 0 ? "" : percent(bytes / s / peaks.bytes.median),
        ...!cold ? [] : c === undefined ? ["too short", ""] : [duration(c), flops === 0 ? "" : digits(bytes / c / 1e9)],
        duration(compileSeconds),
        error.toExponential(1),
        ...planned ? [plan] : [],
      ];
    }),
  );
}

/** A note about the checked parts of results, if not everything was checked. */
export function sampledNote(rows: readonly KernelRow[]): string {
  const parts = [...new Set(rows.filter(({ checked }) => checked !== "all").map((r) => `${r.name}: ${r.checked}`))];
  return parts.length === 0
    ? ""
    : "error: largest difference from the float64 definition, divided by its largest value, at this batch;\n" +
      "over a part of the result where checking all of it would take minutes (the JSON document lists which)";
}

/** The training step: its speed, and the distribution of its time. */
export function describeStep(step: StepResult, { peaks }: BenchResults): string {
  const { seconds, segmentsPerSecond: train, forwardSegmentsPerSecond: forward } = step;
  const rate = step.flops / seconds.median;
  return [
    `training  ${digits(train.median, 4)} segments/s (${digits(train.lower, 4)} to ${digits(train.upper, 4)}, ` +
    `${train.count} samples), ${duration(seconds.median)} a step, ${digits(rate / 1e9)} GFLOP/s, ` +
    `${percent(rate / peaks.flops.median)} of FMA, ${digits(step.memory / 2 ** 20)} MiB`,
    `forward   ${digits(forward.median, 4)} segments/s (${digits(forward.lower, 4)} to ${digits(forward.upper, 4)})`,
    "",
    formatTable(
      ["kernel of the step", "calls", "time", "share"],
      [
        ...step.shares.map(({ kernel, calls, seconds, share }) => [kernel, calls, duration(seconds), percent(share)]),
        ["overhead", "", duration(step.overhead * seconds.median), percent(step.overhead)],
      ],
    ),
  ].join("\n");
}

/** The front end and the forest. */
export function taskTable(rows: readonly TaskRow[]): string {
  return formatTable(
    ["task", "on", "time", "quartiles", "n", "rate", ""],
    rows.map(({ name, shape, seconds, rate, unit }) => [
      name,
      shape,
      duration(seconds.median),
      between(seconds),
      String(seconds.count),
      digits(rate),
      unit,
    ]),
  );
}

/** EPR beside other libraries. */
export function peerTable(rows: readonly PeerRow[]): string {
  return formatTable(
    ["work", "on", "peer", "EPR", "peer's", "n", "EPR is faster by"],
    rows.map(({ name, shape, peer, epr, seconds, ratio, cannot }) => [
      name,
      shape,
      peer,
      epr ? duration(epr.median) : "",
      seconds ? duration(seconds.median) : "",
      seconds ? String(seconds.count) : "",
      ratio !== undefined ? `${digits(ratio)} x` : cannot ?? "",
    ]),
  );
}
