/**
 * Writes a report to its run folder:
 *
 *     report.html               the page
 *     report/tables.json        every table, as displayed
 *     report/figures/*.svg      every figure, dark on white
 */
import { join } from "@std/path";
import { writeAtomically, writeJson } from "../files/atomic.ts";
import { buildReport, type ReportOptions } from "./build.ts";
import { type ReportTable, tablesOf } from "./document.ts";
import { standalone } from "./figures/draw.ts";
import { renderPage } from "./html.ts";
import { readStudy } from "./study.ts";
import { formatTable } from "./table.ts";

/** The written report. */
export interface WrittenReport {
  /** The path of the page. */
  file: string;
  /** Every table. */
  tables: ReportTable[];
  /** The paper's tables, for a terminal. */
  papers: string[];
}

/**
 * Writes the report of a run folder, or of a folder of `deno task paper`.
 *
 * @throws {Error} if there is no complete run, or one of its files is missing or damaged
 * @throws {RangeError} if there is no such utterance
 */
export async function writeReport(folder: string, options: ReportOptions = {}): Promise<WrittenReport> {
  const report = await buildReport(await readStudy(folder), options);
  const tables = tablesOf(report.sections), file = join(folder, "report.html");
  for (const item of report.sections.flatMap(({ items }) => items)) {
    if (item.kind === "figure") {
      await writeAtomically(join(folder, "report", "figures", `${item.id}.svg`), standalone(item.svg));
    }
  }
  await writeJson(join(folder, "report", "tables.json"), tables);
  await writeAtomically(file, renderPage(report));
  const papers = tables.filter(({ id }) => /^table-\d$/.test(id));
  return { file, tables, papers: papers.map(({ title, head, rows }) => `${title}\n${formatTable(head, rows)}`) };
}
