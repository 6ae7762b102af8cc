/** Bench: how fast the kernels are in this browser, under its roof, and the ladder of a matrix product. */
import type { LadderRow } from "../../../bench/ladder.ts";
import type { KernelRow, Results } from "../../../bench/results.ts";
import { drawRoofline } from "../../../bench/roofline.ts";
import { digits, duration } from "../../../bench/show.ts";
import type { BenchResult } from "../../engine/bench.ts";
import { button, choice, el } from "../dom.ts";
import type { App, View } from "../view.ts";

export function benchView(app: App): View {
  const { field: width, select: widths } = choice(
    "VGG-E of width",
    [["0.125", "1/8"], ["0.25", "1/4"], ["1", "1"]],
    "0.125",
  );
  const kernels = button("Time the kernels", () => run("kernels"), { class: "main", id: "bench-kernels" });
  const ladder = button("Climb the GPU's ladder", () => run("ladder"), { id: "bench-ladder" });
  const stop = button("Stop", () => app.engine.ask("benchStop"), { disabled: true, id: "bench-stop" });
  const bar = el("progress", { value: 0, max: 1, "aria-label": "How much is timed" });
  const copies = (["text", "JSON"] as const).map((kind) =>
    button(`Copy as ${kind}`, () => copy(kind), { disabled: true })
  );
  const status = el("p", { class: "under num", role: "status", id: "bench-status" });
  const picture = el("figure", { class: "roofline" }), body = el("tbody"), head = el("tr");
  const table = el("table", { id: "bench-table" }, el("thead", {}, head), body);
  const element = el(
    "section",
    { "aria-label": "Bench" },
    el(
      "p",
      { class: "lead" },
      "Each kernel is run once on noise and held to its definition, then timed. Other tabs and a warm machine slow it down: what is measured is this browser, now.",
    ),
    el("div", { class: "bar" }, width, kernels, ladder, stop, bar, el("span", { class: "bar push" }, ...copies)),
    status,
    picture,
    el("div", { class: "table", tabindex: 0, role: "region", "aria-label": "What was timed" }, table),
  );
  let result: BenchResult | undefined, running = false;

  async function run(what: "kernels" | "ladder"): Promise<void> {
    if (running) return;
    running = true;
    enable();
    result = undefined;
    body.replaceChildren();
    picture.replaceChildren();
    columns(
      what === "kernels"
        ? ["kernel", "layers", "shape", "time", "GFLOP/s", "GB/s", "error"]
        : ["step", "on", "time", "GFLOP/s", "to the step before", "error"],
    );
    status.textContent = what === "kernels" ? "Measuring the machine's roof…" : "Climbing…";
    bar.removeAttribute("value");
    try {
      await app.device();
      result = await app.engine.ask("bench", what, Number(widths.value)) as BenchResult;
      result.ladder.forEach((row, i) => ladderRow(row, result!.ladder[i - 1]));
      const { peaks } = result;
      status.textContent = peaks
        ? `${result.description}: at most ${digits(peaks.flops.median / 1e9)} GFLOP/s in registers, ${
          digits(peaks.bytes.median / 1e9)
        } GB/s copied.`
        : `${result.description}.`;
      if (peaks) drawPicture(result);
    } catch (error) {
      status.textContent = (error as Error).message === "Stopped" ? "Stopped." : "";
      app.fail(error);
    } finally {
      running = false;
      [bar.max, bar.value] = [1, result ? 1 : 0];
      enable();
    }
  }

  function columns(names: readonly string[]): void {
    const numeric = names.indexOf("time");
    head.replaceChildren(...names.map((name, i) => el("th", { scope: "col", class: i >= numeric ? "n" : "" }, name)));
  }

  function addRow(first: string, texts: readonly string[], numbers: readonly string[]): void {
    body.append(
      el(
        "tr",
        {},
        el("th", { scope: "row" }, first),
        ...texts.map((text) => el("td", {}, text)),
        ...numbers.map((text) => el("td", { class: "n" }, text)),
      ),
    );
  }

  function kernelRow({ name, layer, shape, flops, bytes, seconds, error }: KernelRow): void {
    const rate = (amount: number) => amount > 0 ? digits(amount / seconds.median / 1e9) : "";
    addRow(name, [layer, shape], [duration(seconds.median), rate(flops), rate(bytes), error.toExponential(1)]);
  }

  function ladderRow({ name, shape, seconds, flops, error }: LadderRow, before?: LadderRow): void {
    const gain = before ? `${digits(flops / seconds / (before.flops / before.seconds))} ×` : "";
    addRow(name, [shape], [duration(seconds), digits(flops / seconds / 1e9), gain, error.toExponential(1)]);
  }

  function drawPicture({ date, peaks, kernels, device, description, width, batch }: BenchResult): void {
    const machine = { processor: "this browser", device, description };
    const svg = drawRoofline({ date, peaks, kernels, machine, settings: { width, batch } } as unknown as Results);
    const drawn = new DOMParser().parseFromString(svg, "image/svg+xml").documentElement;
    drawn.setAttribute("role", "img");
    picture.replaceChildren(document.adoptNode(drawn));
  }

  function enable(): void {
    kernels.disabled = ladder.disabled = widths.disabled = running;
    stop.disabled = !running;
    for (const one of copies) one.disabled = running || !result;
  }

  async function copy(kind: "text" | "JSON"): Promise<void> {
    const rows = [...table.rows].map((row) => [...row.cells].map(({ textContent }) => textContent).join("\t"));
    const text = kind === "JSON"
      ? JSON.stringify(result, null, 2)
      : [`EPR in ${result!.browser}`, status.textContent!, ...rows].join("\n");
    try {
      await navigator.clipboard.writeText(text);
      app.say(`Copied: ${text.length.toLocaleString("en")} letters.`);
    } catch {
      app.fail(new Error("This browser does not let the page copy."));
    }
  }

  app.engine.listen((news) => {
    if (news.news !== "benchRow") return;
    [bar.max, bar.value] = [news.total, news.done];
    if (news.row) kernelRow(news.row as KernelRow);
    status.textContent = `${news.done} of ${news.total}`;
  });
  return { id: "bench", title: "Bench", element };
}
