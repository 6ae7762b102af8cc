/** The page in headless Chromium, as its users meet it. */
import assert from "@std/assert";
import { answer } from "../../web/server.ts";
import { LACKING } from "../kernels/webgpu_chromium.ts";
import { microphoneOf, WITH_WEBGPU } from "./browser.ts";
import { type Built, removeBuilt } from "./site.ts";
import { accessible, clear, hear, ignore, note, withPage } from "./visit.ts";

async function predict({ model, wav }: Built): Promise<number[]> {
  const { success, stdout, stderr } = await new Deno.Command("deno", {
    args: ["run", "-q", "-P=predict", "cli/predict.ts", "--model", model, "--device", "cpu", "--json", wav],
  }).output();
  assert.ok(success, new TextDecoder().decode(stderr));
  const { recordings: [{ probabilities }] } = JSON.parse(new TextDecoder().decode(stdout));
  return Object.values(probabilities);
}

Deno.test({
  name:
    `in the page a file has the probabilities of predict, on WebGPU and on WebAssembly, and no request leaves the machine${LACKING}`,
  ignore,
  fn: () =>
    withPage({ flags: () => WITH_WEBGPU }, async (browser, url, built) => {
      const expected = await predict(built);
      for (const device of ["wasm", "webgpu"]) {
        const page = await browser.page(`${url}?device=${device}`);
        const found = await hear(page, built.wav);
        assert.equal(await page.evaluate("document.documentElement.dataset.device"), device);
        assert.equal(found.length, expected.length);
        found.forEach((p, k) => assert.ok(Math.abs(p - expected[k]) < 1e-3, `${device}: ${found} and not ${expected}`));
        if (device === "wasm") {
          assert.match(
            await page.evaluate("document.querySelector('#device-line').textContent"),
            /\d threads? of WebAssembly/,
          );
        }
        for (const worker of ["engine.js", ...device === "wasm" ? ["thread.js"] : []]) {
          assert.ok(page.workers.includes(`worker ${url}${worker}`), `${page.workers}`);
        }
        const fromWorkers = [
          "site.json",
          "model/model.json",
          ...device === "wasm" ? ["kernels-relaxed-shared.json"] : [],
        ];
        for (const file of fromWorkers) assert.ok(page.requests.includes(url + file), `${page.requests}`);
        for (const asked of page.requests) assert.ok(asked.startsWith(url) || /^(blob|data):/.test(asked), asked);
        assert.deepEqual(page.errors, []);
        await page.close();
      }
    }),
});

Deno.test({
  name: `a microphone gives a live profile, and stays whole when it is stopped${LACKING}`,
  ignore,
  fn: () =>
    withPage({ flags: ({ long }: Built) => microphoneOf(long) }, async (browser, url) => {
      const page = await browser.page(`${url}?device=wasm`);
      await page.until("document.documentElement.dataset.device === 'wasm'");
      await page.evaluate("document.querySelector('#speak').click()");
      const live = "JSON.parse(document.querySelector('[data-live]')?.dataset.live ?? '{}')";
      await page.until(`${live}.segments > 10`, 40);
      await page.evaluate("document.querySelector('#speak').click()");
      const { probabilities } = JSON.parse(
        await page.until<string>("document.querySelector('[data-heard]')?.dataset.heard"),
      );
      assert.ok(Math.abs(probabilities.reduce((a: number, b: number) => a + b) - 1) < 1e-6);
      assert.deepEqual(page.errors, []);
    }),
});

Deno.test({
  name: `training in the page lowers the loss, stage after stage, and can be stopped${LACKING}`,
  ignore,
  fn: () =>
    withPage({}, async (browser, url) => {
      const page = await browser.page(`${url}?device=wasm#train`);
      await page.evaluate(
        "(() => { const size = document.querySelector('#train-start').closest('.bar').querySelector('select'); size.value = 'tiny'; })()",
      );
      await page.evaluate("document.querySelector('#train-start').click()");
      await page.until("document.querySelectorAll('#train-stages tbody tr').length >= 2", 60);
      await page.evaluate("document.querySelector('#train-stop').click()");
      await page.until("/stopped|done/.test(document.querySelector('#train-phase').textContent)");
      const losses: number[][] = JSON.parse(
        await page.evaluate("document.querySelector('[data-losses]').dataset.losses"),
      );
      assert.ok(losses.flat().every(Number.isFinite));
      assert.ok(losses[0].at(-1)! < losses[0][0], `${losses[0]}`);
      assert.deepEqual(page.errors, []);
    }),
});

Deno.test({
  name: `a broken file, no microphone and no WebGPU each get a kind word, and the page goes on${LACKING}`,
  ignore,
  fn: () =>
    withPage({}, async (browser, url, built) => {
      const page = await browser.page(`${url}?device=wasm`);
      await page.until("document.documentElement.dataset.device === 'wasm'");
      await page.chooseFile("#file", built.broken);
      assert.match(await note(page, /broken\.wav/), /broken\.wav: /);
      await clear(page);
      const text = `${built.folder}/notes.mp3`;
      await Deno.writeTextFile(text, "not a sound");
      await page.chooseFile("#file", text);
      await note(page, /notes\.mp3 is no recording that this browser can read/);
      await clear(page);
      await page.evaluate("document.querySelector('#speak').click()");
      await note(page, /No microphone was found|The microphone was not allowed/);
      await clear(page);
      await page.evaluate(
        "(() => { const select = document.querySelector('#device select'); select.value = 'webgpu'; select.dispatchEvent(new Event('change')); })()",
      );
      await note(page, /has no WebGPU, or no GPU that it may use/);
      await page.until("document.querySelector('#device select').value === 'wasm'");
      assert.equal((await hear(page, built.wav)).length, 5);
      assert.deepEqual(page.errors, []);
    }),
});

Deno.test({
  name: `a page whose GPU is lost says so and goes on with WebAssembly${LACKING}`,
  ignore,
  fn: () =>
    withPage({ flags: () => WITH_WEBGPU }, async (browser, url, built) => {
      const page = await browser.page(`${url}?device=webgpu`);
      await hear(page, built.wav);
      await browser.send("Browser.crashGpuProcess").catch(() => {});
      await page.evaluate("new Promise((resolve) => setTimeout(resolve, 500))");
      await page.chooseFile("#file", built.wav);
      await note(page, /The GPU was lost/);
      await page.until("document.documentElement.dataset.device === 'wasm'");
      assert.equal((await hear(page, built.wav)).length, 5);
    }),
});

Deno.test({
  name:
    `the keyboard alone hears an example, moves the cursor, looks inside and trains, and axe finds no serious fault${LACKING}`,
  ignore,
  fn: () =>
    withPage({}, async (browser, url) => {
      const page = await browser.page(`${url}?device=wasm`, { dark: true });
      await page.until("document.documentElement.dataset.device === 'wasm' && document.querySelector('.meters li')");
      await page.tabTo("#example");
      await page.press("ArrowDown");
      await page.until("document.querySelector('[data-heard]')");
      await page.tabTo("#scene");
      await page.press("Home");
      await page.press("ArrowRight");
      await page.until("document.querySelector('#scene').getAttribute('aria-valuenow') === '0.05'");
      assert.match(
        await page.evaluate("document.querySelector('#scene').getAttribute('aria-valuetext')"),
        /^0\.05 s: \w+ \d+ %/,
      );
      await page.press("Space");
      await page.until("document.querySelector('#play').textContent === 'Pause'");
      await page.press("Space");
      await accessible(page, "listen");

      for (const view of ["inside", "train", "bench"]) {
        await page.tabTo(`nav a[href="#${view}"]`);
        await page.press("Enter");
        await page.until(`location.hash === "#${view}"`);
        if (view === "inside") {
          await page.until("document.querySelectorAll('.layers button').length === 24", 60);
          await page.tabTo(".layers button:nth-child(2)");
          await page.press("Enter");
          await page.until("document.querySelector('.detail h2')?.textContent === 'conv2'");
          await page.tabTo("#channel");
          await page.press("ArrowRight");
          await page.until("document.querySelector('#channel').value === '1'");
        }
        if (view === "train") {
          await page.tabTo("#train-start");
          await page.press("Enter");
          await page.until("document.querySelector('[data-losses]')", 60);
          await page.tabTo("#train-stop");
          await page.press("Enter");
          await page.until("document.querySelector('#train-phase').textContent === 'stopped'", 60);
        }
        await accessible(page, view);
      }
      assert.deepEqual(page.errors, []);
    }),
});

Deno.test({
  name: `a host without headers gives one thread, and a page that was loaded once works without its host${LACKING}`,
  ignore,
  fn: () => {
    // any static host: the files, and nothing but their types
    const serve = ({ site }: Built) =>
      Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (request) => {
        const given = answer(site, request);
        return new Response(await given.arrayBuffer(), {
          headers: { "content-type": given.headers.get("content-type")! },
        });
      });
    return withPage({ serve }, async (browser, url, built, server) => {
      const page = await browser.page(`${url}?device=wasm`);
      const before = await hear(page, built.wav);
      assert.match(
        await page.evaluate("document.querySelector('#device-line').textContent"),
        /One thread: this host does not set the headers/,
      );
      await page.until("navigator.serviceWorker.ready.then((one) => one.active.state === 'activated')");
      await server.shutdown();
      await page.send("Page.reload");
      await page.until("document.documentElement.dataset.device === 'wasm'");
      assert.deepEqual(await hear(page, built.wav), before);
    });
  },
});

Deno.test.afterAll(removeBuilt);
