/** Shows how the networks learn: their loss, and the number of held-out takes that they classify correctly. */
import type { News } from "../../engine/protocol.ts";
import type { TaughtModel } from "../../engine/teach_protocol.ts";
import { el, oncePerFrame } from "../dom.ts";
import { drawChart } from "./charts.ts";

interface Point {
  step: number;
  value: number;
}

/** See the top of this file. */
export class Learning {
  readonly element: HTMLElement;
  readonly phase = el("p", { class: "under num", id: "teach-phase", role: "status" });
  readonly redraw: () => void;
  readonly #progress = el("progress", { max: 1, value: 0, "aria-label": "Progress of the training" });
  readonly #losses = el("canvas", { role: "img", "aria-label": "Loss by step, one line for each network" });
  readonly #rights = el("canvas", {
    role: "img",
    "aria-label": "Held-out takes right by step, one line for each network",
  });
  readonly #lossNote = el("p", { class: "num", id: "teach-loss" });
  readonly #rightNote = el("p", { class: "num", id: "teach-right" });
  readonly #report = el("div", { id: "teach-report" });
  #steps: number[] = [];
  #heldOut: number[] = [];
  #classes = 3;
  #loss: Point[][] = [];
  #right: Point[][] = [];
  #began = 0;

  constructor() {
    this.element = el(
      "div",
      {},
      el("div", { class: "bench-progress" }, this.phase, this.#progress),
      el(
        "div",
        { class: "training" },
        el("div", { class: "card panel" }, el("h2", {}, "Loss"), this.#lossNote, this.#losses),
        el("div", { class: "card panel" }, el("h2", {}, "Held-out takes right"), this.#rightNote, this.#rights),
      ),
      this.#report,
    );
    this.redraw = oncePerFrame(() => this.#draw());
    this.begin();
    this.phase.textContent = "";
    new ResizeObserver(this.redraw).observe(this.#losses);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", this.redraw);
  }

  /** Resets the display. */
  begin(): void {
    [this.#steps, this.#heldOut, this.#loss, this.#right, this.#began] = [[], [], [], [], performance.now()];
    this.phase.textContent = "beginning…";
    this.#progress.value = 0;
    this.#lossNote.textContent = "Cross-entropy, in nats.";
    this.#rightNote.textContent = "By networks that do not learn from these takes.";
    this.#report.replaceChildren();
    this.redraw();
  }

  report(news: News): void {
    if (news.news === "teachReady") {
      [this.#steps, this.#heldOut, this.#classes] = [news.steps, news.heldOut, news.classes];
    } else if (news.news === "teachStep") {
      const { network, step, loss, perSecond, done } = news, last = this.#loss[network]?.at(-1);
      // each reading covers a few steps; their running mean is easier to read
      const value = last ? last.value + (loss - last.value) * 0.35 : loss;
      (this.#loss[network] ??= []).push({ step, value });
      this.#progress.value = done;
      const left = (performance.now() - this.#began) / 1000 * (1 - done) / done;
      this.phase.textContent = `${this.#name(network)}: step ${step} of ${this.#steps[network]}, ${
        perSecond.toFixed(0)
      } segments/s; about ${Math.ceil(left)} s to go`;
      this.#lossNote.textContent = `${this.#name(network)}: ${loss.toFixed(3)} nats.`;
      this.element.dataset.losses = JSON.stringify(this.#loss);
    } else if (news.news === "teachLook") {
      const { network, step, right } = news, all = this.#heldOut[network];
      (this.#right[network] ??= []).push({ step, value: right / all });
      this.#rightNote.textContent = `${this.#name(network)}: ${right} of ${all} takes that it does not learn from.`;
    } else return;
    this.redraw();
  }

  /** Shows the final result. */
  show({ takes, folds, accuracy, interval, confusion, classes, seconds }: TaughtModel): void {
    this.phase.textContent = `done in ${seconds.toFixed(0)} s`;
    this.#progress.value = 1;
    const percent = (share: number) => `${(100 * share).toFixed(0)} %`;
    const right = Math.round(accuracy * takes);
    const sentence =
      `${right} of ${takes} takes right (${percent(accuracy)}; 95 % interval ${percent(interval.low)} to ` +
      `${percent(interval.high)}; chance is about ${
        percent(1 / classes.length)
      }). Each was judged by a network and a ` +
      `forest that had not learned from it: cross-validation over ${folds} folds. The model itself has learned from ` +
      "all of them. Other voices, rooms and microphones than those of your takes were not measured.";
    const head = ["class \\ decided as", ...classes].map((name, i) =>
      el("th", { scope: "col", class: i > 0 ? "n" : "" }, name)
    );
    const rows = confusion.map((row, k) =>
      el(
        "tr",
        {},
        el("th", { scope: "row" }, classes[k]),
        ...row.map((count) => el("td", { class: "n" }, String(count))),
      )
    );
    const table = el("table", {}, el("thead", {}, el("tr", {}, ...head)), el("tbody", {}, ...rows));
    this.#report.replaceChildren(
      el("p", { id: "teach-accuracy" }, sentence),
      el("div", {
        class: "table",
        tabindex: 0,
        role: "region",
        "aria-label": "Takes by true class and by decided class",
      }, table),
    );
  }

  #name(network: number): string {
    const folds = this.#steps.length - 1;
    return network < folds ? `Fold ${network + 1} of ${folds}` : "All takes";
  }

  #draw(): void {
    const folds = this.#steps.length - 1, label = (network: number) => network < folds ? `${network + 1}` : "all";
    const steps = Math.max(0, ...this.#steps), chance = Math.log(this.#classes);
    const curves = (all: readonly Point[][]) => all.map((points = [], n) => ({ label: label(n), points }));
    drawChart(this.#losses, {
      ...{ curves: curves(this.#loss), steps, most: 1.25 * chance, chance: [chance, "knows nothing"] },
      ticks: [0, 0.5, 1, 1.5, 2, 2.5].filter((loss) => loss <= 1.25 * chance).map((loss) => [loss, loss.toFixed(1)]),
    });
    drawChart(this.#rights, {
      ...{ curves: curves(this.#right), steps, most: 1, chance: [1 / this.#classes, "chance"] },
      ticks: [0, 0.5, 1].map((share) => [share, `${100 * share} %`]),
    });
  }
}
