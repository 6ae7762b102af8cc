/**
 * `deno task bench --table DIR`: the results in a folder as two Markdown tables, one of machines and one of EPR beside other
 * frameworks. `bench/results/README.md` shows them.
 */
import { join } from "@std/path";
import { FileError } from "../base/file_error.ts";
import { fraction } from "../base/fraction.ts";
import { type BenchResults, parseResults, SCHEMA } from "../lab/results.ts";
import { digits } from "../lab/show.ts";
import { percent } from "../report/table.ts";
import { BESIDE_SCHEMA, type BesideResults, parseBeside } from "./beside_results.ts";

/** The results in a folder, by the names of their files. */
export interface ResultFolder {
  machines: Map<string, BenchResults>;
  besides: Map<string, BesideResults>;
}

/** Reads a document of `bench --json`. Throws a {@link FileError} if it is not JSON. */
export async function readJsonDocument(file: string): Promise<unknown> {
  const text = await Deno.readTextFile(file);
  try {
    return JSON.parse(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new FileError({ file, expected: "JSON", found: error.message, cause: error });
  }
}

/**
 * Reads every JSON file of a folder.
 *
 * @throws {FileError} for a file that is no result, or one of `--quick`
 */
export async function readResultFolder(folder: string): Promise<ResultFolder> {
  const found: ResultFolder = { machines: new Map(), besides: new Map() };
  const names = [...Deno.readDirSync(folder)].map(({ name }) => name).filter((name) => name.endsWith(".json")).sort();
  for (const name of names) {
    const file = join(folder, name), document = await readJsonDocument(file);
    const schema = (document as { schema?: unknown } | null)?.schema;
    if (schema === BESIDE_SCHEMA) found.besides.set(name, parseBeside(document, file));
    else if (schema === SCHEMA) {
      const results = parseResults(document, file), expected = "false: a smoke test's figures mean nothing";
      if (results.settings.quick) throw new FileError({ file, place: "settings.quick", expected, found: "true" });
      found.machines.set(name, results);
    } else {
      throw new FileError({
        ...{ file, place: "schema", expected: `"${SCHEMA}" or "${BESIDE_SCHEMA}"` },
        found: schema === undefined ? "nothing" : JSON.stringify(schema),
      });
    }
  }
  return found;
}

/** The output of `--table`. */
export function describeResultFolder({ machines, besides }: ResultFolder): string {
  if (machines.size + besides.size === 0) return "No results yet.";
  const tables: string[] = [];
  if (machines.size > 0) {
    const head = ["file", "machine", "network", "training", "of peak", "forward", "peak, GFLOP/s", "copy, GB/s"];
    tables.push(
      markdownTable([...head, "error", "load", "date"], [...machines].map((entry) => machineCells(...entry))),
    );
  }
  if (besides.size > 0) {
    const head = [
      "file",
      "machine",
      "width",
      "batch",
      "batch norm",
      "EPR",
      "beside",
      "its",
      "EPR / it",
      "load",
      "date",
    ];
    tables.push(markdownTable(head, [...besides].flatMap((entry) => besideCells(...entry))));
  }
  return tables.join("\n\n");
}

const link = (file: string) => `[${file.replace(/\.json$/, "")}](${file})`;

/** The row of a machine: segments per second, shares of its peaks, the largest error, the load before. */
function machineCells(file: string, results: BenchResults): string[] {
  const { date, machine, settings, step, peaks, datasheet, kernels } = results;
  const { device, processor, description, driver, load } = machine;
  const where = device === "cpu" ? `${processor}, ${description}` : `${description}${driver ? `, ${driver}` : ""}`;
  const share = datasheet?.flopsShare, flops = digits(peaks.flops.median / 1e9);
  return [
    link(file),
    where,
    `width ${fraction(settings.width)}, batch ${settings.batch}`,
    step ? digits(step.segmentsPerSecond.median, 4) : "",
    step ? percent(step.flops / step.seconds.median / peaks.flops.median) : "",
    step ? digits(step.forwardSegmentsPerSecond.median, 4) : "",
    share === undefined ? flops : `${flops} (${percent(share)} of the datasheet's)`,
    digits(peaks.bytes.median / 1e9),
    kernels.length === 0 ? "" : Math.max(...kernels.map(({ error }) => error)).toExponential(1),
    load[0].toFixed(1),
    date.slice(0, 10),
  ];
}

/** The rows of a comparison: training, in the largest batch; segments per second. */
function besideCells(file: string, { date, processor, device, gpu, load, rows }: BesideResults): string[][] {
  const largest = Math.max(...rows.map(({ batch }) => batch));
  return rows.filter(({ what, batch }) => what === "training" && batch === largest).map((row) => [
    link(file),
    gpu === undefined ? `${processor}, ${device}` : device,
    fraction(row.width),
    String(row.batch),
    row.batchNorm ? "yes" : "no",
    digits(row.batch / row.epr.median, 4),
    row.beside,
    digits(row.batch / row.theirs.median, 4),
    row.ratio.toFixed(2),
    load.toFixed(1),
    date.slice(0, 10),
  ]);
}

/** A table in Markdown, its columns aligned as `deno fmt` aligns them. */
function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((name, c) => Math.max(3, name.length, ...rows.map((row) => row[c].length)));
  const line = (cells: readonly string[]) => `| ${cells.map((cell, c) => cell.padEnd(widths[c])).join(" | ")} |`;
  return [line(head), line(widths.map((width) => "-".repeat(width))), ...rows.map(line)].join("\n");
}
