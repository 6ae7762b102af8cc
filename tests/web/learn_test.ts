/** Learn, the textbook in the page: all of it is there, it moves, and it reads by keyboard, on a phone, in the dark and on any host. */
import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { join } from "@std/path";
import { textbookFiles } from "../../web/textbook.ts";
import { LACKING } from "../kernels/webgpu_chromium.ts";
import { removeBuilt } from "./site.ts";
import { accessible, ignore, withPage } from "./visit.ts";

const docs = join(import.meta.dirname!, "../../docs/textbook");

Deno.test("the site has every chapter with its pictures, and links to nothing that it has not", async () => {
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
      for (const name of ["2_convolution", "3_tape", "4_adam", "6_forest"]) {
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
      assertEquals(page.errors, []);
    }),
});

Deno.test.afterAll(removeBuilt);
