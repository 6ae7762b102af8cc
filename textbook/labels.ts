/**
 * Chapter 5: refinery on a corpus small enough to draw. An utterance is a row of numbers, one a segment: a mixed one swells to its
 * emotion and back, as speech does, and its label says that emotion of all its segments. A network of 16 hidden units learns
 * from those labels, and from what each network before it made of them. It is stopped early, as a network of speech is before it knows its recordings by
 * heart.
 */
import type { Device } from "../kernels/device.ts";
import { Random } from "../kernels/random.ts";
import { createReferenceDevice } from "../kernels/reference_device.ts";
import { ArrayDataset } from "../nn/dataset.ts";
import { fit } from "../nn/fit.ts";
import { glorotUniform, Parameters } from "../nn/parameters.ts";
import { predictProbabilities } from "../nn/predict.ts";
import type { Tape } from "../nn/tape.ts";
import type { Tensor } from "../nn/tensor.ts";
import type { Network } from "../nn/vgg_e.ts";
import { type Labelled, pseudoLabels, refineLabels } from "../refinery/relabel.ts";
import { type Method, METHODS } from "../refinery/settings.ts";
import { draw, METHOD_COLOURS, WIDTH } from "../report/figures/draw.ts";
import { METHOD_NAMES } from "../report/format.ts";
import { GREY, round } from "./style.ts";

const UTTERANCES = 40, SEGMENTS = 20, STAGES = 4;
const NEUTRAL = 0, ANGER = 1;

/** Labels of each stage, [segments, 2], and how far they are from the truth (Brier score, 0 to 2). */
interface Refined {
  method: Method;
  labels: Float32Array[];
  errors: number[];
}

/** The control: how far pEPR's labels would be if every network answered one half and one half, whatever it is shown. */
const CONTROL = "pEPR, network knows nothing";

/** What is drawn: the labels of each method and stage, and the {@link CONTROL}'s distance from the truth. */
export async function refinedLabels(): Promise<
  { corpus: ReturnType<typeof makeCorpus>; refined: Refined[]; control: number }
> {
  const corpus = makeCorpus(), device = createReferenceDevice();
  const refined: Refined[] = [];
  for (const method of METHODS.filter((method) => method !== "uniform")) {
    refined.push(await refine(device, corpus, method));
  }
  const nothing = new Float32Array(2 * corpus.truth.length).fill(0.5);
  const control = distance(refineLabels("uniform", nothing, corpus.utterances, 2), corpus.truth);
  return { corpus, refined, control };
}

/** Draws it. */
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

/** The utterances, the number that is heard of each segment, and how angry each truly is, 0 or 1. */
function makeCorpus() {
  const random = new Random(2), utterances: Labelled[] = [], x: number[] = [], truth: number[] = [];
  for (let u = 0; u < UTTERANCES; u++) {
    utterances.push({ firstSegment: u * SEGMENTS, segmentCount: SEGMENTS, emotion: u % 2 === 0 ? NEUTRAL : ANGER });
    const begin = 3 + random.below(5), length = 8 + random.below(5);
    for (let s = 0; s < SEGMENTS; s++) {
      const angry = u % 2 === ANGER && s >= begin && s < begin + length ? 1 : 0;
      truth.push(angry);
      x.push(2.2 * angry + random.normal());
    }
  }
  return { utterances, x: Float32Array.from(x), truth: Float32Array.from(truth) };
}

/** Runs the chain: a fresh network a stage. */
async function refine(device: Device, corpus: ReturnType<typeof makeCorpus>, method: Method): Promise<Refined> {
  const { utterances, x, truth } = corpus, labels = [pseudoLabels(utterances, truth.length, 2)];
  for (let stage = 1; stage < STAGES; stage++) {
    const data = new ArrayDataset(device, x, labels[stage - 1], [1, 1, 1]), network = new Small(device, stage);
    await fit(network, data, undefined, { batch: 50, epochs: 3, learningRate: () => 0.003, path: [stage] });
    const profiles = await predictProbabilities(network, data);
    labels.push(refineLabels(method, profiles, utterances, 2));
    data.release();
    network.parameters.release();
  }
  return { method, labels, errors: labels.map((rows) => distance(rows, truth)) };
}

/** Mean Brier score of labels [segments, 2] against the truth. */
function distance(labels: Float32Array, truth: Float32Array): number {
  return truth.reduce((sum, angry, s) => sum + 2 * (labels[2 * s + ANGER] - angry) ** 2 / truth.length, 0);
}

/** One number, 16 hidden units, two classes. */
class Small implements Network {
  readonly parameters: Parameters;
  readonly inputShape = [1, 1, 1];
  readonly classes = 2;

  constructor(device: Device, seed: number) {
    const specs = [
      { name: "hidden.w", shape: [1, 16] },
      { name: "hidden.b", shape: [16] },
      { name: "out.w", shape: [16, 2] },
      { name: "out.b", shape: [2] },
    ];
    this.parameters = new Parameters(device, specs);
    this.parameters.write(glorotUniform(specs, seed));
  }

  forward(tape: Tape, x: Tensor): Tensor {
    const p = (name: string) => this.parameters.get(name);
    return tape.dense(tape.dense(x, p("hidden.w"), p("hidden.b"), { relu: true }), p("out.w"), p("out.b"), {
      relu: false,
    });
  }
}
