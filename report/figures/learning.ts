/**
 * Learning curves of a chain's networks: the mean loss over folds (and seeds) by epoch, in training and on the validation
 * utterances; each fold is drawn faintly behind.
 */
import { ordinal } from "../../base/numbering.ts";
import type { ReportFigure } from "../document.ts";
import { METHOD_NAMES } from "../format.ts";
import type { StudyChain } from "../study.ts";
import { draw, WIDTH } from "./draw.ts";

/** Learning curves, one panel per stage. */
export async function learningFigure(chain: StudyChain): Promise<ReportFigure> {
  const values = chain.runs.flatMap(({ curves, config: { settings: { seed } } }) =>
    curves.flatMap(({ fold, stage, epochs }) =>
      epochs.flatMap(({ epoch, loss, validationLoss }) => {
        const place = { network: `${seed} ${ordinal(fold)}`, stage: `stage ${ordinal(stage)}`, epoch: ordinal(epoch) };
        const learned = { ...place, kind: "training", loss };
        return validationLoss === undefined
          ? [learned]
          : [learned, { ...place, kind: "validation", loss: validationLoss }];
      })
    )
  );
  const x = {
    field: "epoch",
    type: "quantitative",
    title: "epoch",
    axis: { tickMinStep: 1, grid: false, format: "d" },
  };
  const colour = {
    field: "kind",
    type: "nominal",
    title: null,
    scale: { domain: ["training", "validation"], range: ["#2f7fc1", "#d08700"] },
  };
  const svg = await draw({
    data: { values },
    facet: { field: "stage", type: "nominal", title: null },
    columns: 2,
    spacing: 14,
    spec: {
      width: (WIDTH - 34) / 2,
      height: 100,
      encoding: { x, color: colour },
      layer: [
        {
          mark: { type: "line", strokeWidth: 1, opacity: 0.3 },
          encoding: {
            y: { field: "loss", type: "quantitative", title: "loss, nats", scale: { zero: false } },
            detail: { field: "network" },
          },
        },
        {
          mark: { type: "line", strokeWidth: 2 },
          encoding: { y: { aggregate: "mean", field: "loss", type: "quantitative" } },
        },
      ],
    },
  });
  return {
    kind: "figure",
    id: `learning-${chain.method}`,
    caption:
      `${
        METHOD_NAMES[chain.method]
      }: loss by epoch: mean over the networks that ran it, and each network in a lighter line. ` +
      "Stages have different labels, so their losses are not comparable: the entropy of its labels bounds each from below.",
    svg,
  };
}
