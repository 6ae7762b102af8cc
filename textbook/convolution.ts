/**
 * Chapter 2: a convolution forward, and the gradient of its input, as tables of numbers. Every number comes from the definitions
 * in `kernels/reference.ts`.
 */
import { reference } from "../kernels/reference.ts";
import { draw, type Plot } from "../report/figures/draw.ts";
import { BLUE, RED, round } from "./style.ts";

const SIZE = 5;
const SHAPE = { batch: 1, height: SIZE, width: SIZE, channelsIn: 1, channelsOut: 1 };
/** Detects edges whose brightness rises to the right. */
const KERNEL = [-1, 0, 1, -2, 0, 2, -1, 0, 1];

/** Draws the figure. */
export async function convolutionFigure(): Promise<string> {
  const weights = Float64Array.from(KERNEL), bias = new Float64Array(1);
  const x = Float64Array.from({ length: SIZE * SIZE }, (_, i) => i % SIZE >= 2 ? 1 : 0); // dark left, light right
  const y = new Float64Array(x.length), dx = new Float64Array(x.length);
  reference.conv2d({ ...SHAPE, x, weights, bias, y, relu: false });
  const dy = new Float64Array(x.length);
  dy[2 * SIZE + 2] = 1; // the loss depends on a single output
  reference.conv2dInputGradient({ ...SHAPE, dy, weights, dx });
  return await draw({
    spacing: 16,
    vconcat: [
      { spacing: 14, hconcat: [table("x, the image", x), table("the kernel", weights), table("y, the output", y)] },
      {
        spacing: 14,
        hconcat: [
          table("dy: one output counts", dy),
          table("the kernel, turned", weights.toReversed()),
          table("dx: what it asks of x", dx),
        ],
      },
    ],
  });
}

/** A square table of numbers, with their signs in colour. */
function table(title: string, values: Float64Array): Plot {
  const side = Math.sqrt(values.length), largest = values.reduce((a, v) => Math.max(a, Math.abs(v)), 1);
  const rows = Array.from(values, (value, i) => ({
    column: i % side,
    row: Math.floor(i / side),
    text: String(round(value)),
    colour: value < 0 ? RED : BLUE,
    opacity: round(0.6 * Math.abs(value) / largest, 2),
  }));
  const place = (field: string) => ({ field, type: "ordinal", axis: null });
  return {
    title,
    width: 17 * side,
    height: 17 * side,
    data: { values: rows },
    encoding: { x: place("column"), y: place("row") },
    layer: [
      {
        mark: { type: "rect", strokeOpacity: 0.4, stroke: "currentColor", strokeWidth: 0.5 },
        encoding: {
          fill: { field: "colour", type: "nominal", scale: null },
          fillOpacity: { field: "opacity", type: "quantitative", scale: null },
        },
      },
      { mark: { type: "text", fontSize: 10 }, encoding: { text: { field: "text" } } },
    ],
  };
}
