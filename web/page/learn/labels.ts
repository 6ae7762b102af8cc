/** Chapter 5, live: the chapter's own chain of small networks, and the distance of its labels from the truth. */
import { ordinal } from "../../../base/numbering.ts";
import { type Method, METHODS } from "../../../refinery/choices.ts";
import { ANGER, LabelChain, labelCorpus, labelDistance, SEGMENTS } from "../../../textbook/label_chain.ts";
import { button, choice, el, oncePerFrame, sharpen, slider, themeColour } from "../dom.ts";
import type { App } from "../view.ts";

/** Number of stages drawn, and milliseconds for which an epoch stays visible. */
const STAGES = 5, PAUSE_MS = 350;

export function labelsRefine(app: App): Node[] {
  const corpus = labelCorpus(), draw = oncePerFrame(paint);
  const canvas = el("canvas", {
    role: "img",
    "aria-label": "Anger in each segment of an utterance, stage under stage",
  });
  const words = el("figcaption", { role: "status" });
  const { field, select } = choice("Refine by", METHODS.map((name) => [name, name]));
  const utterance = slider("Utterance", [1, corpus.utterances.length, 1, 2], draw);
  const next = button("Train the next network", () => train(), { class: "main" });
  let chain = new LabelChain(corpus, METHODS[0]);
  /** Labels from the network in training, after its latest epoch. */
  let learning: { labels: Float32Array; epoch: number } | undefined;

  async function train(): Promise<void> {
    next.disabled = select.disabled = true;
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    try {
      await chain.refine(async (labels, epoch) => {
        learning = { labels, epoch };
        draw();
        await new Promise((resolve) => setTimeout(resolve, calm ? 0 : PAUSE_MS));
      });
    } catch (error) {
      app.fail(error);
    } finally {
      learning = undefined;
      select.disabled = false;
      next.disabled = chain.labels.length === STAGES;
      draw();
    }
  }

  function paint(): void {
    const { pen, width, height } = sharpen(canvas), [left, right, each] = [52, width - 44, height / (STAGES + 1)];
    const [ink, faint, line, fault] = ["ink", "faint", "line", "fault"].map(themeColour);
    const first = corpus.utterances[utterance.at() - 1].firstSegment;
    pen.font = "11px system-ui, sans-serif";
    pen.textBaseline = "middle";
    const strip = (row: number, name: string, anger: (segment: number) => number, distance?: number) => {
      const bottom = (row + 1) * each - 3, tall = each - 8;
      pen.fillStyle = faint;
      pen.fillText(name, 0, bottom - tall / 2);
      if (distance !== undefined) pen.fillText(distance.toFixed(3), right + 8, bottom - tall / 2);
      pen.fillStyle = line;
      pen.fillRect(left, bottom, right - left, 1);
      pen.fillStyle = row === 0 ? ink : fault;
      for (let s = 0; s < SEGMENTS; s++) {
        const [from, to] = [s, s + 1].map((at) => Math.round(left + at / SEGMENTS * (right - left)));
        pen.fillRect(from, bottom - anger(first + s) * tall, to - from - 1, anger(first + s) * tall);
      }
    };
    const of = (labels: Float32Array) => (segment: number) => labels[2 * segment + ANGER];
    strip(0, "truth", (segment) => corpus.truth[segment]);
    chain.labels.forEach((labels, i) => strip(i + 1, `stage ${ordinal(i)}`, of(labels), chain.errors[i]));
    if (learning) {
      const distance = labelDistance(learning.labels, corpus.truth);
      strip(chain.labels.length + 1, `epoch ${ordinal(learning.epoch)}`, of(learning.labels), distance);
    }
    say();
  }

  function say(): void {
    const { emotion } = corpus.utterances[utterance.at() - 1], stage = chain.labels.length;
    const [now, before] = [stage - 1, stage - 2].map((i) => chain.errors[i]?.toFixed(3));
    const distance = `the distance of all ${corpus.truth.length} labels from the truth is ${now}`;
    const state = learning
      ? `Network ${stage} learns the labels of stage ${stage}.`
      : stage === 1
      ? `Stage 1: each segment has its utterance's label, and ${distance}.`
      : `Stage ${stage}, ${chain.method}: ${distance}, after ${before}.`;
    words.textContent = `Utterance ${utterance.at()} is labelled ${emotion === ANGER ? "anger" : "neutral"}. ${state}`;
  }

  select.addEventListener("change", () => {
    chain = new LabelChain(corpus, select.value as Method);
    next.disabled = false;
    draw();
  });
  new ResizeObserver(draw).observe(canvas);
  return [el("div", { class: "bar" }, field, utterance.field, next), canvas, words];
}
