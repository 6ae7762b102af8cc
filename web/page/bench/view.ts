/** Bench: the speed of the kernels in this browser, relative to its peaks, and the ladder of a matrix product. */
import type { LadderRow } from "../../../lab/ladder.ts";
import type { BenchResults, KernelRow } from "../../../lab/results.ts";
import { drawRoofline } from "../../../lab/roofline.ts";
import { digits, duration } from "../../../lab/show.ts";
import type { BenchResult } from "../../engine/bench.ts";
import { button, choice, el, oncePerFrame } from "../dom.ts";
import type { App, PageView } from "../view.ts";

const COLUMNS = {
  kernels: ["kernel", "time", "GFLOP/s", "GB/s", "error", "shape"],
  ladder: ["step", "time", "GFLOP/s", "to the step before", "error", "on"],
} as const;

export function benchView(app: App): PageView {
  const { field: width, select: widths } = choice(
    "VGG-E of width",
    [["0.125", "1/8"], ["0.25", "1/4"], ["1", "1"]],
    "0.125",
  );
  widths.id = "bench-width";
  const kernels = button("Time the kernels", () => run("kernels"), { class: "main", id: "bench-kernels" });
  const ladder = button("Climb the GPU's ladder", () => run("ladder"), { id: "bench-ladder" });
  const stop = button("Stop", () => app.engine.ask("benchStop"), { disabled: true, id: "bench-stop" });
  const bar = el("progress", { value: 0, max: 1, "aria-label": "Progress of the measurement" });
  const copies = (["text", "JSON"] as const).map((kind) =>
    button(`Copy as ${kind}`, () => copy(kind), { disabled: true, id: `bench-${kind.toLowerCase()}` })
  );
  const status = el("p", { class: "num", role: "status", id: "bench-status" });
  const picture = el("figure", { class: "roofline", tabindex: 0, "aria-label": "Roofline" });
  const body = el("tbody"), head = el("tr");
  const table = el("table", { id: "bench-table" }, el("thead", {}, head), body);
  const element = el(
    "section",
    { "aria-label": "Bench" },
    el(
      "p",
      { class: "lead" },
      "Each kernel is run once on noise, compared with its definition, then timed. Other tabs and a warm machine slow it down: the figures are for this browser, now.",
    ),
    el("div", { class: "bar" }, width, kernels, ladder, stop, el("span", { class: "bar push" }, ...copies)),
    el("div", { class: "bench-progress under" }, bar, status),
    picture,
    el("div", { class: "table", tabindex: 0, role: "region", "aria-label": "Results" }, table),
  );
  picture.hidden = true;
  /** The latest result, complete or not. */
  let result: BenchResult | undefined, running: keyof typeof COLUMNS | undefined;

  async function run(what: keyof typeof COLUMNS): Promise<void> {
    if (running) return;
    [running, result] = [what, undefined];
    enable();
    body.replaceChildren();
    picture.replaceChildren();
    picture.hidden = what === "ladder";
    const last = COLUMNS[what].indexOf("error");
    head.replaceChildren(
      ...COLUMNS[what].map((name, i) => el("th", { scope: "col", class: i > 0 && i <= last ? "n" : "" }, name)),
    );
    status.textContent = what === "kernels" ? "Measuring the machine's peaks…" : "Climbing…";
    bar.removeAttribute("value");
    status.setAttribute("aria-live", "off"); // the bar shows the progress; only the end is announced
    try {
      await app.device();
      result = await app.engine.ask("bench", what, Number(widths.value)) as BenchResult;
      status.setAttribute("aria-live", "polite");
      status.textContent = result.stopped ? "Stopped." : told(result);
      draw();
    } catch (error) {
      result = undefined;
      status.textContent = "";
      picture.hidden = true;
      app.fail(error);
    } finally {
      running = undefined;
      [bar.max, bar.value] = [1, result && !result.stopped ? 1 : 0];
      enable();
    }
  }

  /** A row: its name, its numbers, and their origin. On a phone the last one is beyond the edge. */
  function addRow(first: string, numbers: readonly string[], texts: readonly string[]): void {
    body.append(
      el(
        "tr",
        {},
        el("th", { scope: "row" }, first),
        ...numbers.map((text) => el("td", { class: "n" }, text)),
        ...texts.map((text) => el("td", {}, text)),
      ),
    );
  }

  function kernelRow({ name, layer, shape, flops, bytes, seconds, error }: KernelRow): string {
    const rate = (amount: number) => flops > 0 ? digits(amount / seconds.median / 1e9) : "";
    addRow(`${name} ${layer}`.trim(), [
      micro(duration(seconds.median)),
      rate(flops),
      rate(bytes),
      error.toExponential(1),
    ], [shape]);
    return `${name} ${layer}`.trim();
  }

  function ladderRow({ name, shape, seconds, flops, error }: LadderRow, before?: LadderRow): string {
    const speed = flops / seconds, gain = before ? `${digits(speed / (before.flops / before.seconds))} ×` : "";
    addRow(name, [micro(duration(seconds)), digits(speed / 1e9), gain, error.toExponential(1)], [shape]);
    return name;
  }

  /** The roofline of the rows measured so far. */
  const draw = oncePerFrame(() => {
    if (!result?.peaks || result.kernels.length === 0) return;
    const { date, peaks, kernels, device, description, width, batch } = result;
    const machine = { processor: "this browser", device, description };
    const svg = drawRoofline({ date, peaks, kernels, machine, settings: { width, batch } } as unknown as BenchResults);
    const drawn = new DOMParser().parseFromString(svg, "image/svg+xml").documentElement;
    drawn.setAttribute("role", "img");
    picture.replaceChildren(document.adoptNode(drawn));
  });

  function enable(): void {
    kernels.disabled = ladder.disabled = widths.disabled = running !== undefined;
    stop.disabled = !running;
    for (const one of copies) one.disabled = running !== undefined || !result;
  }

  async function copy(kind: "text" | "JSON"): Promise<void> {
    const lines = [...table.rows].map((row) => [...row.cells].map(({ textContent }) => textContent).join("\t"));
    const text = kind === "JSON"
      ? JSON.stringify(result, null, 2)
      : [`EPR in ${result!.browser}, ${result!.date}`, told(result!), ...lines].join("\n");
    try {
      await navigator.clipboard.writeText(text);
      app.say(`Copied: ${text.length.toLocaleString("en")} letters.`);
    } catch {
      app.fail(new Error("This browser does not allow the page to copy."));
    }
  }

  app.engine.listen((news) => {
    if (news.news !== "benchRow" || !running) return;
    [bar.max, bar.value] = [news.total, news.done];
    result = news.result as BenchResult;
    const { kernels: rows, ladder: steps } = result;
    const name = rows.length > 0
      ? kernelRow(rows[rows.length - 1])
      : steps.length > 0
      ? ladderRow(steps[steps.length - 1], steps[steps.length - 2])
      : "the machine's roof";
    status.textContent = `${news.done} of ${news.total}: ${name}`;
    draw();
  });
  return {
    id: "bench",
    title: "Bench",
    element,
    async deviceChanged() {
      const { software } = await app.device(), whole = widths.options[widths.options.length - 1];
      whole.disabled = software; // a call of its largest kernels would take a software GPU half a minute
      if (software && whole.selected) widths.value = "0.125";
    },
  };
}

/** The measurement in one line. */
function told({ stopped, description, peaks, ladder, batch, kernels }: BenchResult): string {
  const software = /\(software\)/.test(description);
  const smaller = software && kernels.length > 0
    ? ` This GPU is emulated by software, so a step has ${batch} segments here, not 32, and width 1 is left out.`
    : software && ladder.length > 0
    ? " This GPU is emulated by software, so the matrices are 128 wide here, not 2048."
    : "";
  const roof = peaks
    ? `: at most ${digits(peaks.flops.median / 1e9)} GFLOP/s in registers, ${
      digits(peaks.bytes.median / 1e9)
    } GB/s copied`
    : "";
  return `${stopped ? "Stopped. " : ""}${description}${roof}.${smaller}`;
}

/** Microseconds in the page's notation. */
const micro = (time: string) => time.replace(" us", " µs");
