/**
 * Chapter 5: labels after three refinements, and each method's distance from the truth. `label_chain.ts` computes them.
 */
import { refineLabels } from "../refinery/relabel.ts";
import { METHODS } from "../refinery/choices.ts";
import { draw, METHOD_COLOURS, WIDTH } from "../report/figures/draw.ts";
import { METHOD_NAMES } from "../report/format.ts";
import { ANGER, LabelChain, type LabelCorpus, labelCorpus, labelDistance, SEGMENTS } from "./label_chain.ts";
import { GREY, round } from "./style.ts";

/** Number of refinements drawn. */
const REFINEMENTS = 3;

/** The control: the distance of pEPR's labels if every network answered one half and one half for every input. */
const CONTROL = "pEPR, network knows nothing";

/** The data of the figure: the chain of each method, and the {@link CONTROL}'s distance from the truth. */
export async function refinedLabels(): Promise<{ corpus: LabelCorpus; refined: LabelChain[]; control: number }> {
  const corpus = labelCorpus(), refined: LabelChain[] = [];
  for (const method of METHODS.filter((method) => method !== "uniform")) {
    const chain = new LabelChain(corpus, method);
    for (let i = 0; i < REFINEMENTS; i++) await chain.refine();
    refined.push(chain);
  }
  const nothing = new Float32Array(2 * corpus.truth.length).fill(0.5);
  const control = labelDistance(refineLabels("uniform", nothing, corpus.utterances, 2), corpus.truth);
  return { corpus, refined, control };
}

/** Draws the figure. */
export async function labelsFigure(): Promise<string> {
  const { corpus, refined, control } = await refinedLabels();
  const [pEPR, sEPR] = refined, first = corpus.utterances[1].firstSegment; // the first angry one
  const said = (name: string, labels: Float32Array) =>
    Array.from({ length: SEGMENTS }, (_, s) => ({ name, segment: s, p: round(labels[2 * (first + s) + ANGER], 3) }));
  const rows = [
    ...Array.from({ length: SEGMENTS }, (_, s) => ({ name: "the truth", segment: s, p: corpus.truth[first + s] })),
    ...said("stage 1, one-hot", pEPR.labels[0]),
    ...said("stage 4, pEPR", pEPR.labels[3]),
    ...said("stage 4, sEPR", sEPR.labels[3]),
  ];
  const names = [...new Set(rows.map(({ name }) => name))];
  const errors: { method: string; stage: number; error: number }[] = refined.flatMap(({ method, errors }) =>
    errors.map((error, i) => ({ method: METHOD_NAMES[method], stage: i + 1, error: round(error, 3) }))
  );
  errors.push(...refined[0].errors.map((error, i) => (
    { method: CONTROL, stage: i + 1, error: round(i === 0 ? error : control, 3) }
  )));
  return await draw({
    spacing: 22,
    vconcat: [
      {
        title: "anger, in 20 segments of one utterance",
        width: WIDTH,
        height: 100,
        data: { values: rows },
        mark: { type: "line", strokeWidth: 1.8, interpolate: "step" },
        encoding: {
          x: {
            field: "segment",
            type: "quantitative",
            title: "segment",
            axis: { grid: false, values: [0, 5, 10, 15, 20] },
          },
          y: { field: "p", type: "quantitative", title: null, axis: { values: [0, 0.5, 1] } },
          color: {
            field: "name",
            type: "nominal",
            title: null,
            scale: { domain: names, range: [GREY, "currentColor", METHOD_COLOURS.pEPR, METHOD_COLOURS.sEPR] },
            legend: { columns: 2, symbolType: "stroke" },
          },
        },
      },
      {
        title: "distance of all labels from the truth (Brier score)",
        width: WIDTH,
        height: 80,
        data: { values: errors },
        mark: { type: "line", point: { filled: true } },
        encoding: {
          x: { field: "stage", type: "ordinal", title: "stage", axis: { labelAngle: 0 } },
          y: { field: "error", type: "quantitative", title: null },
          color: {
            field: "method",
            type: "nominal",
            title: null,
            scale: {
              domain: [...refined.map(({ method }) => METHOD_NAMES[method]), CONTROL],
              range: [...refined.map(({ method }) => METHOD_COLOURS[METHOD_NAMES[method]]), GREY],
            },
            legend: { columns: 2, symbolType: "stroke", labelLimit: 240 },
          },
        },
      },
    ],
    resolve: { scale: { color: "independent" } },
  });
}
