/** The page on GitHub Pages, as it were: in a folder of a host that sets no headers. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { answer } from "../../web/server.ts";
import { LACKING } from "../kernels/webgpu_chromium.ts";
import { WITH_WEBGPU } from "./browser.ts";
import { removeBuilt, type TestSite } from "./site.ts";
import { ignore, note, recognise, withPage } from "./visit.ts";

/** Serves the files under /epr/, and nothing but their types. */
const serve = ({ site }: TestSite) =>
  Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (request) => {
    const url = new URL(request.url);
    if (!url.pathname.startsWith("/epr/")) return new Response("No such file", { status: 404 });
    url.pathname = url.pathname.slice("/epr".length);
    const given = answer(site, new Request(url, { method: request.method }));
    return new Response(await given.arrayBuffer(), {
      status: given.status,
      headers: { "content-type": given.headers.get("content-type")! },
    });
  });

const line = "document.querySelector('#device-line').textContent";

Deno.test({
  name:
    `on a host without headers the service worker adds them: the page loads once more, and has its threads${LACKING}`,
  ignore,
  fn: () =>
    withPage({ serve }, async (browser, url, built) => {
      const page = await browser.page(`${url}epr/?device=wasm`);
      await page.until("crossOriginIsolated", 40);
      await page.until(`/\\d threads? of WebAssembly/.test(${line}) && !/One thread/.test(${line})`, 40);
      assertEquals(await page.evaluate("performance.getEntriesByType('navigation')[0].type"), "reload");
      await page.evaluate("window.stays = true"); // until the end: it is loaded again once, not for ever
      assertEquals((await recognise(page, built.wav)).length, 5);
      assert(page.workers.includes(`worker ${url}epr/thread.js`), `${page.workers}`);
      assertEquals(await page.evaluate("window.stays"), true);
      assertEquals(page.errors, []);
    }),
});

Deno.test({
  name: `a page in use is not reloaded: reloading is offered${LACKING}`,
  ignore,
  fn: () =>
    withPage({ serve }, async (browser, url) => {
      const page = await browser.page(`${url}epr/?device=wasm`);
      await page.evaluate("document.dispatchEvent(new Event('keydown')); 0");
      await note(page, /After a reload, this page uses all processors/);
      assertEquals(await page.evaluate("crossOriginIsolated"), false);
      await page.click("#notes button");
      await page.until("crossOriginIsolated", 40);
      await page.until("document.documentElement.dataset.device === 'wasm'", 40);
      assertEquals(page.errors, []);
    }),
});

Deno.test({
  name: `a GPU emulated by software is named as such, with the faster choice${LACKING}`,
  ignore,
  fn: () =>
    withPage({ flags: () => WITH_WEBGPU }, async (browser, url) => {
      const page = await browser.page(`${url}?device=webgpu`);
      await page.until("document.documentElement.dataset.device === 'webgpu'", 40);
      assertMatch(
        await page.evaluate(line),
        /^WebGPU: .*\(software\).* This GPU is emulated by software; WebAssembly is faster\.$/,
      );
      // and it is not what the page takes by itself
      const other = await browser.page(url);
      await other.until("document.documentElement.dataset.device === 'wasm'", 40);
    }),
});

Deno.test.afterAll(removeBuilt);
