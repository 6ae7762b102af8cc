/**
 * One layer of the network and one of its channels: its output for the segment, the filter that computes it, the
 * kernel, and its source.
 */
import type { InsideView, LayerView, Weights } from "../../engine/protocol.ts";
import { el } from "../dom.ts";
import { channelPicture, filterPicture, type Locate, unitsPicture, weightsPicture } from "./pictures.ts";

/** Shown until there is a number under the pointer. */
const POINT = "Point at the picture to read its numbers.";

/** The chosen layer. */
export class Detail {
  readonly element = el("aside", { class: "card detail", "aria-label": "The chosen layer" });
  readonly #weightsOf: (layer: string) => Promise<Weights | undefined>;
  #redraw = () => {};

  /** @param weightsOf returns a layer's weights */
  constructor(weightsOf: (layer: string) => Promise<Weights | undefined>) {
    this.#weightsOf = weightsOf;
  }

  /** Shows a layer and one of its channels or units. `onChannel` receives the chosen one. */
  show(inside: InsideView, layer: LayerView, channel: number, onChannel: (channel: number) => void): void {
    const { shape, values, weights: weightShape, name } = layer, channels = shape[shape.length - 1];
    const last = layer === inside.layers[inside.layers.length - 1], flat = shape.length === 1;
    const picture = el("canvas", { role: "img", class: flat ? "units" : "" }), told = el("dl", { class: "num" });
    const under = el("p", { class: "num under-pointer", id: "inside-value" });
    const label = el("span", { class: "num" });
    const slider = el("input", { type: "range", min: 0, max: channels - 1, value: channel, id: "channel" });
    const all = el("canvas", { role: "img", id: "weights", class: "clickable" });
    const filter = el("canvas", { role: "img", id: "filter" }), bias = el("p", { class: "num" });
    let weights: Weights | undefined, locate: Locate = () => undefined, locateFilter: Locate = () => undefined;

    const draw = () => {
      const number = `${flat ? "unit" : "channel"} ${channel + 1} of ${channels}`;
      label.textContent = last ? `${inside.emotions[channel]}: ${number}` : number;
      slider.value = String(channel);
      slider.setAttribute("aria-valuetext", label.textContent);
      const own = values.filter((_, i) => i % channels === channel);
      told.replaceChildren(...rows(
        flat
          ? [["value", figure(own[0])]]
          : [["largest", figure(Math.max(...own))], ["mean", figure(own.reduce((a, b) => a + b) / own.length)]],
      ));
      locate = flat ? unitsPicture(picture, layer, channel) : channelPicture(picture, layer, channel);
      picture.setAttribute("aria-label", `Activations of ${name}, ${label.textContent}`);
      under.textContent = POINT;
      if (!weights) return;
      locateFilter = weightsPicture(all, weights, channel);
      all.setAttribute("aria-label", `All weights of ${name}`);
      filterPicture(filter, weights, channel);
      filter.setAttribute("aria-label", `The weights that make ${label.textContent}`);
      bias.textContent = `bias ${figure(weights.bias[channel])}`;
    };
    this.#redraw = draw;
    const choose = (chosen: number | undefined) => {
      if (chosen === undefined) return;
      onChannel(channel = chosen);
      draw();
    };
    slider.addEventListener("input", () => choose(Number(slider.value)));
    all.addEventListener("click", (event) => choose(locateFilter(event)));
    if (flat) picture.addEventListener("click", (event) => choose(locate(event)));
    picture.addEventListener("pointermove", (event) => {
      const at = locate(event);
      if (at === undefined) under.textContent = POINT;
      else if (flat) under.textContent = `unit ${at + 1}: ${figure(values[at])}`;
      else {
        const [row, column] = [Math.floor(at / shape[1]), at % shape[1]];
        under.textContent = `row ${row + 1} from below, column ${column + 1}: ${
          figure(values[at * channels + channel])
        }`;
      }
    });
    picture.addEventListener("pointerleave", () => under.textContent = POINT);

    this.element.replaceChildren(
      el("h2", {}, name),
      el("p", {}, idea(layer, last, inside.folded)),
      ...(last ? [emotionTable(inside)] : [el("div", { class: "picture" }, picture, told), under]),
      el("label", { class: "field" }, label, slider),
      ...(weightShape ? [weightsPart(weightShape, all, filter, bias)] : []),
      el("dl", { class: "num" }, ...rows(figures(layer))),
      ...layer.sources.map((place) => listing(inside.sources[place])),
    );
    draw();
    if (!weightShape) return;
    this.#weightsOf(name).then((found) => {
      weights = found;
      if (slider.isConnected) draw();
    });
  }

  /** Redraws it in the theme's colours. */
  redraw(): void {
    this.#redraw();
  }
}

/** Describes a layer. */
function idea({ name, kernels }: LayerView, last: boolean, folded: boolean): string {
  if (name.startsWith("pool")) return "The largest of each 2 × 2 numbers.";
  if (last) return "A number for each emotion. Softmax turns them into probabilities.";
  if (name.startsWith("dense")) {
    return "Each unit is a weighted sum of all numbers of the layer before, then ReLU: negative values become zero.";
  }
  const norm = kernels.includes("normalise")
    ? ", then a batch norm"
    : folded
    ? ", with the batch norm that it was trained with folded into its weights"
    : "";
  return `Each channel is a 3 × 3 filter over all channels of the layer before${norm}, then ReLU: negative values become zero.`;
}

function weightsPart(shape: readonly number[], all: HTMLCanvasElement, filter: HTMLCanvasElement, bias: HTMLElement) {
  const convolution = shape.length === 4;
  const hint = convolution
    ? `All filters: click one to see it, 3 × 3 for each of ${shape[2]} channel${shape[2] === 1 ? "" : "s"}.`
    : `The weights of all units: click one's to see them, one for each of ${shape[0]} numbers.`;
  return el(
    "div",
    {},
    el("p", {}, `${hint} Blue is positive, red is negative.`),
    el("div", { class: "weights" }, all, filter),
    bias,
  );
}

/** The last layer in words. */
function emotionTable({ layers, emotions }: InsideView): HTMLElement {
  const logits = layers[layers.length - 1].values, shares = softmax(logits);
  const cells = [...logits].map((logit, k) =>
    el(
      "tr",
      {},
      el("th", { scope: "row" }, emotions[k]),
      el("td", { class: "n" }, figure(logit)),
      el("td", { class: "n" }, `${(100 * shares[k]).toFixed(1)} %`),
    )
  );
  const head = ["emotion", "logit", "probability"].map((text, i) =>
    el("th", { scope: "col", class: i > 0 ? "n" : "" }, text)
  );
  return el("table", { id: "inside-emotions" }, el("thead", {}, el("tr", {}, ...head)), el("tbody", {}, ...cells));
}

/** Probabilities of logits. */
export function softmax(logits: Float32Array): Float32Array {
  const most = Math.max(...logits), powers = logits.map((z) => Math.exp(z - most));
  const sum = powers.reduce((a, b) => a + b);
  return powers.map((p) => p / sum);
}

function figures(layer: LayerView): (readonly [string, string])[] {
  const { kernels, winograd, shape, weights, seconds, batch, flops } = layer;
  return [
    ["kernel", `${kernels.join(", ")}${winograd ? ", by Winograd's algorithm" : ""}`],
    ["output", shape.join(" × ")],
    ["weights", weights ? weights.join(" × ") : "none"],
    ["time", `${time(seconds)} for ${batch} segments`],
    ...(flops > 0 ? [["speed", rate(flops, seconds)] as const] : []),
  ];
}

/** A listing that is added to the page on demand, since some are long. */
function listing({ name, text, compiled }: InsideView["sources"][number]): HTMLElement {
  const code = el("pre", { tabindex: 0, role: "region", "aria-label": name });
  const details = el("details", {}, el("summary", {}, `${compiled ? "As compiled: " : ""}${name}`), code);
  details.addEventListener("toggle", () => code.textContent = details.open ? text : "");
  return details;
}

const rows = (pairs: readonly (readonly [string, string])[]) =>
  pairs.flatMap(([name, value]) => [el("dt", {}, name), el("dd", {}, value)]);

/** A number with three significant digits. */
function figure(value: number): string {
  if (value === 0) return "0";
  const size = Math.abs(value);
  return size >= 1000 ? value.toFixed(0) : size < 1e-4 ? value.toExponential(2) : value.toPrecision(3);
}

/** A speed in words. */
export const rate = (flops: number, seconds: number): string => `${figure(flops / seconds / 1e9)} GFLOP/s`;
/** A time in words. */
export const time = (seconds: number): string =>
  seconds < 1e-3 ? `${figure(1e6 * seconds)} µs` : `${figure(1e3 * seconds)} ms`;
