/**
 * The paper's Figure 3: the confusion matrix. Each row is a true emotion; its cells contain utterances, and percent of the
 * row.
 */
import { ordinal } from "../../base/numbering.ts";
import type { ReportFigure } from "../document.ts";
import { METHOD_NAMES } from "../format.ts";
import type { StudyChain } from "../study.ts";
import { draw } from "./draw.ts";

/** Pixels per cell. */
const CELL = 38;

/** The confusion matrix of one stage, summed over seeds. */
export async function confusionFigure(chain: StudyChain, stage: number): Promise<ReportFigure> {
  const { runs, method } = chain, { emotions } = runs[0].corpus;
  const cells = emotions.flatMap((said, t) => {
    const row = emotions.map((_, d) => runs.reduce((sum, { stages }) => sum + stages[stage].confusion[t][d], 0));
    const all = row.reduce((a, b) => a + b, 0);
    return row.map((count, d) => {
      const share = all > 0 ? count / all : 0; // an emotion that occurs only as the true emotion of segments
      return { said, taken: emotions[d], count: String(count), percent: `${(100 * share).toFixed(0)} %`, share };
    });
  });
  const axis = { domain: false, ticks: false, labelPadding: 4, title: null };
  const svg = await draw({
    width: CELL * emotions.length,
    height: CELL * emotions.length,
    data: { values: cells },
    encoding: {
      x: { field: "taken", type: "nominal", sort: emotions, axis: { ...axis, labelAngle: -40 } },
      y: { field: "said", type: "nominal", sort: emotions, axis },
    },
    layer: [
      {
        mark: { type: "rect", color: "#2f7fc1" },
        encoding: {
          opacity: {
            field: "share",
            type: "quantitative",
            scale: { domain: [0, 1], range: [0.05, 0.75] },
            legend: null,
          },
        },
      },
      { mark: { type: "text", dy: -5, fontSize: 12, fontWeight: "bold" }, encoding: { text: { field: "count" } } },
      { mark: { type: "text", dy: 9, fontSize: 9 }, encoding: { text: { field: "percent" } } },
    ],
  });
  return {
    kind: "figure",
    id: `confusion-${method}-${ordinal(stage)}`,
    caption:
      `${METHOD_NAMES[method]}, stage ${
        ordinal(stage)
      }: true emotions down, the forest's across; utterances, and percent of the row` +
      `${runs.length > 1 ? `, ${runs.length} seeds together` : ""}.`,
    svg,
  };
}
