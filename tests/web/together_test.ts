/** The page when one thing is requested while another runs. */
import { assert, assertEquals } from "@std/assert";
import { Buffer } from "node:buffer";
import { LACKING } from "../kernels/webgpu_chromium.ts";
import { microphoneOf, type Page, WITH_WEBGPU } from "./browser.ts";
import { removeBuilt, type TestSite } from "./site.ts";
import { ignore, note, recognise, withPage } from "./visit.ts";

const go = (page: Page, view: string) => page.evaluate(`location.hash = "#${view}"`);
const phase = "document.querySelector('#train-phase').textContent";
const stepsSeen = "JSON.parse(document.querySelector('[data-losses]')?.dataset.losses ?? '[[]]').flat().length";

/** Begins to train, for longer than any test here lasts. */
async function train(page: Page): Promise<void> {
  await go(page, "train");
  await page.choose("#train-size", "medium");
  await page.click("#train-start");
  await page.until(`${stepsSeen} >= 1`, 60);
}

Deno.test({
  name:
    `a recording is recognised and kernels are timed while a network learns, and while its training is paused${LACKING}`,
  ignore,
  fn: () =>
    withPage({}, async (browser, url, built) => {
      const page = await browser.page(`${url}?device=wasm`), alone = await recognise(page, built.wav);
      await train(page);
      assertEquals(await recognise(page, built.wav), alone);
      const before = await page.evaluate<number>(stepsSeen);
      await page.until(`${stepsSeen} > ${before}`, 30);
      await go(page, "bench");
      await page.click("#bench-kernels");
      await page.until("document.querySelectorAll('#bench-table tbody tr').length >= 2", 60);
      await page.click("#bench-stop");
      await page.until("document.querySelector('#bench-status').textContent === 'Stopped.'", 30);
      await go(page, "train");
      await page.click("#train-pause");
      await page.until(`${phase} === 'paused'`);
      assertEquals(await recognise(page, built.wav), alone);
      await page.click("#train-stop");
      await page.until(`${phase} === 'stopped'`);
      assertEquals(page.errors, []);
    }),
});

Deno.test({
  name:
    `a recording dropped on a view that takes none is opened in Listen, and the link that skips to a view leaves it${LACKING}`,
  ignore,
  fn: () =>
    withPage({}, async (browser, url, built) => {
      const page = await browser.page(`${url}?device=wasm#train`);
      await page.until("document.documentElement.dataset.device === 'wasm'");
      await page.click(".skip");
      assertEquals(await page.evaluate("[location.hash, document.activeElement.tagName, document.title]"), [
        "#train",
        "MAIN",
        "Train · EPR: emotion profiles of speech",
      ]);
      await page.evaluate(`(() => {
        const data = new DataTransfer();
        const bytes = Uint8Array.from(atob("${
        Buffer.from(await Deno.readFile(built.wav)).toString("base64")
      }"), (c) => c.charCodeAt(0));
        for (const name of ["dropped.wav", "more.wav"]) data.items.add(new File([bytes], name));
        for (const type of ["dragover", "drop"]) {
          const event = new DragEvent(type, { bubbles: true, cancelable: true, dataTransfer: data });
          document.querySelector("footer").dispatchEvent(event);
          if (!event.defaultPrevented) throw new Error(type + " is left to the browser, which opens the file");
        }
      })()`);
      await page.until("/^dropped.wav: /.test(document.querySelector('#status').textContent)");
      assertEquals(await page.evaluate("location.hash"), "#listen");
      await note(page, /One recording at a time: opened dropped\.wav, not the 1 others/);
      // a file takes the place of an example, which can then be chosen again
      await page.choose("#example", "0");
      await page.until("/^anger \\(synthetic\\): /.test(document.querySelector('#status').textContent)");
      await recognise(page, built.wav);
      assertEquals(await page.evaluate("document.querySelector('#example').value"), "");
      assertEquals(page.errors, []);
    }),
});

Deno.test({
  name: `of two recordings opened at once the later one is shown${LACKING}`,
  ignore,
  fn: () =>
    withPage({}, async (browser, url, { long, wav }) => {
      const page = await browser.page(`${url}?device=wasm`);
      await page.until("document.documentElement.dataset.device === 'wasm'");
      await page.chooseFile("#file", long);
      await page.chooseFile("#file", wav);
      const shown = "/^a\\.wav: /.test(document.querySelector('#status').textContent)";
      await page.until(shown, 30);
      await page.evaluate("new Promise((resolve) => setTimeout(resolve, 1000))");
      assert(await page.evaluate(shown));
      assertEquals(page.errors, []);
    }),
});

Deno.test({
  name: `a change of the device ends training with a message, and keeps the recorded speech${LACKING}`,
  ignore,
  fn: () =>
    withPage({ flags: ({ long }: TestSite) => [...WITH_WEBGPU, ...microphoneOf(long)] }, async (browser, url) => {
      const page = await browser.page(`${url}?device=wasm`);
      await train(page);
      await page.choose("#device select", "webgpu");
      await page.until(`${phase} === 'stopped: the device was changed'`, 30);
      await page.until("document.documentElement.dataset.device === 'webgpu'", 30);
      await page.until("!document.querySelector('#train-start').disabled");
      await page.choose("#device select", "wasm");
      await page.until("document.documentElement.dataset.device === 'wasm'", 30);

      await go(page, "listen");
      await page.click("#speak");
      await page.until("JSON.parse(document.querySelector('[data-live]')?.dataset.live ?? '{}').segments > 20", 40);
      const buttons = "['#play', ...['SVG', 'PNG', 'JSON'].map((kind) => `[aria-label='Save as ${kind}']`)]";
      const disabled = `${buttons}.map((one) => document.querySelector(one).disabled)`;
      assertEquals(await page.evaluate(disabled), [true, true, true, true]);
      await page.evaluate("document.querySelector('#scene').focus()");
      await page.press("Space");
      assertEquals(await page.evaluate("document.querySelector('#play').textContent"), "Play");
      await page.choose("#device select", "webgpu");
      await page.until("/^your speech: /.test(document.querySelector('#status').textContent)", 30);
      assertEquals(await page.evaluate(disabled), [false, false, false, false]);
      assertEquals(await page.evaluate("document.querySelector('#notes').textContent"), "");
      assertEquals(page.errors, []);
    }),
});

Deno.test.afterAll(removeBuilt);
