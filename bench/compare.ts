/**
 * Compares two results: B's time divided by A's, row by row. A row counts as changed only if the quartile ranges do not
 * overlap, since medians alone differ from run to run.
 */
import { formatTable } from "../report/table.ts";
import type { BenchResults } from "../lab/results.ts";
import { digits, duration } from "../lab/show.ts";
import type { Spread } from "../lab/timing.ts";

/** A row that both results contain. */
export interface RowComparison {
  /** Its name, unique in a document. */
  name: string;
  /** A's seconds. */
  a: Spread;
  /** B's seconds. */
  b: Spread;
  /** B's median divided by A's. */
  ratio: number;
  /** Whether the quartile ranges of A and B are disjoint, and in which direction. */
  verdict: "faster" | "slower" | "as before";
}

/** All timings in a document, by name. */
function timed({ kernels, step, tasks, peers }: BenchResults): Map<string, Spread> {
  const rows = new Map<string, Spread>();
  for (const { name, shape, seconds, coldSeconds } of kernels) {
    rows.set(`${name} ${shape}`, seconds);
    if (coldSeconds) rows.set(`${name} ${shape}, cold`, coldSeconds);
  }
  if (step) rows.set("training step", step.seconds);
  for (const { name, shape, seconds } of tasks) rows.set(`${name} ${shape}`, seconds);
  for (const { name, shape, peer, seconds } of peers) if (seconds) rows.set(`${name} ${shape} ${peer}`, seconds);
  return rows;
}

/** The rows that both documents contain, in A's order. */
export function compareResults(a: BenchResults, b: BenchResults): RowComparison[] {
  const others = timed(b);
  return [...timed(a)].flatMap(([name, seconds]): RowComparison[] => {
    const other = others.get(name);
    if (!other) return [];
    const verdict = other.upper < seconds.lower ? "faster" : other.lower > seconds.upper ? "slower" : "as before";
    return [{ name, a: seconds, b: other, ratio: other.median / seconds.median, verdict }];
  });
}

/** The output of `--compare`. */
export function describeComparison(a: BenchResults, b: BenchResults): string {
  const rows = compareResults(a, b);
  const of = ({ date, machine, settings }: BenchResults) =>
    `${date}  ${machine.processor}, ${machine.device}: ${machine.description}, width ${settings.width}, batch ${settings.batch}`;
  const left = timed(a).size + timed(b).size - 2 * rows.length;
  const geometric = Math.exp(rows.reduce((sum, { ratio }) => sum + Math.log(ratio), 0) / rows.length);
  return [
    `A  ${of(a)}`,
    `B  ${of(b)}`,
    "",
    formatTable(
      ["row", "A", "B", "B / A", "B is"],
      rows.map(({ name, a, b, ratio, verdict }) => [
        name,
        duration(a.median),
        duration(b.median),
        digits(ratio),
        verdict,
      ]),
    ),
    "",
    rows.length === 0
      ? "The two files have no row in common"
      : `B / A is ${digits(geometric)} in the geometric mean of ${rows.length} rows` +
        (left > 0 ? `; ${left} rows are in only one of the files` : ""),
  ].join("\n");
}
