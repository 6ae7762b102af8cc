/** Inside and Bench in headless Chromium, on WebAssembly and on its software GPU. */
import { assert, assertEquals, assertMatch, assertNotMatch, assertStrictEquals } from "@std/assert";
import { SHIPPED_MODEL } from "../../cli/model_option.ts";
import { decodeRecording } from "../../dsp/recording.ts";
import { LADDER } from "../../kernels/webgpu/ladder.ts";
import { vggECases } from "../../lab/cases.ts";
import { MODEL_FILES } from "../../models/description.ts";
import { readModel } from "../../models/mod.ts";
import type { Model } from "../../models/model.ts";
import { summarise } from "../../nn/vgg_e.ts";
import type { BenchResult } from "../../web/engine/bench.ts";
import { serveSite, type Site } from "../../web/server.ts";
import { LACKING } from "../kernels/webgpu_chromium.ts";
import { type Page, WITH_WEBGPU } from "./browser.ts";
import { apart, definedLayers, segmentAround } from "./defined_layers.ts";
import { removeBuilt, type TestSite } from "./site.ts";
import { accessible, ignore, note, recognise, withPage } from "./visit.ts";

/** The page with the model of a folder. */
function siteWith({ site }: TestSite, model: string): Site {
  const files = MODEL_FILES.map((file) =>
    [`model/${file}`, { ...site.get(`model/${file}`)!, bytes: Deno.readFileSync(`${model}/${file}`) }] as const
  );
  return new Map([...site, ...files]);
}

/** Lets the test read what the engine answers, when the page is loaded again. */
async function overhear(page: Page): Promise<void> {
  const source = `Worker = class extends Worker {
    constructor(...args) {
      super(...args);
      this.addEventListener("message", ({ data }) => { if (data.value?.layers) window.inside = data.value; });
    }
  };`;
  await page.send("Page.addScriptToEvaluateOnNewDocument", { source });
  await page.send("Page.reload");
}

/** One layer as the page shows it: the texts of its button. */
interface Tile {
  name: string;
  shape: string;
  time: string;
  rate?: string;
}

/** What Inside shows, once it has looked, and what it received. */
async function look(page: Page) {
  await page.until("window.inside && !document.querySelector('#look').disabled", 90);
  return await page.evaluate<{
    tiles: Tile[];
    lead: string;
    layers: { name: string; values: number[]; winograd: boolean }[];
  }>(`({
    tiles: [...document.querySelectorAll(".layers button")].map((one) => {
      const [name, shape, time, rate] = [...one.querySelectorAll("b, small")].map(({ textContent }) => textContent);
      return { name, shape, time, rate };
    }),
    lead: document.querySelector("#look").closest("section").querySelector(".lead").textContent,
    layers: window.inside.layers.map(({ name, values, winograd }) => ({ name, values: [...values], winograd })),
  })`);
}

/** Waits for a frame or two: pictures are drawn, weights are there. */
const settle = (page: Page) => page.evaluate("new Promise((resolve) => setTimeout(resolve, 150))");

/** Moves the mouse to a place in an element, shares of its size, or clicks there. */
async function mouse(page: Page, type: "mouseMoved" | "click", selector: string, across: number, down: number) {
  const { x, y } = await page.evaluate<{ x: number; y: number }>(`(() => {
    const element = document.querySelector(${JSON.stringify(selector)});
    element.scrollIntoView({ block: "center" });
    const { left, top, width, height } = element.getBoundingClientRect();
    return { x: left + ${across} * width, y: top + ${down} * height };
  })()`);
  await page.send("Input.dispatchMouseEvent", { type: "mouseMoved", x, y });
  if (type === "mouseMoved") return;
  for (const type of ["mousePressed", "mouseReleased"]) {
    await page.send("Input.dispatchMouseEvent", { type, x, y, button: "left", clickCount: 1 });
  }
}

const text = (page: Page, selector: string) =>
  page.evaluate<string>(`document.querySelector(${JSON.stringify(selector)}).textContent`);

const seconds = (shown: string): number =>
  Number.parseFloat(shown) / ({ "µs": 1e6, ms: 1e3, s: 1 })[shown.split(" ")[1]]!;

/** Holds what Inside shows at a moment to the definitions, and goes through its parts. */
async function checkInside(page: Page, model: Model, samples: Float32Array, cursor: number): Promise<void> {
  const { tiles, lead, layers } = await look(page);
  const expected = definedLayers(model, segmentAround(model, samples, cursor)),
    summary = summarise(model.description.network.options);
  assertMatch(lead, new RegExp(`around ${cursor.toFixed(2)} s`));
  assertEquals(tiles.map(({ name }) => name), summary.map(({ name }) => name));
  summary.forEach(({ name, output, flops }, i) => {
    const { values } = layers[i], { shape, time, rate } = tiles[i];
    assert(apart(values, expected[i]) < 1e-3, `${name}: ${apart(values, expected[i])}`);
    assertStrictEquals(shape, output.join(" × "));
    assert(seconds(time) > 0 && seconds(time) < 2, `${name}: ${time}`);
    assertStrictEquals(rate !== undefined, flops > 0);
    if (rate) assert(Number.parseFloat(rate) > 0, `${name}: ${rate}`);
  });

  // a channel, and the number under the pointer
  await page.click(".layers button:nth-child(2)");
  const [height, width, channels] = summary[1].output, conv2 = expected[1];
  const own = conv2.filter((_, i) => i % channels === 0),
    shown = await page.evaluate<string[]>(
      `[...document.querySelectorAll(".detail .picture dd")].map(({ textContent }) => textContent)`,
    );
  const close = (found: string, value: number) =>
    assert(Math.abs(Number(found) - value) <= 0.006 * Math.abs(value) + 1e-3, `${found} is not ${value}`);
  close(shown[0], Math.max(...own));
  close(shown[1], own.reduce((a, b) => a + b) / own.length);
  await mouse(page, "mouseMoved", ".detail .picture canvas", 0.2, 0.8);
  const [, row, column, value] = /row (\d+) from below, column (\d+): (\S+)/.exec(await text(page, "#inside-value"))!;
  assert(Number(row) < height / 3 && Number(column) <= width, `row ${row}, column ${column}`);
  close(value, conv2[((Number(row) - 1) * width + Number(column) - 1) * channels]);

  // a click on a filter shows it: along the first row, the second comes after the first
  await page.until("document.querySelector('#weights')?.getAttribute('aria-label')");
  const chosen = () => page.evaluate<string>("document.querySelector('#channel').value");
  for (let across = 0.05; across < 1 && await chosen() === "0"; across += 0.1) {
    await mouse(page, "click", "#weights", across, 0.1);
  }
  assertEquals(await chosen(), "1");
  assertMatch(
    await page.evaluate("document.querySelector('#filter').getAttribute('aria-label')"),
    new RegExp(`channel 2 of ${channels}`),
  );
  const weights = model.weights["conv2.w"],
    taps = Array.from({ length: 9 }, (_, tap) => weights[tap * channels ** 2 + 1]);
  const colours = await page.evaluate<number[][]>(`(() => {
    const pen = document.querySelector("#filter").getContext("2d");
    return Array.from({ length: 9 }, (_, tap) => [...pen.getImageData(tap % 3, 2 - Math.floor(tap / 3), 1, 1).data]);
  })()`);
  const largest = Math.max(...taps.map(Math.abs));
  taps.forEach((weight, tap) => {
    if (Math.abs(weight) < largest / 3) return;
    const [red, , blue] = colours[tap];
    assertStrictEquals(blue > red, weight > 0, `tap ${tap}: ${weight} is drawn as ${colours[tap]}`);
  });

  // the end: emotions
  await page.click(".layers button:last-child");
  const rows = await page.evaluate<string[][]>(
    `[...document.querySelectorAll("#inside-emotions tbody tr")].map(({ cells }) => [...cells].map((c) => c.textContent))`,
  );
  assertEquals(rows.map(([emotion]) => emotion), model.description.emotions);
  rows.forEach(([, logit], k) => close(logit, expected[23][k]));
  const shares = rows.map(([, , share]) => Number.parseFloat(share));
  assert(Math.abs(shares.reduce((a, b) => a + b) - 100) < 0.5, `${shares}`);

  // the texts
  await page.evaluate("document.querySelectorAll('.detail details').forEach((one) => one.open = true)");
  await page.until(
    "[...document.querySelectorAll('.detail pre')].every(({ textContent }) => textContent.length > 300)",
  );
  const names = await page.evaluate<string[]>(
    "[...document.querySelectorAll('.detail summary')].map((s) => s.textContent)",
  );
  const gpu = await page.evaluate("document.documentElement.dataset.device === 'webgpu'");
  assert(names.includes(gpu ? "matmul.wgsl" : "matmul.wat"), `${names}`);
  assert(names.some((name) => name.startsWith(`As compiled: matmul${gpu ? " (" : ".wat"}`)), `${names}`);
}

for (const name of ["tiny", "shipped"] as const) {
  Deno.test({
    name: `Inside shows each layer of the ${name} model as its definition says, on WebAssembly and on WebGPU${LACKING}`,
    ignore,
    fn: () => {
      const folderOf = ({ model }: TestSite) => name === "tiny" ? model : SHIPPED_MODEL;
      const serve = (built: TestSite) => serveSite(siteWith(built, folderOf(built)));
      return withPage({ flags: () => WITH_WEBGPU, serve }, async (browser, url, built) => {
        const model = await readModel(folderOf(built));
        const { samples } = decodeRecording(await Deno.readFile(built.wav), built.wav);
        const page = await browser.page(`${url}?device=wasm`);
        await overhear(page);
        await page.until("document.documentElement.dataset.device === 'wasm'");
        await recognise(page, built.wav);
        const go = (view: string) => page.evaluate(`location.hash = "#${view}"`);
        await go("inside");
        await checkInside(page, model, samples, samples.length / 32000);
        const told = await text(page, ".detail p") + await page.evaluate(
          "(document.querySelector('.layers button').click(), document.querySelector('.detail p').textContent)",
        );
        assertStrictEquals(/batch norm that it was trained with/.test(told), name === "shipped", told);

        // what has not changed is not looked at again, what has is
        await page.evaluate("window.inside = undefined");
        await go("train");
        await go("inside");
        await settle(page);
        assertEquals(await page.evaluate("window.inside === undefined"), true);
        await go("listen");
        await page.tabTo("#scene");
        await page.press("Home");
        await go("inside");
        await checkInside(page, model, samples, 0);
        await page.evaluate("window.inside = undefined");
        await page.choose("#device select", "webgpu");
        await checkInside(page, model, samples, 0);
        assertEquals(await page.evaluate("document.documentElement.dataset.device"), "webgpu");
        if (name === "tiny") await accessible(page, "inside");
        assertEquals(page.errors, []);
      });
    },
  });
}

/** The rows of Bench's table. */
const benchRows = (page: Page) =>
  page.evaluate<string[][]>(
    `[...document.querySelectorAll("#bench-table tbody tr")].map(({ cells }) => [...cells].map((c) => c.textContent))`,
  );

/** Waits until Bench has done. */
const benched = (page: Page, limit = 120) =>
  page.until(
    "!document.querySelector('#bench-kernels').disabled && document.querySelector('#bench-status').textContent",
    limit,
  );

/** Stops it once it has so many rows; the seconds that it takes to. */
async function stopBench(page: Page, rows: number): Promise<number> {
  await page.until(`document.querySelectorAll("#bench-table tbody tr").length >= ${rows}`, 60);
  await page.tabTo("#bench-stop");
  const asked = performance.now();
  await page.press("Enter");
  await page.until("document.querySelector('#bench-status').textContent === 'Stopped.'", 30);
  return (performance.now() - asked) / 1000;
}

/** What the buttons put on the clipboard. */
async function copied(page: Page): Promise<{ lines: string[][]; result: BenchResult }> {
  const taken: string[] = [];
  for (const kind of ["text", "json"]) {
    await page.tabTo(`#bench-${kind}`);
    await page.press("Enter");
    await note(page, /Copied: [\d,]+ letters/);
    taken.push(await page.evaluate("navigator.clipboard.readText()"));
  }
  return { lines: taken[0].split("\n").map((line) => line.split("\t")), result: JSON.parse(taken[1]) };
}

/** Holds a whole run of the kernels to what they are. */
async function checkKernels(page: Page, batch: number): Promise<BenchResult> {
  const cases = vggECases({ width: 1 / 8, batch, classes: 7 }), rows = await benchRows(page);
  assertEquals(
    rows.map(([name, , , , , shape]) => [name, shape]),
    cases.map(({ name, layer, shape }) => [`${name} ${layer}`.trim(), shape]),
  );
  for (const [name, time, , , error] of rows) {
    assert(seconds(time) > 0, `${name}: ${time}`);
    assert(Number(error) < 1e-5, `${name}: ${error}`);
  }
  const { lines, result } = await copied(page);
  assertMatch(lines[0][0], /^EPR in Mozilla.*Chrome/);
  assertStrictEquals(lines[1][0], await text(page, "#bench-status"));
  assertEquals(lines.slice(3), rows);
  assertEquals(result.schema, "epr-page-bench/1");
  assertEquals(result.stopped, false);
  assertEquals(result.kernels.length, cases.length);
  assert(result.peaks!.flops.median > 1e8 && result.peaks!.bytes.median > 1e7, JSON.stringify(result.peaks));

  const drawn = await page.evaluate<{ dots: number; text: string; inks: string[]; ink: string; back: string }>(`(() => {
    const svg = document.querySelector(".roofline svg"), colour = (one) => getComputedStyle(one).fill;
    return {
      dots: svg.querySelectorAll("circle title").length,
      text: svg.outerHTML,
      inks: [...svg.querySelectorAll("text")].map(colour),
      ink: getComputedStyle(document.body).color,
      back: colour(svg.querySelector("rect")),
    };
  })()`);
  assertEquals(drawn.dots, cases.filter(({ flops }) => flops > 0).length);
  assertNotMatch(drawn.text, /NaN|undefined|Infinity/);
  assertEquals([...new Set(drawn.inks)], [drawn.ink]); // as legible as everything else, in light and in dark
  assertEquals(drawn.back, "none");
  return result;
}

/** Holds the speeds that Inside shows to the roof that Bench has measured. */
async function checkSpeeds(page: Page, { peaks }: BenchResult, share: number): Promise<void> {
  await page.evaluate(`location.hash = "#inside"`);
  const { tiles } = await look(page);
  for (const { name, rate } of tiles) {
    if (rate) assert(Number.parseFloat(rate) * 1e9 < share * peaks!.flops.median, `${name}: ${rate}`);
  }
}

/** Lets pages use the clipboard. */
const allowClipboard = (page: Page) =>
  page.browser.send("Browser.grantPermissions", { permissions: ["clipboardReadWrite", "clipboardSanitizedWrite"] });

Deno.test({
  name:
    `Bench times every kernel on WebAssembly, by keyboard, copies what it finds, stops, and shows what the ladder requires${LACKING}`,
  ignore,
  fn: () =>
    withPage({}, async (browser, url) => {
      const page = await browser.page(`${url}?device=wasm#bench`, { dark: true });
      await overhear(page);
      await allowClipboard(page);
      await page.until("document.documentElement.dataset.device === 'wasm'");
      await page.choose("#bench-width", "1");
      await page.tabTo("#bench-kernels");
      await page.press("Enter");
      const took = await stopBench(page, 3), rows = await benchRows(page);
      assert(took < 4, `${took} s to stop`);
      const { lines, result: part } = await copied(page);
      assertMatch(lines[1][0], /^Stopped\. \d threads? of WebAssembly SIMD .* GFLOP\/s in registers/);
      assertEquals([part.stopped, part.width, part.batch], [true, 1, 8]);
      assert(part.kernels.length >= 3 && part.kernels.length === rows.length && lines.length === rows.length + 3);

      await page.choose("#bench-width", "0.125");
      await page.tabTo("#bench-kernels");
      await page.press("Enter");
      await benched(page);
      const result = await checkKernels(page, 32);
      await accessible(page, "bench");
      await page.tabTo("#bench-ladder");
      await page.press("Enter");
      await note(
        page,
        /The ladder requires a GPU with WebGPU: this browser has no WebGPU, or no GPU that it may use/,
      );
      await checkSpeeds(page, result, 8); // Winograd's algorithm needs a quarter of the operations; others are at work here too
      assertEquals(page.errors, []);
    }),
});

Deno.test({
  name:
    `Bench times every kernel and climbs the ladder on WebGPU, smaller where a program plays the GPU, and stops${LACKING}`,
  ignore,
  fn: () =>
    withPage({ flags: () => WITH_WEBGPU }, async (browser, url) => {
      const page = await browser.page(`${url}?device=webgpu#bench`);
      await overhear(page);
      await allowClipboard(page);
      await page.until("document.documentElement.dataset.device === 'webgpu'");
      assertEquals(await page.evaluate("document.querySelector('#bench-width option:last-child').disabled"), true);
      await page.click("#bench-kernels");
      const status = await benched(page);
      assertMatch(String(status), /This GPU is emulated by software, so a step has 8 segments here, not 32/);
      const result = await checkKernels(page, 8);
      await page.click("#bench-ladder");
      assertMatch(String(await benched(page)), /so the matrices are 128 wide here, not 2048/);
      const rows = await benchRows(page), { result: { ladder, device } } = await copied(page);
      assertEquals(device, "webgpu");
      const names = LADDER.map(({ name }) => name);
      assertEquals(rows.map(([name]) => name), [
        ...names.slice(0, -1),
        "EPR: matmul",
        ...names.slice(-1),
        "EPR: conv2d",
      ]);
      assertEquals(ladder.map(({ name }) => name), rows.map(([name]) => name));
      for (const { name, seconds, error } of ladder) {
        assert(seconds > 0 && error < 1e-5, `${name}: ${seconds} s, ${error}`);
      }
      await page.click("#bench-ladder");
      const took = await stopBench(page, 1);
      assert(took < 5, `${took} s to stop`);
      await checkSpeeds(page, result, 2);
      assertEquals(page.errors, []);
    }),
});

Deno.test.afterAll(removeBuilt);
