/** Learn, the textbook in the page: all of it is there, it moves, and it reads by keyboard, on a phone, in the dark and on any host. */
import { assert, assertEquals, assertMatch, assertStrictEquals } from "@std/assert";
import { join } from "@std/path";
import { openSynthetic } from "../../corpora/synthetic.ts";
import { textbookFiles } from "../../web/textbook.ts";
import { LACKING } from "../kernels/webgpu_chromium.ts";
import type { Page } from "./browser.ts";
import { removeBuilt } from "./site.ts";
import { accessible, ignore, withPage } from "./visit.ts";

const docs = join(import.meta.dirname!, "../../docs/textbook");

Deno.test("the site has every chapter with its pictures, and no broken links", async () => {
  const files = await textbookFiles(), pages = [...files.keys()].filter((name) => name.endsWith(".html"));
  const chapters = [...Deno.readDirSync(docs)].map(({ name }) => name).filter((name) =>
    name.endsWith(".md") && name !== "README.md"
  );
  assertEquals(pages.map((name) => name.slice(9, -5)).sort(), chapters.map((name) => name.slice(0, -3)).sort());
  let links = 0;
  for (const page of pages) {
    const html = files.get(page)!;
    for (const [, source] of html.matchAll(/<img src="([^"]+)"/g)) {
      assert(files.has(source), `${page} shows ${source}`);
    }
    for (const [, target] of html.matchAll(/<a href="([^"]+)"/g)) {
      const own = target.match(/^#learn(?:\/(\w+))?$/);
      assert(
        own ? !own[1] || files.has(`textbook/${own[1]}.html`) : target.startsWith("https://"),
        `${page}: ${target}`,
      );
      links++;
    }
  }
  assert(links > 30 && files.size > 30);
  const names = JSON.parse(files.get("textbook/contents.json")!).map(({ name }: { name: string }) => name);
  assertEquals(names.slice(0, 3), ["1_frames", "exercises_1", "2_convolution"]);
});

Deno.test({
  name:
    `every chapter opens, what moves beside it moves by keyboard, axe finds nothing, nothing is wider than a phone${LACKING}`,
  ignore,
  fn: () =>
    withPage({
      // a host that sets no headers at all
      serve: ({ site }) =>
        Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => {
          const file = site.get(new URL(request.url).pathname.slice(1) || "index.html");
          return file
            ? new Response(file.bytes, { headers: { "content-type": file.type } })
            : new Response(null, { status: 404 });
        }) as Deno.HttpServer<Deno.NetAddr>,
    }, async (browser, url) => {
      const page = await browser.page(`${url}?device=wasm`, { width: 390, height: 800, mobile: true });
      await page.until("document.documentElement.dataset.device === 'wasm'");
      await page.tabTo(".reading a"); // Listen points to its chapter
      await page.press("Enter");
      const open = (name: string) => page.until(`document.querySelector("#learn-text").dataset.chapter === "${name}"`);
      await open("1_frames");
      const names = await page.evaluate<string[]>(
        "[...document.querySelectorAll('.chapters a')].map(({ hash }) => hash.slice(7))",
      );
      assert(names.length >= 11, `${names}`);
      for (const name of names) {
        await page.evaluate(`location.hash = "learn/${name}"`);
        await open(name);
        await page.until("[...document.images].every(({ complete, naturalWidth }) => complete && naturalWidth > 0)");
        const [wide, live] = await page.evaluate<[number, number]>(
          "[document.documentElement.scrollWidth, document.querySelectorAll('[data-live]').length]",
        );
        assert(wide <= 390, `${name} is ${wide} pixels wide`);
        assertStrictEquals(live, /^\d/.test(name) ? 1 : 0, `${name} has ${live} that move`);
      }
      for (const name of ["1_frames", "2_convolution", "3_tape", "4_adam", "5_labels", "6_forest"]) {
        await page.evaluate(`location.hash = "learn/${name}"`);
        await open(name);
        const words = () => page.evaluate<string>("document.querySelector('.live figcaption').textContent");
        await page.until("document.querySelector('.live figcaption').textContent !== ''");
        const before = await words();
        await page.tabTo(".live input");
        await page.press("ArrowRight");
        await page.until(`document.querySelector('.live figcaption').textContent !== ${JSON.stringify(before)}`);
        await accessible(page, name);
      }
      // by the definition: 60 steps, as in the chapter's picture
      await page.evaluate("location.hash = 'learn/4_adam'");
      await open("4_adam");
      await page.until("/is at a height of 0.024\\.$/.test(document.querySelector('.live figcaption').textContent)");
      await page.evaluate("location.hash = 'learn/1_frames'");
      await open("1_frames");
      await framesAreDefined(page);
      await page.evaluate("location.hash = 'learn/5_labels'");
      await open("5_labels");
      await labelsAreTheChapters(page);
      await page.evaluate("location.hash = 'learn/7_speed'");
      await open("7_speed");
      await ladderIsTimed(page);
      assert(page.requests.some((asked) => /ladder-\w+-plain\.json$/.test(asked)));
      await accessible(page, "7_speed");
      assert(await page.evaluate<number>("document.documentElement.scrollWidth") <= 390);
      assertEquals(page.errors, []);
    }),
});

const caption = "document.querySelector('.live figcaption').textContent";

/** Waits until the words under what moves are as expected, and returns them. */
const said = (page: Page, words: RegExp, seconds = 15) =>
  page.until<string>(`(() => { const text = ${caption}; return ${words}.test(text) && text; })()`, seconds);

/** Frame 52 as the discrete Fourier transform is defined; a tone of 440 Hz; the pointer. */
async function framesAreDefined(page: Page): Promise<void> {
  await said(page, /^Frame 52, from 0\.520 to 0\.545 s/);
  const { samples } = await openSynthetic(1, { utterances: 5, speakers: 1 }).utterances[2].read();
  const strength = Array.from({ length: 257 }, (_, k) => {
    let [re, im] = [0, 0];
    for (let i = 0; i < 400; i++) {
      const value = samples[52 * 160 + i] * Math.sin(Math.PI * i / 400) ** 2, angle = 2 * Math.PI * k * i / 512;
      [re, im] = [re + value * Math.cos(angle), im - value * Math.sin(angle)];
    }
    return Math.hypot(re, im);
  });
  const strongest = strength.indexOf(Math.max(...strength)) * 16000 / 512;
  const words = await said(page, /The segment that begins here has frames 52 to 83\.$/);
  assertMatch(words, new RegExp(`strongest tone is ${strongest} Hz`));
  await page.choose(".live select", "a tone of 440 Hz");
  await said(page, /strongest tone is 437\.5 Hz/); // of 0, 31.25, 62.5, ... the nearest
  await page.evaluate("document.querySelector('.live canvas').scrollIntoView()");
  await page.mouse(".live canvas", [0.5, 0.4]); // the middle of a second
  await said(page, /^Frame 49, from 0\.490 /);
  await page.mouse(".live canvas", [0.95, 0.4]);
  await said(page, /fewer than 32 frames are left/);
}

/** The page's chain has the distances that the chapter names; `tests/textbook/numbers_test.ts` holds those. */
async function labelsAreTheChapters(page: Page): Promise<void> {
  const text = (await Deno.readTextFile(join(docs, "5_labels.md"))).replaceAll(/\s+/g, " ");
  const [, first] = text.match(/from the truth is (0\.\d+)/)!;
  const [, pEPR, sEPR] = text.match(/pEPR's at (0\.\d+) and sEPR's at (0\.\d+)/)!;
  for (const [method, second] of [["pEPR", pEPR], ["sEPR", sEPR]]) {
    await page.choose(".live select", method);
    await said(page, new RegExp(`Stage 1.*from the truth is ${first}\\.$`));
    await page.tabTo(".live button");
    await page.press("Enter");
    await said(page, /Network 1 learns|Stage 2,/); // it may have learned before anybody looks
    await said(page, new RegExp(`Stage 2, ${method}: .* is ${second}, after ${first}\\.$`));
  }
}

/** Each rung has a rate and its share of the peak; sums in registers gain more than a busy machine could hide. */
async function ladderIsTimed(page: Page): Promise<void> {
  await page.tabTo(".live button");
  await page.press("Enter");
  const words = await said(page, /times as fast as the first/, 60);
  const [peak, gain, error] = words.match(/peak is ([\d.]+) GFLOP\/s.* is ([\d.]+) times .* to (\S+) of/)!.slice(1)
    .map(Number);
  const rows = await page.evaluate<string[][]>(
    "[...document.querySelectorAll('.ladder tbody tr')].map(({ cells }) => [...cells].map((cell) => cell.textContent))",
  );
  assertEquals(rows.length, 5);
  const rates = rows.map(([, rate]) => Number(rate));
  rows.forEach(([name, , share], i) => {
    const percent = 100 * rates[i] / peak; // of rounded numbers
    assert(Math.abs(parseInt(share) - percent) < 0.6 + (5 + percent / 20) / peak, `${name}: ${share} of ${peak}`);
  });
  assert(rates[2] > 2 * rates[0] && gain > 2 && error < 1e-6, words);
}

Deno.test({
  name: `if the host's headers allow it, the ladder is timed in shared memory, as the engine runs${LACKING}`,
  ignore,
  fn: () =>
    withPage({}, async (browser, url) => {
      const page = await browser.page(`${url}?device=wasm#learn/7_speed`);
      await page.until("document.querySelector('.live button')");
      await ladderIsTimed(page);
      assert(page.requests.some((asked) => /ladder-\w+-shared\.json$/.test(asked)));
      assertEquals(page.errors, []);
    }),
});

Deno.test.afterAll(removeBuilt);
