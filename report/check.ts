/**
 * Checks that every number in the report's tables follows from the run. The tables are rebuilt from each fold's own
 * files (its profiles, verified by check sums; forests are fitted again), and compared with the page, cell by cell.
 */
import { join } from "@std/path";
import { buildTables } from "./build.ts";
import type { ReportTable } from "./document.ts";
import { renderTable } from "./html.ts";
import { readStudy } from "./study.ts";

/** The result of a check. */
export interface ReportCheck {
  /** Number of compared tables. */
  tables: number;
  /** Number of cells with a number. */
  numbers: number;
  /** Cells that differ, one line each. */
  faults: string[];
}

/**
 * Compares the report of a run folder with the run.
 *
 * @throws {Error} if there is no report or no complete run, or a file is missing or damaged
 */
export async function checkReport(folder: string): Promise<ReportCheck> {
  const file = join(folder, "report.html");
  const page = await Deno.readTextFile(file).catch((error) => {
    throw new Error(`${file}: can't be read: ${error.message}; deno task report ${folder} writes it`, {
      cause: error,
    });
  });
  const tables: ReportTable[] = Object.values(await buildTables(await readStudy(folder, true))).flat();
  const checked: ReportCheck = { tables: tables.length, numbers: 0, faults: [] };
  const shown = page.split('<div class="table"').length - 1;
  if (shown !== tables.length) checked.faults.push(`expected ${tables.length} tables, found ${shown}`);
  for (const table of tables) {
    checked.numbers += table.rows.flat().filter((cell) => /\d/.test(cell)).length;
    const own = renderTable(table);
    if (page.includes(own)) continue;
    const begin = page.indexOf(`id="table-of-${table.id}"`);
    if (begin < 0) checked.faults.push(`${table.title}: not in the report`);
    else checked.faults.push(...compare(table.title, page.slice(begin, page.indexOf("</table>", begin)), own));
  }
  return checked;
}

/** Lists the cells that differ; if none does, other differences in the tables' text. */
function compare(title: string, shown: string, own: string): string[] {
  const [there, here] = [rowsOf(shown), rowsOf(own)], [head] = here;
  const faults = here.flatMap((row, r) =>
    row.flatMap((cell, c) =>
      there[r]?.[c] === cell
        ? []
        : [`${title}, ${row[0]}, ${head[c]}: shown ${there[r]?.[c] ?? "nothing"}, recomputed ${cell}`]
    )
  );
  return faults.length > 0 ? faults : [`${title}: its caption, note or number of rows differs`];
}

function rowsOf(table: string): string[][] {
  return table.split("<tr>").slice(1).map((row) => [...row.matchAll(/<t[hd][^>]*>([^<]*)</g)].map(([, cell]) => cell));
}
