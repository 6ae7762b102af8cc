/**
 * Live figures beside the chapters: frames under the pointer (1), a sliding kernel (2), the tape forward and back (3), descent and Adam
 * with adjustable rates (4), refined labels (5), a growing tree (6), the ladder, timed (7). Those of chapters 8 and 9 are in Inside.
 * Everything is computed here, by the code that the chapter describes; text explains the drawing.
 */
import { RandomForest } from "../../../forest/forest.ts";
import { Random } from "../../../kernels/random.ts";
import { reference } from "../../../kernels/reference.ts";
import { el, oncePerFrame, sharpen, slider, themeColour } from "../dom.ts";
import type { App } from "../view.ts";
import { framesMove } from "./frames.ts";
import { labelsRefine } from "./labels.ts";
import { ladderClimbs } from "./ladder.ts";

/** Another view that shows the same in more detail. */
const ELSEWHERE: Record<string, [view: string, words: string]> = {
  "1_frames": ["listen", "Listen: the frames of a recording of your own."],
  "5_labels": ["train", "Train: the same with VGG-E networks and synthetic speech."],
  "7_speed": ["bench", "Bench: the GPU's ladder, and every kernel of a training step."],
  "8_step": ["inside", "Inside: what each layer makes of a segment."],
  "9_layer": ["inside", "Inside: the kernels that run, and their texts."],
};

/** Functions that create a chapter's figure. */
const FIGURES: Record<string, (app: App) => Node[]> = {
  "1_frames": framesMove,
  "2_convolution": kernelSlides,
  "3_tape": tapeRuns,
  "4_adam": adamWalks,
  "5_labels": labelsRefine,
  "6_forest": treeGrows,
  "7_speed": ladderClimbs,
};

/** The live figure of a chapter; undefined if it has none. */
export function liveFor(name: string, app: App): HTMLElement | undefined {
  const nodes = FIGURES[name]?.(app) ?? [], [view, words] = ELSEWHERE[name] ?? [];
  if (words) nodes.push(el("p", {}, nodes.length > 0 ? "More in " : "Live: ", el("a", { href: `#${view}` }, words)));
  if (nodes.length === 0) return;
  return el("figure", { class: "card live", "data-live": name }, ...nodes);
}

/** A square of numbers as a table of the page. */
function numbers(title: string, values: ArrayLike<number>, side: number, marked: (i: number) => boolean): HTMLElement {
  const rows = Array.from({ length: side }, (_, row) =>
    el(
      "tr",
      {},
      ...Array.from({ length: side }, (_, column) => {
        const i = row * side + column;
        return el("td", { class: marked(i) ? "marked" : "" }, String(values[i]));
      }),
    ));
  return el("table", { class: "numbers" }, el("caption", {}, title), el("tbody", {}, ...rows));
}

function kernelSlides(): Node[] {
  const side = 5, shape = { batch: 1, height: side, width: side, channelsIn: 1, channelsOut: 1 };
  const x = Float64Array.from({ length: 25 }, (_, i) => i % side >= 2 ? 1 : 0), y = new Float64Array(25);
  const weights = Float64Array.of(-1, 0, 1, -2, 0, 2, -1, 0, 1);
  reference.conv2d({ ...shape, x, weights, bias: new Float64Array(1), y, relu: false });
  const tables = el("div", { class: "tables" }), words = el("figcaption", { role: "status" });
  const place = slider("Place of the kernel", [0, 24, 1, 11], draw);
  function draw(): void {
    const at = place.at(), row = Math.floor(at / side), column = at % side, products: string[] = [];
    const under = (i: number) => Math.abs(Math.floor(i / side) - row) <= 1 && Math.abs(i % side - column) <= 1;
    for (let tap = 0; tap < 9; tap++) {
      const [r, c] = [row + Math.floor(tap / 3) - 1, column + tap % 3 - 1];
      const inside = r >= 0 && r < side && c >= 0 && c < side;
      if (inside && weights[tap] !== 0) products.push(`${x[r * side + c]} · ${weights[tap]}`);
    }
    tables.replaceChildren(
      numbers("x", x, side, under),
      numbers("the kernel", weights, 3, () => false),
      numbers("y", y, side, (i) => i === at),
    );
    words.textContent = `Row ${row + 1}, column ${column + 1}: ${products.join(" + ")} = ${y[at]}`;
  }
  draw();
  return [el("div", { class: "bar" }, place.field), tables, words];
}

/** The tape of chapter 3's network: what each operation records, and what it passes back. */
const TAPE: readonly [forward: string, back: string][] = [
  [
    "conv2d: x [4, 4, 4, 1] → [4, 4, 4, 2]",
    "passes dy on to its weights and bias; x is the sound and needs no gradient",
  ],
  ["maxPool → [4, 2, 2, 2]", "each gradient goes to the place of the largest value"],
  ["dense → logits [4, 3]", "dy to the weights (x^T dy), to the bias (column sums), to x (dy w^T)"],
  ["softmaxCrossEntropy → the loss", "begins: (p - label) / 4"],
];

function tapeRuns(): Node[] {
  const list = el("ol", { class: "tape" }), words = el("figcaption", { role: "status" }), last = TAPE.length;
  const step = slider("Step", [0, 2 * last, 1, 0], draw);
  function draw(): void {
    const at = step.at(), recorded = Math.min(at, last), done = Math.max(0, at - last);
    list.replaceChildren(...TAPE.map(([forward, back], i) => {
      const gone = i >= last - done, written = i < recorded;
      return el("li", { class: gone ? "back" : written ? "written" : "" }, gone ? `${forward}; ${back}` : forward);
    }));
    words.textContent = at === 0
      ? "The tape is empty."
      : at <= last
      ? `Forward: ${recorded} of ${last} operations have run, and each has written a closure on the tape.`
      : `Backward: ${done} of ${last} closures have run, the last one first.`;
  }
  draw();
  return [el("div", { class: "bar" }, step.field), list, words];
}

function adamWalks(): Node[] {
  const canvas = el("canvas", { role: "img", "aria-label": "Paths down a valley: the gradient alone, and Adam" });
  const words = el("figcaption", { role: "status" });
  const steep = 40, draw = oncePerFrame(paint);
  const plain = slider("Rate of the gradient alone", [0.005, 0.06, 0.001, 0.045], draw);
  const adam = slider("Rate of Adam", [0.02, 0.6, 0.02, 0.3], draw), steps = slider("Steps", [1, 100, 1, 60], draw);
  const height = ([a, b]: number[]) => (a * a + steep * b * b) / 2;

  /** Both paths, [steps + 1, 2]. */
  function walk(): [number[][], number[][]] {
    const [down, by] = [[[-4.5, 1.2]], [[-4.5, 1.2]]],
      w = Float64Array.of(-4.5, 1.2),
      m = new Float64Array(2),
      v = new Float64Array(2);
    for (let t = 1; t <= steps.at(); t++) {
      const [a, b] = down[t - 1];
      down.push([a - plain.at() * a, b - plain.at() * steep * b]);
      const rate = adam.at() * Math.sqrt(1 - 0.999 ** t) / (1 - 0.9 ** t);
      const gradients = Float64Array.of(w[0], steep * w[1]);
      reference.adam({ weights: w, gradients, m, v, length: 2, rate, beta1: 0.9, beta2: 0.999, epsilon: 1e-7 });
      by.push([...w]);
    }
    return [down, by];
  }

  function paint(): void {
    const [down, by] = walk(), { pen, width, height: tall } = sharpen(canvas);
    const at = ([a, b]: number[]) => [(a + 5) / 7 * width, (1.4 - b) / 2.8 * tall] as const;
    pen.strokeStyle = themeColour("line");
    for (const level of [0.5, 2, 5, 10, 20, 35]) {
      const radius = Math.sqrt(2 * level), [x, y] = at([0, 0]);
      pen.beginPath();
      pen.ellipse(x, y, radius / 7 * width, radius / Math.sqrt(steep) / 2.8 * tall, 0, 0, 2 * Math.PI);
      pen.stroke();
    }
    for (const [path, colour] of [[down, themeColour("fault")], [by, themeColour("accent")]] as const) {
      [pen.strokeStyle, pen.fillStyle] = [colour, colour];
      pen.beginPath();
      path.forEach((point) => pen.lineTo(...at(point)));
      pen.stroke();
      for (const point of path) pen.fillRect(at(point)[0] - 1.5, at(point)[1] - 1.5, 3, 3);
    }
    const say = (path: number[][]) => {
      const h = height(path[path.length - 1]);
      return h > 1e3 ? "has diverged" : `is at a height of ${h.toPrecision(2)}`;
    };
    words.textContent = `After ${steps.at()} steps the gradient alone (red), rate ${plain.at()}, ${say(down)}; ` +
      `Adam (blue), rate ${adam.at()}, ${say(by)}.`;
  }
  new ResizeObserver(draw).observe(canvas);
  return [el("div", { class: "bar" }, plain.field, adam.field, steps.field), canvas, words];
}

function treeGrows(): Node[] {
  const canvas = el("canvas", {
    class: "square",
    role: "img",
    "aria-label": "What the trees decide at each point of a plane",
  });
  const words = el("figcaption", { role: "status" }), n = 60, pixels = 40, draw = oncePerFrame(paint);
  const random = new Random(11), x = new Float32Array(2 * n), y = Uint8Array.from({ length: n }, (_, i) => i % 2);
  for (let i = 0; i < n; i++) {
    x[2 * i] = 0.5 + (y[i] ? 0.13 : -0.13) + 0.15 * random.normal();
    x[2 * i + 1] = 0.5 + (y[i] ? 0.1 : -0.1) + 0.17 * random.normal();
  }
  const grid = Float32Array.from({ length: 2 * pixels ** 2 }, (_, i) => {
    const pixel = i >> 1;
    return ((i % 2 === 0 ? pixel % pixels : pixels - 1 - Math.floor(pixel / pixels)) + 0.5) / pixels;
  });
  const depth = slider("Questions deep", [0, 10, 1, 2], draw), trees = slider("Trees", [1, 100, 1, 1], draw);
  function paint(): void {
    const forest = RandomForest.fit(x, y, {
      features: 2,
      classes: 2,
      seed: 1,
      trees: trees.at(),
      maxDepth: depth.at(),
    });
    const said = forest.predictProbabilities(grid), { pen, width, height } = sharpen(canvas);
    pen.fillStyle = themeColour("accent");
    for (let i = 0; i < pixels ** 2; i++) {
      pen.globalAlpha = 0.75 * said[2 * i + 1];
      // whole pixels, so that neighbours neither overlap nor leave a gap
      const [left, right] = [0, 1].map((end) => Math.round((i % pixels + end) * width / pixels));
      const [top, bottom] = [0, 1].map((end) => Math.round((Math.floor(i / pixels) + end) * height / pixels));
      pen.fillRect(left, top, right - left, bottom - top);
    }
    pen.globalAlpha = 1;
    for (let i = 0; i < n; i++) {
      pen.fillStyle = themeColour(y[i] ? "ink" : "fault");
      pen.fillRect(x[2 * i] * width - 2.5, (1 - x[2 * i + 1]) * height - 2.5, 5, 5);
    }
    const right = forest.predict(x).filter((label, i) => label === y[i]).length;
    words.textContent = `${trees.at()} ${trees.at() === 1 ? "tree" : "trees"}, at most ${depth.at()} questions deep: ` +
      `${right} of the ${n} samples they learned from are right.`;
  }
  new ResizeObserver(draw).observe(canvas);
  return [el("div", { class: "bar" }, depth.field, trees.field), canvas, words];
}
