/**
 * Chapter 6: predictions of one tree and of a hundred trees over a plane, learned from the same sixty samples of two
 * classes.
 */
import { Buffer } from "node:buffer";
import { RandomForest } from "../forest/forest.ts";
import { Random } from "../kernels/random.ts";
import { draw, type Plot } from "../report/figures/draw.ts";
import { encodePng } from "../report/figures/png.ts";
import { BLUE, RED, round } from "./style.ts";

const SAMPLES = 60, PIXELS = 60, SIDE = 128;

/** Draws the figure. */
export async function forestFigure(): Promise<string> {
  const random = new Random(11), x = new Float32Array(2 * SAMPLES), y = new Uint8Array(SAMPLES);
  for (let i = 0; i < SAMPLES; i++) {
    y[i] = i % 2;
    x[2 * i] = 0.5 + (y[i] ? 0.13 : -0.13) + 0.15 * random.normal();
    x[2 * i + 1] = 0.5 + (y[i] ? 0.1 : -0.1) + 0.17 * random.normal();
  }
  const forest = RandomForest.fit(x, y, { features: 2, classes: 2, seed: 1 });
  const one = new RandomForest([forest.trees[0]]);
  return await draw({ spacing: 14, hconcat: [plane("one tree", one, x, y), plane("the mean of 100", forest, x, y)] });
}

function plane(title: string, forest: RandomForest, x: Float32Array, y: Uint8Array): Plot {
  const grid = Float32Array.from({ length: 2 * PIXELS * PIXELS }, (_, i) => {
    const pixel = i >> 1, at = i % 2 === 0 ? pixel % PIXELS : PIXELS - 1 - Math.floor(pixel / PIXELS);
    return (at + 0.5) / PIXELS;
  });
  const blue = forest.predictProbabilities(grid).filter((_, i) => i % 2 === 1);
  const png = encodePng(blue.map((p) => 0.75 * p), PIXELS, PIXELS, [47, 127, 193]);
  const url = `data:image/png;base64,${Buffer.from(png).toString("base64")}`;
  const scale = { domain: [0, 1] }, axis = { grid: false, values: [0, 0.5, 1] };
  const samples = Array.from(y, (own, i) => ({ a: round(x[2 * i]), b: round(x[2 * i + 1]), colour: own ? BLUE : RED }));
  return {
    title,
    width: SIDE,
    height: SIDE,
    layer: [
      {
        data: { values: [{ url, from: 0, to: 1 }] },
        mark: { type: "image", aspect: false },
        encoding: {
          url: { field: "url", type: "nominal" },
          x: { field: "from", type: "quantitative", scale, axis, title: "a number of the profile" },
          x2: { field: "to" },
          y: { field: "from", type: "quantitative", scale, axis, title: null },
          y2: { field: "to" },
        },
      },
      {
        data: { values: samples },
        mark: { type: "point", filled: true, size: 22, opacity: 1, stroke: "#fff", strokeWidth: 0.6, clip: true },
        encoding: {
          x: { field: "a", type: "quantitative", scale },
          y: { field: "b", type: "quantitative", scale },
          fill: { field: "colour", type: "nominal", scale: null },
        },
      },
    ],
  };
}
