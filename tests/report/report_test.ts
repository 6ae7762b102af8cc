/** The report of a run: a page that needs nothing beside itself, and figures that are drawn without a browser. */
import { assert, assertEquals, assertMatch, assertRejects, assertStrictEquals } from "@std/assert";
import { assertOptionError } from "../option_errors.ts";
import { join } from "@std/path";
import { crc32, inflateSync } from "node:zlib";
import { EMOTIONS } from "../../corpora/emotion_names.ts";
import { buildReport } from "../../report/build.ts";
import { draw, emotionColours, standalone } from "../../report/figures/draw.ts";
import { encodePng } from "../../report/figures/png.ts";
import { renderPage, renderTable } from "../../report/html.ts";
import { readRun } from "../../report/read_run.ts";
import { readStudy } from "../../report/study.ts";
import { writeReport } from "../../report/write.ts";
import { inTemporary, names } from "../runs/folders.ts";
import { run } from "../runs/small_experiment.ts";

Deno.test("a report is one page without scripts and without resources from elsewhere, and each figure is a file", async () => {
  await inTemporary(async (dir) => {
    const out = join(dir, "run");
    await run(out, "new");
    const { file, papers } = await writeReport(out);
    const page = await Deno.readTextFile(file);
    assert(!/<script|<link|<iframe|@import|\bsrc=/.test(page));
    const addresses = [...page.matchAll(/(?:href|url)\s*[=(]\s*"?([^")\s>]*)/g)].map(([, address]) => address);
    assertEquals(addresses.filter((address) => !/^(#|data:image\/png;base64,)/.test(address)), []);
    for (const link of page.matchAll(/href="#([^"]*)"/g)) assert(page.includes(`id="${link[1]}"`), link[1]);
    const ids = [...page.matchAll(/\bid="([^"]*)"/g)].map(([, id]) => id);
    assertEquals(ids.filter((id, i) => ids.indexOf(id) !== i), [], "ids are given once");
    assert(!/NaN|undefined|Infinity/.test(page));

    assertMatch(papers.join(), /^Table 4\. .*\nVGG\*³ +– +– +– /s);
    const figures = names(join(out, "report", "figures"));
    assertEquals(figures, [
      "accuracy.svg",
      "confusion-pEPR-1.svg",
      "confusion-pEPR-2.svg",
      "entropy.svg",
      "importance-pEPR.svg",
      "learning-pEPR.svg",
      "profile-pEPR.svg",
      "reliability-pEPR.svg",
      "truth.svg",
    ]);
    assertEquals(page.split("<svg ").length - 1, figures.length);
    const { utterances } = (await readRun(out)).corpus;
    const { sections } = await buildReport(await readStudy(out), { utterance: utterances[7].id });
    assert(JSON.stringify(sections).includes(`${utterances[7].id} (`));
    await assertOptionError(
      async () => buildReport(await readStudy(out), { utterance: "nobody" }),
      "utterance",
      /nobody$/,
    );
  });
});

Deno.test("a report names what is wrong with a run: incomplete, damaged, or of a corpus that cannot be made again", async () => {
  await inTemporary(async (dir) => {
    const out = join(dir, "run");
    await run(out, "new");
    // 20 utterances, where the synthetic corpus is made with 120
    await assertRejects(() => readRun(out, true), Error, "expected the run's sound (corpus.csv), found other sound");
    const results = join(out, "results.json"), whole = await Deno.readTextFile(results);
    await Deno.remove(results);
    assertMatch(
      (await assertRejects(() => writeReport(out), Error)).message,
      /expected a complete run, .*to resume: `train\(corpus, \{ out: /,
    );
    await Deno.writeTextFile(results, whole);
    const predictions = join(out, "predictions.csv"), lines = (await Deno.readTextFile(predictions)).split("\n");
    await Deno.writeTextFile(predictions, lines.slice(0, 5).join("\n"));
    await assertRejects(
      () => writeReport(out),
      Error,
      "predictions.csv: expected 20 utterances, as in corpus.csv, found 4",
    );
  });
});

Deno.test("draw() gives an SVG in the colour of the surrounding text; as a file it is dark on white", async () => {
  const svg = await draw({
    width: 50,
    height: 50,
    data: { values: [{ a: 1, b: 2 }, { a: 2, b: 3 }] },
    mark: "line",
    encoding: { x: { field: "a", type: "quantitative" }, y: { field: "b", type: "quantitative" } },
  });
  assertMatch(svg, /^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg"/);
  assert(svg.includes('fill="currentColor"') && svg.includes("<path"));
  assertMatch(standalone(svg), /^<svg style="color:#1b2026;background:#fff" /);
  const colours = emotionColours([...EMOTIONS.slice(0, 5), "sarcasm", "glee"]);
  assertEquals(new Set(colours).size, 7);
});

Deno.test("encodePng() writes a PNG whose transparency is the density", () => {
  const density = [0, 0.5, 1, 0.25, 2, -1], bytes = encodePng(density, 3, 2, [1, 2, 3]);
  const view = new DataView(bytes.buffer), found: Record<string, Uint8Array> = {};
  for (let at = 8; at < bytes.length;) {
    const length = view.getUint32(at), data = bytes.subarray(at + 8, at + 8 + length);
    found[new TextDecoder().decode(bytes.subarray(at + 4, at + 8))] = data;
    assertStrictEquals(view.getUint32(at + 8 + length), crc32(bytes.subarray(at + 4, at + 8 + length)));
    at += 12 + length;
  }
  assertEquals(Object.keys(found), ["IHDR", "IDAT", "IEND"]);
  assertEquals([...found.IHDR], [0, 0, 0, 3, 0, 0, 0, 2, 8, 6, 0, 0, 0]);
  const rows = inflateSync(found.IDAT);
  const pixel = (alpha: number) => [1, 2, 3, alpha];
  assertEquals([...rows], [0, ...[0, 128, 255].flatMap(pixel), 0, ...[64, 255, 0].flatMap(pixel)]);
});

Deno.test("names of emotions and speakers appear in a page as text, never as HTML", () => {
  const name = '<b>"&';
  const table = { kind: "table" as const, id: "t", title: name, head: [name], rows: [[name]], note: name };
  for (const html of [renderTable(table), renderPage({ title: name, summary: [name], sections: [] })]) {
    assert(!html.includes("<b>") && html.includes("&lt;b&gt;&quot;&amp;"));
  }
});
