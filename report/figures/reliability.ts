/**
 * A reliability diagram: the accuracy of predictions by confidence. On the diagonal they agree; below it, the model is
 * overconfident.
 */
import { ordinal } from "../../base/numbering.ts";
import type { ReportFigure } from "../document.ts";
import { METHOD_NAMES } from "../format.ts";
import { segmentCalibration, utteranceCalibration } from "../stage_tables.ts";
import type { StudyChain } from "../study.ts";
import { draw, WIDTH } from "./draw.ts";

/** The first and last stage of a chain's first seed, by segments and by utterances. */
export async function reliabilityFigure(chain: StudyChain): Promise<ReportFigure> {
  const [run] = chain.runs, stages = [...new Set([0, chain.stages - 1])];
  const nameOf = (stage: number) => `stage ${ordinal(stage)}`, names = stages.map(nameOf);
  const panels = [["segments", segmentCalibration], [
    "utterances, by their mean profile",
    utteranceCalibration,
  ]] as const;
  const vconcat = panels.map(([title, calibrate]) => ({
    title,
    width: WIDTH,
    height: 170,
    layer: [
      {
        data: { values: [{ x: 0, y: 0 }, { x: 1, y: 1 }] },
        mark: { type: "line", color: "currentColor", opacity: 0.4, strokeDash: [4, 4] },
        encoding: { x: { field: "x", type: "quantitative" }, y: { field: "y", type: "quantitative" } },
      },
      {
        data: {
          values: stages.flatMap((stage) =>
            calibrate(run, stage).bins.map((bin) => ({ stage: nameOf(stage), ...bin }))
          ),
        },
        mark: { type: "line", strokeWidth: 1.5, point: { filled: true, size: 40 } },
        encoding: {
          x: { field: "confidence", type: "quantitative", title: "confidence", scale: { domain: [0, 1] } },
          y: { field: "accuracy", type: "quantitative", title: "share right", scale: { domain: [0, 1] } },
          color: {
            field: "stage",
            type: "nominal",
            title: null,
            scale: { domain: names, range: ["#7d8a97", "#2f7fc1"].slice(-names.length) },
          },
        },
      },
    ],
  }));
  return {
    kind: "figure",
    id: `reliability-${chain.method}`,
    caption:
      `${
        METHOD_NAMES[chain.method]
      }: share of correct decisions against the probability of the likeliest emotion, in bins of a tenth. ` +
      "On the dashed line the probabilities are calibrated; below it they are too high.",
    svg: await draw({ spacing: 18, vconcat }),
  };
}
