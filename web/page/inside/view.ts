/**
 * Inside: each layer of the network as pictures of its channels, for the segment at Listen's cursor, with details of
 * its computation.
 */
import type { FrontEnd } from "../../../dsp/settings.ts";
import type { InsideView, LayerView, Recognition, Weights } from "../../engine/protocol.ts";
import { button, el } from "../dom.ts";
import type { App, PageView } from "../view.ts";
import { Detail, rate, softmax, time } from "./detail.ts";
import { type Locate, mosaic } from "./pictures.ts";

/** Width of a layer's picture divided by its height. */
const ASPECT = 1.15;

/** The inspected moment of a recording, and the number of the device's opening. */
interface Place {
  recognition?: Recognition;
  cursor?: number;
  devices: number;
}

export function insideView(app: App): PageView {
  const lead = el(
    "p",
    { class: "lead", id: "inside-lead" },
    "What each layer of the network makes of the segment under Listen's cursor, from the sound to the emotion. The deeper the colour, the larger the number.",
  );
  const layers = el("div", { class: "layers", role: "group", "aria-label": "Layers" });
  const again = button("Look again", () => look(), { id: "look" });
  const total = el("span", { class: "device-line num", role: "status", id: "inside-total" });
  const weights = new Map<string, Promise<Weights | undefined>>();
  const detail = new Detail((layer) => {
    if (!weights.has(layer)) weights.set(layer, app.engine.ask("weights", layer).catch(() => undefined));
    return weights.get(layer)!;
  });
  const element = el(
    "section",
    { "aria-label": "Inside" },
    lead,
    el("div", { class: "bar" }, again, total),
    el("div", { class: "inside" }, layers, detail.element),
  );
  let inside: InsideView | undefined, seen: Place | undefined, chosen = 0, channel = 0, devices = 0, looking = false;
  let pictures: (() => void)[] = [];

  const place = (): Place => ({ recognition: app.recognition?.recognition, cursor: app.recognition?.cursor, devices });
  const stale = () => {
    const now = place();
    return !seen || seen.devices !== now.devices || seen.recognition !== now.recognition || seen.cursor !== now.cursor;
  };

  /** Looks inside, and again if cursor or device have changed meanwhile. */
  async function look(): Promise<void> {
    if (looking) return;
    looking = again.disabled = true;
    total.textContent = "Looking…";
    try {
      do {
        await app.device();
        const model = await app.model();
        if (!model) throw new Error("This page was built without a model, so there is no network to show.");
        const { frontEnd } = model;
        if (!app.recognition) {
          const { samples, name } = await app.engine.ask("example", 0);
          const recognition = await app.engine.ask("recognise", { samples, sampleRate: frontEnd.sampleRate });
          app.recognition ??= { name: `${name} (synthetic)`, recognition, cursor: recognition.seconds / 2 };
        }
        const { recognition, cursor, name } = app.recognition;
        seen = place();
        inside = await app.engine.ask("inside", framesAt(recognition.frames, cursor, frontEnd));
        lead.textContent = `${name}, the segment around ${
          cursor.toFixed(2)
        } s: what each layer makes of it, from the sound to the emotion. The deeper the colour, the larger the number.`;
        const all = inside.layers, seconds = sum(all, (layer) => layer.seconds);
        total.textContent = `${all.length} layers: ${time(seconds)} for ${all[0].batch} segments, ${
          rate(sum(all, (layer) => layer.flops), seconds)
        }`;
        showLayers(inside);
      } while (stale() && !element.hidden);
    } catch (error) {
      total.textContent = "";
      app.fail(error);
    } finally {
      looking = again.disabled = false;
    }
  }

  function showLayers({ layers: all }: InsideView): void {
    const focused = [...layers.children].indexOf(document.activeElement!);
    const drawn = all.map((layer, i) =>
      tile(layer, i === all.length - 1, (at) => {
        choose(i, at);
        layers.children[i].scrollIntoView({ block: "nearest", inline: "nearest" });
      })
    );
    pictures = drawn.map(({ draw }) => draw);
    layers.replaceChildren(...drawn.map(({ element }) => element));
    chosen = Math.min(chosen, all.length - 1);
    if (focused >= 0) (layers.children[focused] as HTMLElement)?.focus();
    choose(chosen, channel);
    redraw();
  }

  function choose(i: number, at: number): void {
    [...layers.children].forEach((one, at) => one.setAttribute("aria-pressed", String(at === i)));
    const layer = inside!.layers[i];
    [chosen, channel] = [i, Math.min(at, layer.shape[layer.shape.length - 1] - 1)];
    detail.show(inside!, layer, channel, (now) => channel = now);
  }

  function redraw(): void {
    pictures.forEach((draw) => draw());
    detail.redraw();
  }

  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
  return {
    id: "inside",
    title: "Inside",
    element,
    shown() {
      if (stale()) look();
    },
    deviceChanged() {
      devices++;
      if (!element.hidden) look();
    },
  };
}

/** A layer's button: its channels, its name and shape, its speed. A click on a channel also chooses the channel. */
function tile(layer: LayerView, last: boolean, onChoose: (channel: number) => void) {
  const canvas = el("canvas", { "aria-hidden": "true" });
  let locate: Locate = () => undefined;
  const element = el(
    "button",
    {
      type: "button",
      onclick: (event: MouseEvent) => onChoose((event.target === canvas ? locate(event) : undefined) ?? 0),
    },
    canvas,
    el("b", {}, layer.name),
    el("small", { class: "num" }, layer.shape.join(" × ")),
    el("small", { class: "num" }, time(layer.seconds)),
    ...(layer.flops > 0 ? [el("small", { class: "num" }, rate(layer.flops, layer.seconds))] : []),
  );
  const shown = last ? { ...layer, values: softmax(layer.values) } : layer;
  return { element, draw: () => locate = mosaic(canvas, shown, ASPECT) };
}

/** The segment around a moment, as cut by the model's front end: [segmentFrames, nMels]. */
function framesAt(
  frames: Float32Array,
  cursor: number,
  { nMels, segmentFrames, hopLength, sampleRate }: FrontEnd,
): Float32Array {
  const count = frames.length / nMels;
  const middle = Math.round(cursor * sampleRate / hopLength), first = middle - segmentFrames / 2;
  const from = Math.max(0, Math.min(count - segmentFrames, first)) * nMels;
  return frames.slice(from, from + segmentFrames * nMels);
}

const sum = (layers: readonly LayerView[], of: (layer: LayerView) => number) =>
  layers.reduce((total, layer) => total + of(layer), 0);
