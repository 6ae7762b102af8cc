/** What the forest relies on: loss of accuracy when a statistic of the profile is shuffled among utterances. */
import { ordinal } from "../../base/numbering.ts";
import { permutationImportance } from "../../refinery/importance.ts";
import { STATISTICS } from "../../refinery/statistics.ts";
import type { ReportFigure } from "../document.ts";
import { METHOD_NAMES } from "../format.ts";
import type { StudyChain } from "../study.ts";
import { draw } from "./draw.ts";

/** Permutation importance at the last stage of a chain's first seed. */
export async function importanceFigure(chain: StudyChain): Promise<ReportFigure> {
  const [{ cv, profiles }] = chain.runs, { emotions } = cv.corpus;
  const last = chain.stages - 1;
  const losses = permutationImportance(cv, profiles[last], last);
  const cells = emotions.flatMap((emotion, k) =>
    STATISTICS.map((statistic, s) => {
      const points = 100 * losses[k * STATISTICS.length + s];
      return {
        emotion,
        statistic,
        points,
        shown: points.toFixed(1).replace(/^-0\.0$/, "0.0"),
        weight: Math.max(0, points),
      };
    })
  );
  const axis = { domain: false, ticks: false, labelPadding: 4, title: null };
  const svg = await draw({
    width: 52 * STATISTICS.length,
    height: 28 * emotions.length,
    data: { values: cells },
    encoding: {
      x: { field: "statistic", type: "nominal", sort: STATISTICS, axis: { ...axis, labelAngle: -40 } },
      y: { field: "emotion", type: "nominal", sort: emotions, axis },
    },
    layer: [
      {
        mark: { type: "rect", color: "#2f7fc1" },
        encoding: {
          opacity: { field: "weight", type: "quantitative", scale: { range: [0.05, 0.75] }, legend: null },
        },
      },
      { mark: "text", encoding: { text: { field: "shown" } } },
    ],
  });
  return {
    kind: "figure",
    id: `importance-${chain.method}`,
    caption:
      `${METHOD_NAMES[chain.method]}, stage ${
        ordinal(last)
      }: points of weighted accuracy that the forest loses when a statistic ` +
      "is shuffled among the utterances that it judges. Correlated statistics replace each other: a small loss " +
      "does not mean that a statistic is useless.",
    svg,
  };
}
