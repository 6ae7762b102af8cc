/** Inside: each layer of the network as pictures of its channels, for the segment under Listen's cursor, and how it was made. */
import { frontEnd } from "../../../dsp/settings.ts";
import type { LayerView } from "../../engine/protocol.ts";
import { button, el } from "../dom.ts";
import type { App, View } from "../view.ts";
import { channelPicture, filterPicture, mosaic } from "./pictures.ts";

export function insideView(app: App): View {
  const lead = el("p", { class: "lead" });
  const layers = el("div", { class: "layers", role: "group", "aria-label": "Layers" });
  const detail = el("aside", { class: "card detail", "aria-label": "The chosen layer" });
  const again = button("Look again", () => look(), { id: "look" });
  const total = el("span", { class: "device-line num", id: "inside-total" });
  const element = el(
    "section",
    { "aria-label": "Inside" },
    lead,
    el("div", { class: "bar" }, again, total),
    el("div", { class: "inside" }, layers, detail),
  );
  let views: LayerView[] = [], chosen = 0, channel = 0, looking = false, seen = "";

  async function look(): Promise<void> {
    if (looking) return;
    looking = again.disabled = true;
    try {
      await app.device();
      if (!await app.model()) throw new Error("This page was built without a model: there is no network to look into.");
      if (!app.heard) {
        const { samples, name } = await app.engine.ask("example", 0);
        const heard = await app.engine.ask("hear", { samples, sampleRate: frontEnd.sampleRate });
        app.heard = { name: `${name} (synthetic)`, heard, cursor: heard.seconds / 2 };
      }
      const { heard, cursor, name } = app.heard;
      lead.textContent = `${name}, the third of a second around ${
        cursor.toFixed(2)
      } s: what each layer makes of it, from the sound to the emotion. The deeper the colour, the larger the value.`;
      views = await app.engine.ask("inside", framesAt(heard.frames, cursor));
      seen = `${name} ${cursor}`;
      const seconds = views.reduce((sum, view) => sum + view.seconds, 0);
      const flops = views.reduce((sum, view) => sum + view.flops, 0);
      total.textContent = `${views.length} layers: ${time(seconds)} for ${views[0].batch} segments, ${
        (flops / seconds / 1e9).toFixed(1)
      } GFLOP/s`;
      showLayers();
    } catch (error) {
      app.fail(error);
    } finally {
      looking = again.disabled = false;
    }
  }

  function showLayers(): void {
    layers.replaceChildren(...views.map((view, i) => {
      const canvas = el("canvas", { "aria-hidden": "true" });
      const one = el(
        "button",
        { type: "button", "aria-pressed": String(i === chosen), onclick: () => choose(i) },
        canvas,
        el("b", {}, view.name),
        el("small", { class: "num" }, view.shape.join(" × ")),
        el("small", { class: "num" }, `${time(view.seconds)}${view.flops > 0 ? `, ${rate(view)}` : ""}`),
      );
      mosaic(canvas, view);
      return one;
    }));
    showDetail();
  }

  function choose(i: number): void {
    [...layers.children].forEach((one, at) => one.setAttribute("aria-pressed", String(at === i)));
    [chosen, channel] = [i, 0];
    showDetail();
  }

  function showDetail(): void {
    const view = views[chosen];
    if (!view) return;
    const channels = view.shape.at(-1)!, convolution = view.kernel === "conv2d" && view.weights !== undefined;
    const one = el("canvas", { role: "img" }), filters = el("canvas", { role: "img" });
    const number = el("input", { type: "range", min: 0, max: channels - 1, value: channel, id: "channel" });
    const label = el("span", { class: "num" });
    const draw = () => {
      const word = view.shape.length === 3 ? "channel" : "unit";
      label.textContent = `${word} ${channel + 1} of ${channels}`;
      number.setAttribute("aria-valuetext", label.textContent);
      channelPicture(one, view, channel);
      one.setAttribute("aria-label", `Activations of ${view.name}, ${label.textContent}`);
      if (!convolution) return;
      filterPicture(filters, view.weights!, channel);
      filters.setAttribute("aria-label", `The filter of ${view.name}, ${label.textContent}`);
    };
    number.addEventListener("input", () => {
      channel = Number(number.value);
      draw();
    });
    const made = view.sources.map(({ name, text }) => {
      const listing = el("pre", { tabindex: 0, "aria-label": name });
      const details = el("details", {}, el("summary", {}, name), listing);
      details.addEventListener("toggle", () => listing.textContent = details.open ? text : "");
      return details;
    });
    detail.replaceChildren(
      el("h2", {}, view.name),
      one,
      el("label", { class: "field" }, label, number),
      ...(convolution
        ? [
          el(
            "small",
            { class: "device-line" },
            `Its filter: 3 × 3 for each of ${view.weights!.shape[2]} channels; blue adds, red takes away.`,
          ),
          filters,
        ]
        : []),
      el(
        "dl",
        { class: "num" },
        ...rows([
          ["kernel", view.kernel],
          ["output", view.shape.join(" × ")],
          ["weights", view.weights ? view.weights.shape.join(" × ") : "none"],
          ["time", `${time(view.seconds)} for ${view.batch} segments`],
          ...(view.flops > 0 ? [["speed", rate(view)] as const] : []),
        ]),
      ),
      ...made,
    );
    draw();
    // a click on the mosaic's channel is a choice of it
    const mosaicCanvas = layers.children[chosen]?.querySelector("canvas");
    mosaicCanvas?.addEventListener("click", (event) => {
      const side = Math.ceil(Math.sqrt(channels));
      const { width, height } = mosaicCanvas.getBoundingClientRect(), rows = Math.ceil(channels / side);
      const at = Math.floor(event.offsetY / height * rows) * side + Math.floor(event.offsetX / width * side);
      if (at >= channels) return;
      channel = at;
      number.value = String(at);
      draw();
    });
  }

  return {
    id: "inside",
    title: "Inside",
    element,
    shown() {
      if (views.length === 0 || (app.heard && seen !== `${app.heard.name} ${app.heard.cursor}`)) look();
    },
    deviceChanged() {
      views = [];
      if (!element.hidden) look();
    },
  };
}

function framesAt(frames: Float32Array, cursor: number): Float32Array {
  const { nMels, segmentFrames, hopLength, sampleRate } = frontEnd, count = frames.length / nMels;
  const middle = Math.round(cursor * sampleRate / hopLength), first = middle - segmentFrames / 2;
  const from = Math.max(0, Math.min(count - segmentFrames, first)) * nMels;
  return frames.slice(from, from + segmentFrames * nMels);
}

const rows = (pairs: readonly (readonly [string, string])[]) =>
  pairs.flatMap(([name, value]) => [el("dt", {}, name), el("dd", {}, value)]);
const rate = ({ flops, seconds }: LayerView) => `${(flops / seconds / 1e9).toFixed(1)} GFLOP/s`;
const time = (seconds: number) =>
  seconds < 1e-3 ? `${(1e6 * seconds).toFixed(0)} µs` : `${(1e3 * seconds).toFixed(2)} ms`;
