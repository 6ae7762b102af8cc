/** Accuracy by stage, with its 95 % interval: Wilson's over utterances, or over seeds if there are several. */
import { ordinal } from "../../base/numbering.ts";
import { mean, meanHalfWidth, wilsonInterval } from "../../refinery/intervals.ts";
import type { ReportFigure } from "../document.ts";
import { METHOD_NAMES } from "../format.ts";
import { stagesOf } from "../stage_tables.ts";
import { stageValues, type Study } from "../study.ts";
import { draw, METHOD_COLOURS, WIDTH } from "./draw.ts";

/** WA of every stage. */
export async function accuracyFigure({ chains }: Study): Promise<ReportFigure> {
  const values = chains.flatMap((chain, c) =>
    stagesOf(chain).map((stage) => {
      const found = stageValues(chain, stage, ({ stages }, s) => stages[s].weightedAccuracy);
      const { low, high } = interval(found, chain.runs[0].corpus.utterances.length);
      const aside = 0.09 * (c - (chains.length - 1) / 2); // so that intervals do not overlap
      const [chainName, accuracy] = [METHOD_NAMES[chain.method], mean(found)];
      return {
        chain: chainName,
        at: ordinal(stage) + aside,
        accuracy: 100 * accuracy,
        low: 100 * low,
        high: 100 * high,
      };
    })
  );
  const names = chains.map(({ method }) => METHOD_NAMES[method]),
    last = Math.max(...chains.map(({ stages }) => stages));
  const colour = {
    field: "chain",
    type: "nominal",
    title: null,
    scale: { domain: names, range: names.map((name) => METHOD_COLOURS[name]) },
  };
  const x = {
    field: "at",
    type: "quantitative",
    title: "stage",
    scale: { domain: [0.7, last + 0.3], nice: false },
    axis: { values: Array.from({ length: last }, (_, stage) => ordinal(stage)), format: "d", grid: false },
  };
  const svg = await draw({
    width: WIDTH,
    height: 190,
    data: { values },
    encoding: { x, color: colour },
    layer: [
      {
        mark: { type: "rule", strokeWidth: 1.5, opacity: 0.6 },
        encoding: {
          y: { field: "low", type: "quantitative", title: "WA, %", scale: { zero: false } },
          y2: { field: "high" },
        },
      },
      { mark: { type: "line", strokeWidth: 1.5 }, encoding: { y: { field: "accuracy", type: "quantitative" } } },
      {
        mark: { type: "point", filled: true, size: 55, opacity: 1 },
        encoding: {
          y: { field: "accuracy", type: "quantitative" },
          shape: { field: "chain", type: "nominal", title: null, scale: { domain: names } },
        },
      },
    ],
  });
  const over = chains[0].runs.length > 1
    ? "means over seeds with their t intervals"
    : "with Wilson's interval over utterances";
  return { kind: "figure", id: "accuracy", caption: `Weighted accuracy against stage, ${over} (95 %).`, svg };
}

function interval(values: number[], utterances: number) {
  if (values.length < 2) return wilsonInterval(values[0], utterances);
  const [middle, half] = [mean(values), meanHalfWidth(values)];
  return { low: Math.max(0, middle - half), high: Math.min(1, middle + half) };
}
