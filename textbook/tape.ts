/**
 * Chapter 3: the loss of a small network as one of its weights varies, and the tape's slopes at some points. Computed in
 * float64, by the definitions.
 */
import { Random } from "../kernels/random.ts";
import { createReferenceDevice } from "../kernels/reference_device.ts";
import { METRICS } from "../kernels/table.ts";
import { oneHot } from "../nn/dataset.ts";
import { Parameters } from "../nn/parameters.ts";
import { Tape } from "../nn/tape.ts";
import { draw, WIDTH } from "../report/figures/draw.ts";
import { BLUE, RED, round } from "./style.ts";

const BATCH = 4, CLASSES = 3;
/** Index of the varied weight: the middle of the first kernel. */
const MOVED = 4;

/** Values of the weight at which the slope is computed. */
const PLACES = [-2, -0.75, 0.75, 2];

/** The network of the picture, as numbers: a test computes the slopes in another way. */
export interface SmallNetwork {
  /** [4, 4, 4, 1] */
  image: Float32Array;
  /** [4, 3], each row a distribution */
  labels: Float32Array;
  /** conv.w [3, 3, 1, 2], conv.b [2], dense.w [8, 3], dense.b [3] */
  values: Record<string, Float32Array>;
  /** Index of the varied number of conv.w. */
  moved: number;
}

/** The data of the figure: the loss along the weight, and the tape's slopes. */
export async function tapeSlopes(): Promise<
  {
    network: SmallNetwork;
    curve: { w: number; loss: number }[];
    slopes: { w: number; loss: number; slope: number }[];
  }
> {
  const device = createReferenceDevice();
  const parameters = new Parameters(device, [
    { name: "conv.w", shape: [3, 3, 1, 2] },
    { name: "conv.b", shape: [2] },
    { name: "dense.w", shape: [8, CLASSES] },
    { name: "dense.b", shape: [CLASSES] },
  ]);
  const random = new Random(5), normal = (length: number) => Float32Array.from({ length }, () => random.normal());
  const values = { "conv.w": normal(18), "conv.b": normal(2), "dense.w": normal(24), "dense.b": normal(CLASSES) };
  const image = normal(BATCH * 16),
    labels = oneHot(Array.from({ length: BATCH }, (_, row) => row % CLASSES), CLASSES);
  const metrics = device.allocate(METRICS.length, "the loss");

  /** Loss and slope at weight w. */
  const at = async (w: number) => {
    parameters.write({ ...values, "conv.w": values["conv.w"].with(MOVED, w) });
    device.fill({ x: metrics, length: METRICS.length, value: 0 });
    const tape = new Tape(device), x = tape.input([BATCH, 4, 4, 1]), targets = tape.input([BATCH, CLASSES]);
    device.write(x.buffer, image);
    device.write(targets.buffer, labels);
    const p = (name: string) => parameters.get(name);
    const h = tape.maxPool(tape.conv2d(x, p("conv.w"), p("conv.b"), { relu: true }));
    const logits = tape.dense(h, p("dense.w"), p("dense.b"), { relu: false });
    tape.softmaxCrossEntropy(logits, targets, { count: BATCH, step: 1, metrics });
    tape.backward();
    tape.release();
    const slope = (await parameters.read(parameters.gradients))["conv.w"][MOVED];
    return { loss: (await device.read(metrics))[METRICS.loss] / BATCH, slope };
  };

  const curve: { w: number; loss: number }[] = [], slopes: { w: number; loss: number; slope: number }[] = [];
  for (let w = -3; w <= 3.001; w += 0.05) curve.push({ w: round(w), loss: round((await at(w)).loss) });
  for (const w of PLACES) slopes.push({ w, ...await at(w) });
  return { network: { image, labels, values, moved: MOVED }, curve, slopes };
}

/** Draws the figure. */
export async function tapeFigure(): Promise<string> {
  const { curve, slopes } = await tapeSlopes();
  const tangents: { w: number; loss: number; tangent: number; middle: boolean }[] = [];
  for (const [tangent, { w, loss, slope }] of slopes.entries()) {
    for (const d of [-0.5, 0, 0.5]) {
      tangents.push({ w: round(w + d), loss: round(loss + d * slope), tangent, middle: d === 0 });
    }
  }
  const x = { field: "w", type: "quantitative", title: "one weight of the convolution", axis: { grid: false } };
  const y = { field: "loss", type: "quantitative", title: "loss, nats", scale: { zero: false }, axis: { grid: false } };
  return await draw({
    width: WIDTH,
    height: 150,
    layer: [
      { data: { values: curve }, mark: { type: "line", color: BLUE }, encoding: { x, y } },
      {
        data: { values: tangents },
        mark: { type: "line", color: RED, strokeWidth: 2 },
        encoding: { x, y, detail: { field: "tangent", type: "nominal" } },
      },
      {
        data: { values: tangents.filter(({ middle }) => middle) },
        mark: { type: "point", color: RED, filled: true, size: 36, opacity: 1 },
        encoding: { x, y },
      },
    ],
  });
}
