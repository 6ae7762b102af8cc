/** Chapter 7, live: the CPU's ladder, with each rung timed by the engine on one core of the reader's machine. */
import type { Rung } from "../../../lab/cpu_ladder.ts";
import { button, el } from "../dom.ts";
import type { App } from "../view.ts";

/** Number of measurements per rung. */
const SAMPLES = 9;

export function ladderClimbs(app: App): Node[] {
  const words = el(
    "figcaption",
    { role: "status" },
    "Takes some seconds. Close other programs that keep this machine busy.",
  );
  const body = el("tbody"), go = button("Time the ladder", () => climb(), { class: "main" });
  const head = ["rung", "GFLOP/s", "of the peak"].map((name, i) =>
    el("th", { scope: "col", class: i > 0 ? "n" : "" }, name)
  );
  const table = el("table", { class: "ladder" }, el("thead", {}, el("tr", {}, ...head, el("td", {}))), body);
  table.hidden = true;

  async function climb(): Promise<void> {
    go.disabled = true;
    words.textContent = "Timing each rung nine times, in turn…";
    const deaf = app.engine.listen((news) => {
      if (news.news === "rungs") show(news.rungs);
    });
    try {
      await app.device();
      const rungs = await app.engine.ask("climb", SAMPLES), [first, last] = [rungs[0], rungs[rungs.length - 1]];
      show(rungs);
      const peak = last.flops.median / last.ofPeak / 1e9, gain = last.flops.median / first.flops.median;
      const error = Math.max(...rungs.map(({ error }) => error)).toExponential(0);
      const busy = rungs.some(({ ofPeak }) => ofPeak > 1.05)
        ? " A rung is above the peak, so another program used this core meanwhile: time it again."
        : "";
      words.textContent =
        `One core of this machine, medians of ${SAMPLES}: the peak is ${
          peak.toFixed(1)
        } GFLOP/s, and the last rung is ` +
        `${gain.toFixed(1)} times as fast as the first. All give the same product, to ${error} of its largest value.` +
        busy;
    } catch (error) {
      words.textContent = "";
      app.fail(error);
    } finally {
      deaf();
      go.disabled = false;
    }
  }

  function show(rungs: readonly Rung[]): void {
    table.hidden = false;
    body.replaceChildren(...rungs.map(({ name, flops, ofPeak }, i) =>
      el(
        "tr",
        {},
        el("th", { scope: "row" }, `${i + 1}. ${name}`),
        el("td", { class: "n" }, (flops.median / 1e9).toFixed(1)),
        el("td", { class: "n" }, `${(100 * ofPeak).toFixed(0)} %`),
        el("td", {}, el("progress", { value: Math.min(1, ofPeak), max: 1, "aria-label": `${name}, of the peak` })),
      )
    ));
  }
  return [el("div", { class: "bar" }, go), table, words];
}
