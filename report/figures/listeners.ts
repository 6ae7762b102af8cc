/** Emo-DB's listeners and the profiles: one dot per utterance. */
import { ordinal } from "../../base/numbering.ts";
import type { ReportFigure } from "../document.ts";
import { METHOD_NAMES } from "../format.ts";
import { pairListeners } from "../listeners.ts";
import type { StudyChain } from "../study.ts";
import { draw, emotionColours, WIDTH } from "./draw.ts";

/** The last stage of a chain's first seed. */
export async function listenersFigure(chain: StudyChain, rates: Map<string, number>): Promise<ReportFigure> {
  const [run] = chain.runs, { emotions } = run.corpus;
  const stage = chain.stages - 1;
  // rates are multiples of 1/20: dots with the same rate are spread out evenly
  const values = pairListeners(run, stage, rates).map((pair, i) => ({
    ...pair,
    at: 100 * pair.listeners + 1.6 * ((i * 0.618034) % 1 - 0.5),
  }));
  const svg = await draw({
    width: WIDTH,
    height: 220,
    data: { values },
    mark: { type: "point", filled: true, size: 16, opacity: 0.65 },
    encoding: {
      x: { field: "at", type: "quantitative", title: "listeners who recognised it, %", scale: { zero: false } },
      y: {
        field: "meant",
        type: "quantitative",
        title: "mean probability of that emotion",
        scale: { domain: [0, 1] },
      },
      color: {
        field: "emotion",
        type: "nominal",
        title: null,
        scale: { domain: emotions, range: emotionColours(emotions) },
      },
    },
  });
  return {
    kind: "figure",
    id: `listeners-${chain.method}`,
    caption:
      `${METHOD_NAMES[chain.method]}, stage ${
        ordinal(stage)
      }: listeners who recognised the intended emotion, and the ` +
      "probability that the mean profile gives it. Dots with the same rate are spread sideways.",
    svg,
  };
}
