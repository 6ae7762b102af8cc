/** The effect of refinery on the labels: how flat they become and, if the corpus knows the truth, how close to it. */
import { ordinal } from "../../base/numbering.ts";
import { mean } from "../../refinery/intervals.ts";
import type { ReportFigure } from "../document.ts";
import { METHOD_NAMES } from "../format.ts";
import type { RunView } from "../read_run.ts";
import { profileEntropy, stagesOf } from "../stage_tables.ts";
import { stageValues, type Study } from "../study.ts";
import { draw, METHOD_COLOURS, type Plot, WIDTH } from "./draw.ts";

type Of = (run: RunView, stage: number) => number;

/** Entropy of labels and of profiles, stage by stage. */
export async function entropyFigure(study: Study): Promise<ReportFigure> {
  const flat = Math.log(study.chains[0].runs[0].corpus.emotions.length);
  const svg = await drawPanels(study, [
    ["labels that the stage learned from", "entropy, nats", (run, s) => run.stages[s].labelEntropy, [0, flat]],
    ["profiles of held-out utterances", "entropy, nats", profileEntropy, [0, flat]],
  ]);
  return {
    kind: "figure",
    id: "entropy",
    caption: `Mean entropy, stage by stage: 0 is certain; the top of the axis, ${
      flat.toFixed(2)
    }, is a uniform distribution.`,
    svg,
  };
}

/** Distance of labels from the truth, and truly correct segments; undefined if the truth is not known. */
export async function truthFigure(study: Study): Promise<ReportFigure | undefined> {
  if (study.chains[0].runs[0].stages[0].labelError === undefined) return undefined;
  const svg = await drawPanels(study, [
    ["labels that the stage learned from", "Brier score", (run, s) => run.stages[s].labelError!],
    ["held-out segments truly right", "%", (run, s) => 100 * run.stages[s].trueSegmentAccuracy!],
  ]);
  return {
    kind: "figure",
    id: "truth",
    caption:
      "Against the true emotion of each segment, which only a synthetic corpus has and no network learns from: the distance " +
      "of the labels (lower is nearer), and the share of held-out segments whose likeliest emotion is their own true one.",
    svg,
  };
}

/** One panel per quantity, below one another, with a common legend. */
async function drawPanels(
  { chains }: Study,
  panels: [title: string, unit: string, of: Of, domain?: [number, number]][],
): Promise<string> {
  const names = chains.map(({ method }) => METHOD_NAMES[method]),
    last = Math.max(...chains.map(({ stages }) => stages));
  const stages = Array.from({ length: last }, (_, stage) => ordinal(stage));
  const vconcat = panels.map(([title, unit, of, domain]): Plot => ({
    title,
    width: WIDTH,
    height: 110,
    data: {
      values: chains.flatMap((chain) =>
        stagesOf(chain).map((stage) => ({
          chain: METHOD_NAMES[chain.method],
          stage: ordinal(stage),
          value: mean(stageValues(chain, stage, of)),
        }))
      ),
    },
    mark: { type: "line", strokeWidth: 1.8, point: { size: 45, filled: true } },
    encoding: {
      x: {
        field: "stage",
        type: "quantitative",
        scale: { domain: [0.8, last + 0.2], nice: false },
        axis: { values: stages, format: "d", grid: false, title: "stage" },
      },
      y: {
        field: "value",
        type: "quantitative",
        title: unit,
        scale: domain ? { domain, nice: false } : { zero: false },
      },
      color: {
        field: "chain",
        type: "nominal",
        title: null,
        scale: { domain: names, range: names.map((name) => METHOD_COLOURS[name]) },
      },
      shape: { field: "chain", type: "nominal", title: null, scale: { domain: names } },
    },
  }));
  return await draw({ spacing: 18, vconcat });
}
