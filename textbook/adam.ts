/** Chapter 4: sixty steps along a narrow valley, by plain gradient descent and by Adam, which trains EPR's networks. */
import { createReferenceDevice } from "../kernels/reference_device.ts";
import { Adam } from "../nn/adam.ts";
import { Parameters } from "../nn/parameters.ts";
import { draw, type Plot, WIDTH } from "../report/figures/draw.ts";
import { BLUE, GREY, OCHRE, RED, round } from "./style.ts";

/** The valley: (a^2 + STEEP b^2) / 2. */
const STEEP = 40;
const START = [-4.5, 1.2], STEPS = 60;

type Path = { name: string; step: number; a: number; b: number }[];

/** The three paths. */
export async function adamPaths(): Promise<Path[]> {
  return [descend("the gradient, rate 0.045", 0.045), descend("the gradient, rate 0.01", 0.01), await adam(0.3)];
}

/** Draws the figure. */
export async function adamFigure(): Promise<string> {
  const paths = await adamPaths();
  const x = {
    field: "a",
    type: "quantitative",
    title: "one weight",
    axis: { grid: false },
    scale: { domain: [-5, 1] },
  };
  const y = {
    field: "b",
    type: "quantitative",
    title: "another",
    axis: { grid: false },
    scale: { domain: [-1.4, 1.4] },
  };
  const order = { field: "step", type: "quantitative" };
  const names = paths.map(([{ name }]) => name), clip = true;
  const color = {
    field: "name",
    type: "nominal",
    title: null,
    scale: { domain: names, range: [RED, OCHRE, BLUE] },
    legend: { columns: 1, symbolType: "stroke", labelLimit: 240 },
  };
  const layers: Plot[] = [
    {
      data: { values: contours() },
      mark: { type: "line", color: GREY, opacity: 0.6, strokeWidth: 0.8, clip },
      encoding: { x, y, order, detail: { field: "level", type: "nominal" } },
    },
    {
      data: { values: paths.flat() },
      mark: { type: "line", strokeWidth: 1.4, clip, point: { size: 12, filled: true } },
      encoding: { x, y, order, color },
    },
  ];
  return await draw({ width: WIDTH, height: 170, layer: layers });
}

/** Gradient descent: subtracts rate times gradient repeatedly. */
function descend(name: string, rate: number): Path {
  let [a, b] = START;
  return Array.from({ length: STEPS + 1 }, (_, step) => {
    const here = { name, step, a: round(a), b: round(b) };
    [a, b] = [a - rate * a, b - rate * STEEP * b];
    return here;
  });
}

async function adam(rate: number): Promise<Path> {
  const device = createReferenceDevice(), parameters = new Parameters(device, [{ name: "place", shape: [2] }]);
  parameters.write({ place: Float32Array.from(START) });
  const optimiser = new Adam(parameters), path: Path = [];
  for (let step = 0; step <= STEPS; step++) {
    const [a, b] = (await parameters.read()).place;
    path.push({ name: `Adam, rate ${rate}`, step, a: round(a), b: round(b) });
    device.write(parameters.gradients, Float32Array.of(a, STEEP * b));
    optimiser.step(rate);
  }
  return path;
}

/** Lines of equal height. */
function contours() {
  return [0.5, 2, 5, 10, 20, 35].flatMap((level) =>
    Array.from({ length: 73 }, (_, step) => {
      const angle = 2 * Math.PI * step / 72, radius = Math.sqrt(2 * level);
      return { level, step, a: round(radius * Math.cos(angle)), b: round(radius * Math.sin(angle) / Math.sqrt(STEEP)) };
    })
  );
}
