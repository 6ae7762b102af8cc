/** Chapter 7: the CPU ladder's rungs as bars, with the measured rates of `docs/cpu_kernels.md`. */
import { join } from "@std/path";
import { draw, WIDTH } from "../report/figures/draw.ts";
import { BLUE } from "./style.ts";

const MEASURED = join(import.meta.dirname!, "../docs/cpu_kernels.md");

/** Draws the figure. */
export async function ladderFigure(): Promise<string> {
  const rungs = readRungs(await Deno.readTextFile(MEASURED));
  const y = {
    field: "name",
    type: "ordinal",
    sort: null,
    title: null,
    axis: { labelLimit: 400, ticks: false, domain: false },
  };
  const x = { field: "rate", type: "quantitative", title: "GFLOP/s on one core", axis: { grid: true, tickCount: 6 } };
  return await draw({
    width: WIDTH - 60,
    height: { step: 24 },
    data: { values: rungs },
    encoding: { x, y },
    layer: [
      { mark: { type: "bar", color: BLUE, height: 14 } },
      { mark: { type: "text", align: "left", dx: 4 }, encoding: { text: { field: "share" } } },
    ],
  });
}

/** The rows of the document's first table. @throws Error if they are not found */
function readRungs(text: string) {
  const rows = [...text.matchAll(/^\| (\d+) +\| \[([^\]]+)\][^|]*\| ([\d.]+) +\| (\d+ %) +\|$/gm)];
  if (rows.length < 3) throw new Error(`${MEASURED}: its table of rungs was not found`);
  return rows.map(([, number, name, rate, share]) => ({ name: `${number}. ${name}`, rate: Number(rate), share }));
}
