/** Train: trains a chain of networks on synthetic speech in the page; the paper's Figure 4, live. */
import { ordinal } from "../../../base/numbering.ts";
import { emotionColours } from "../../../report/colours.ts";
import { METHODS } from "../../../refinery/choices.ts";
import type { News, PageTrainOptions } from "../../engine/protocol.ts";
import { button, choice, el, oncePerFrame } from "../dom.ts";
import type { App, PageView } from "../view.ts";
import { drawLosses, drawProfiles, type StageProfile } from "./charts.ts";

/** Sizes of the training: enough for the loss to fall within a minute on two cores. */
const SIZES: Readonly<Record<string, Pick<PageTrainOptions, "utterances" | "speakers" | "width" | "epochs">>> = {
  small: { utterances: 60, speakers: 4, width: 1 / 16, epochs: 11 },
  medium: { utterances: 120, speakers: 6, width: 1 / 8, epochs: 11 },
  tiny: { utterances: 20, speakers: 2, width: 1 / 16, epochs: 4 },
};

/** Shown before there is a loss. */
const LOSS_NOTE = "Mean cross-entropy between two readings, in nats.";

export function trainView(app: App): PageView {
  const { field: size, select: sizes } = choice("Size", [
    ["tiny", "tiny: seconds"],
    ["small", "small: a minute"],
    ["medium", "medium: minutes"],
  ], "small");
  const { field: method, select: methods } = choice("Refine by", METHODS.map((name) => [name, name]), "pEPR");
  const { field: stage, select: stages } = choice("Stages", ["1", "2", "3", "4", "5"].map((n) => [n, n]), "3");
  [sizes.id, methods.id, stages.id] = ["train-size", "train-method", "train-stage-count"];
  const begin = button("Train", () => start(), { class: "main", id: "train-start" });
  const hold = button("Pause", () => pause(), { disabled: true, id: "train-pause" });
  const next = button("Next stage", () => app.engine.ask("trainControl", "next"), { disabled: true, id: "train-next" });
  const stop = button("Stop", () => end(), { disabled: true, id: "train-stop" });
  const losses = el("canvas", { role: "img", "aria-label": "Loss by step, a line a stage" });
  const profiles = el("canvas", { role: "img", "aria-label": "The watched utterance's profile, stage by stage" });
  const lossNote = el("p", { class: "num", id: "train-loss" }, LOSS_NOTE);
  const watchedNote = el("p", {}, "Of an utterance that no network learns from.");
  const legend = el("ul", { class: "legend" });
  const phase = el("p", { class: "under num", role: "status", id: "train-phase" });
  const body = el("tbody");
  const table = el(
    "table",
    { id: "train-stages" },
    el(
      "thead",
      {},
      el(
        "tr",
        {},
        ...["stage", "loss", "labels' error", "segments truly right", "utterances right", "time"].map((name, i) =>
          el("th", { scope: "col", class: i > 0 ? "n" : "" }, name)
        ),
      ),
    ),
    body,
  );
  const element = el(
    "section",
    { "aria-label": "Train" },
    el(
      "p",
      { class: "lead" },
      "Synthetic speech, whose true emotion is known at every moment. Stage 1 learns from the utterance's label; each later stage learns from labels that the stage before refined.",
    ),
    el("div", { class: "bar" }, size, method, stage, begin, hold, next, stop),
    el(
      "div",
      { class: "training" },
      el("div", { class: "card panel" }, el("h2", {}, "Loss"), lossNote, losses),
      el("div", { class: "card panel" }, el("h2", {}, "Profile"), watchedNote, profiles, legend),
    ),
    phase,
    el("div", { class: "table", tabindex: 0, role: "region", "aria-label": "Stages" }, table),
  );

  let curves: { step: number; loss: number }[][] = [], shown: StageProfile[] = [];
  let emotions: readonly string[] = [],
    colours: readonly string[] = [],
    truth: readonly number[] = [],
    steps = 0;
  let running = false, paused = false;
  const redraw = oncePerFrame(() => {
    if (element.hidden) return;
    drawLosses(losses, curves, steps, Math.log(emotions.length || 5));
    drawProfiles(profiles, shown, truth, colours);
  });

  async function start(): Promise<void> {
    if (running) return;
    [running, paused, curves, shown, truth] = [true, false, [], [], []];
    phase.textContent = "beginning…";
    lossNote.textContent = LOSS_NOTE;
    body.replaceChildren();
    enable();
    redraw();
    const options: PageTrainOptions = {
      ...SIZES[sizes.value],
      batch: 32,
      segmentHop: 6,
      learningRate: 0.0005,
      stages: Number(stages.value),
      method: methods.value as PageTrainOptions["method"],
      seed: 1,
    };
    try {
      await app.device();
      await app.engine.ask("train", options);
    } catch (error) {
      phase.textContent = "";
      app.fail(error);
    } finally {
      running = paused = false;
      enable();
    }
  }

  function pause(): void {
    paused = !paused;
    app.engine.ask("trainControl", paused ? "pause" : "go");
    phase.textContent = paused ? "paused" : "";
    enable();
  }

  function end(): void {
    app.engine.ask("trainControl", "stop");
    phase.textContent = "stopping…";
  }

  function enable(): void {
    begin.disabled = sizes.disabled = stages.disabled = running;
    hold.disabled = next.disabled = stop.disabled = !running;
    hold.textContent = paused ? "Resume" : "Pause";
  }

  function report(news: News): void {
    if (news.news === "trainPhase") phase.textContent = news.phase;
    if (news.news === "trainReady") {
      emotions = news.emotions;
      colours = emotionColours(emotions);
      truth = news.watched.truth;
      steps = news.steps;
      watchedNote.textContent = `${news.watched.id}, which no network learns from.`;
      phase.textContent = `${news.segments.toLocaleString("en")} segments`;
      legend.replaceChildren(...emotions.map((name, k) => el("li", {}, swatch(colours[k]), name)));
    }
    if (news.news === "trainStep") {
      if (phase.textContent !== "stopping…") phase.textContent = paused ? "paused" : "";
      (curves[news.stage] ??= []).push({ step: news.step, loss: news.loss });
      lossNote.textContent = `Stage ${ordinal(news.stage)}, step ${news.step} of ${steps}: ${
        news.loss.toFixed(3)
      } nats, ${news.perSecond.toFixed(0)} segments/s.`;
      element.dataset.losses = JSON.stringify(curves);
    }
    if (news.news === "trainProfile") {
      shown[news.stage] = { stage: news.stage, step: news.step, values: news.profile };
    }
    if (news.news === "trainStage") {
      const cells = [
        curves[news.stage].at(-1)!.loss.toFixed(3),
        news.labelError.toFixed(3),
        `${(100 * news.trueSegments).toFixed(1)} %`,
        `${news.right} of ${news.heldOut}`,
        `${news.seconds.toFixed(1)} s`,
      ];
      const how = `${ordinal(news.stage)}, ${news.method ?? "utterances' labels"}`;
      body.append(
        el("tr", {}, el("th", { scope: "row" }, how), ...cells.map((cell) => el("td", { class: "n" }, cell))),
      );
    }
    if (news.news.startsWith("train")) redraw();
  }

  addEventListener("beforeunload", (event) => {
    if (running) event.preventDefault(); // the browser asks whether to leave
  });
  methods.addEventListener("change", () => {
    if (running) app.engine.ask("trainControl", methods.value as PageTrainOptions["method"]);
  });
  app.engine.listen(report);
  new ResizeObserver(() => redraw()).observe(losses);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => redraw());
  return { id: "train", title: "Train", element, shown: redraw };
}

function swatch(colour: string): HTMLCanvasElement {
  const canvas = el("canvas", { width: 8, height: 8, "aria-hidden": "true" });
  const pen = canvas.getContext("2d")!;
  pen.fillStyle = colour;
  pen.fillRect(0, 0, 8, 8);
  return canvas;
}
