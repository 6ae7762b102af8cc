/** The page in headless Chromium, as its users meet it. */
import { assert, assertEquals, assertMatch, assertStrictEquals } from "@std/assert";
import { join } from "@std/path";
import { decodeRecording } from "../../dsp/recording.ts";
import { encodeWav } from "../../dsp/wav.ts";
import { answer } from "../../web/server.ts";
import { LACKING } from "../kernels/webgpu_chromium.ts";
import { microphoneOf, WITH_WEBGPU } from "./browser.ts";
import { removeBuilt, type TestSite } from "./site.ts";
import { accessible, clear, ignore, note, recognise, withPage } from "./visit.ts";

/** What `deno task predict --json --profile` prints for the recording. */
async function predict({ model, wav }: TestSite) {
  const { success, stdout, stderr } = await new Deno.Command("deno", {
    args: [
      "run",
      "-q",
      "-P=predict",
      "cli/predict.ts",
      ...["--model", model, "--device", "cpu"],
      "--json",
      "--profile",
      wav,
    ],
  }).output();
  assert(success, new TextDecoder().decode(stderr));
  return JSON.parse(new TextDecoder().decode(stdout)) as Document;
}

interface Document {
  model: string;
  emotions: string[];
  recordings: {
    file: string;
    probability: number;
    probabilities: Record<string, number>;
    profile: { start: number; probabilities: number[] }[];
  }[];
}

Deno.test({
  name:
    `in the page a file has the probabilities of predict, on WebGPU and on WebAssembly, and no request leaves the machine${LACKING}`,
  ignore,
  fn: () =>
    withPage({ flags: () => WITH_WEBGPU }, async (browser, url, built) => {
      const expected = Object.values((await predict(built)).recordings[0].probabilities);
      for (const device of ["wasm", "webgpu"]) {
        const page = await browser.page(`${url}?device=${device}`);
        const found = await recognise(page, built.wav);
        assertStrictEquals(await page.evaluate("document.documentElement.dataset.device"), device);
        assertEquals(found.length, expected.length);
        found.forEach((p, k) => assert(Math.abs(p - expected[k]) < 1e-3, `${device}: ${found} and not ${expected}`));
        if (device === "wasm") {
          assertMatch(
            await page.evaluate("document.querySelector('#device-line').textContent"),
            /\d threads? of WebAssembly/,
          );
        }
        for (const worker of ["engine.js", ...device === "wasm" ? ["thread.js"] : []]) {
          assert(page.workers.includes(`worker ${url}${worker}`), `${page.workers}`);
        }
        const fromWorkers = [
          "site.json",
          "model/model.json",
          ...device === "wasm" ? ["kernels-relaxed.json"] : [],
        ];
        for (const file of fromWorkers) assert(page.requests.includes(url + file), `${page.requests}`);
        assertEquals(page.errors, []);
        await page.close();
      }
    }),
});

Deno.test({
  name: `a microphone gives a live profile, which stays complete when it is stopped${LACKING}`,
  ignore,
  fn: () =>
    withPage({ flags: ({ long }: TestSite) => microphoneOf(long) }, async (browser, url) => {
      const page = await browser.page(`${url}?device=wasm`);
      await page.until("document.documentElement.dataset.device === 'wasm'");
      await page.click("#speak");
      const live = "JSON.parse(document.querySelector('[data-live]')?.dataset.live ?? '{}')";
      await page.until(`${live}.segments > 10`, 40);
      await page.click("#speak");
      const { probabilities } = JSON.parse(
        await page.until<string>("document.querySelector('[data-recognition]')?.dataset.recognition"),
      );
      assert(Math.abs(probabilities.reduce((a: number, b: number) => a + b) - 1) < 1e-6);
      assertEquals(page.errors, []);
    }),
});

Deno.test({
  name:
    `a recognition is pointed at, dragged through, and saved as SVG, PNG and JSON with the profile that predict prints${LACKING}`,
  ignore,
  fn: () =>
    withPage({}, async (browser, url, built) => {
      const page = await browser.page(`${url}?device=wasm`);
      const probabilities = await recognise(page, built.wav), folder = join(built.folder, "saved");
      const cursor = async () =>
        Number(await page.evaluate("document.querySelector('#scene').getAttribute('aria-valuenow')"));
      const middle = await cursor();
      await page.mouse("#scene", [0.3, 0.5]);
      await page.until(
        "/^0\\.\\d\\d s: (\\w+ \\d+ %, ){4}\\w+ \\d+ %$/.test(document.querySelector('#under').textContent)",
      );
      assertStrictEquals(await cursor(), middle);
      await page.mouse("#scene", [0.3, 0.5], "mousePressed");
      await page.mouse("#scene", [0.7, 0.5]);
      await page.mouse("#scene", [0.8, 0.2]);
      await page.mouse("#scene", [0.8, 0.2], "mouseReleased");
      await page.until(`Number(document.querySelector('#scene').getAttribute('aria-valuenow')) > ${1.3 * middle}`);

      await Deno.mkdir(folder);
      await browser.send("Browser.setDownloadBehavior", { behavior: "allow", downloadPath: folder });
      const save = async (kind: string) => {
        await page.click(`button[aria-label="Save as ${kind}"]`);
        const file = join(folder, `a.${kind.toLowerCase()}`);
        for (let tries = 0; tries < 100; tries++) {
          const bytes = await Deno.readFile(file).catch(() => undefined);
          if (bytes?.length) return bytes;
          await new Promise((resolve) => setTimeout(resolve, 100));
        }
        throw new Error(`${file} was not saved; there are ${[...Deno.readDirSync(folder)].map(({ name }) => name)}`);
      };
      const json: Document = JSON.parse(new TextDecoder().decode(await save("JSON"))), wanted = await predict(built);
      const [saved] = json.recordings, [recording] = wanted.recordings;
      assertEquals(Object.values(saved.probabilities), probabilities);
      const differences = saved.profile.flatMap((row, s) =>
        row.probabilities.map((p, k) => Math.abs(p - recording.profile[s].probabilities[k]))
      );
      assert(Math.max(...differences) < 1e-3 && differences.length > 20);
      // and all the rest to the letter
      const { profile, probability, probabilities: its } = recording;
      assertEquals({ ...saved, profile, probability, probabilities: its }, { ...recording, file: "a.wav" });
      assertEquals([json.model, json.emotions], [wanted.model, wanted.emotions]);
      const svg = new TextDecoder().decode(await save("SVG"));
      assertMatch(svg, /^<svg /);
      assertEquals(svg.match(/<polygon /g)?.length, 5);
      const png = await save("PNG"), size = new DataView(png.buffer, 16, 8);
      assertEquals([...png.subarray(1, 4)], [...new TextEncoder().encode("PNG")]);
      assertEquals([size.getUint32(0), size.getUint32(4)], [1800, 860]);
      assertEquals(page.errors, []);
    }),
});

Deno.test({
  name: `a recording longer than the picture has a strip of the whole, which leads to any place${LACKING}`,
  ignore,
  fn: () =>
    withPage({}, async (browser, url, built) => {
      const page = await browser.page(`${url}?device=wasm`);
      const strip = "document.querySelector('.overview')";
      await recognise(page, built.wav);
      assertEquals(await page.evaluate(`${strip}.hidden`), true);
      const { samples } = decodeRecording(await Deno.readFile(built.long), "long.wav");
      const longer = join(built.folder, "longer.wav");
      await Deno.writeFile(longer, encodeWav(Float32Array.from([...samples, ...samples, ...samples]), 16000));
      await recognise(page, longer);
      assertEquals(await page.evaluate(`${strip}.hidden`), false);
      const seconds = Number(await page.evaluate("document.querySelector('#scene').getAttribute('aria-valuemax')"));
      assert(seconds > 8);
      // the stretch is as much of the strip as the picture of the recording
      const stretch = async () =>
        await page.evaluate<number[]>(
          `[".overview", ".overview .stretch"].map((one) => document.querySelector(one).getBoundingClientRect())
            .reduce((all, part) => [(part.left - all.left) / all.width, part.width / all.width])`,
        );
      const cursor = "Number(document.querySelector('#scene').getAttribute('aria-valuenow'))";
      for (const [place, left] of [[0.97, 1 - 8 / seconds], [0.03, 0], [0.5, 0.5 - 4 / seconds]]) {
        await page.mouse(".overview", [place, 0.5], "mousePressed");
        await page.mouse(".overview", [place, 0.5], "mouseReleased");
        await page.until(`Math.abs(${cursor} - ${place * seconds}) < 0.1`);
        await page.evaluate("new Promise((resolve) => requestAnimationFrame(resolve))");
        const [found, width] = await stretch();
        assert(
          Math.abs(found - left) < 0.01 && Math.abs(width - 8 / seconds) < 0.01,
          `${place}: ${found}, ${width}`,
        );
      }
      // every column is full, in the emotions' colours
      const columns = await page.evaluate<number[]>(`(() => {
        const { width, height } = ${strip}.querySelector("canvas");
        const { data } = ${strip}.querySelector("canvas").getContext("2d").getImageData(0, 0, width, height);
        return Array.from({ length: width }, (_, x) =>
          Array.from({ length: height }, (_, y) => data[4 * (y * width + x) + 3]).filter((a) => a > 250).length / height);
      })()`);
      assert(columns.length > 300 && Math.min(...columns) === 1, `${columns.length}: ${Math.min(...columns)}`);
      assertEquals(page.errors, []);
    }),
});

Deno.test({
  name: `training in the page lowers the loss, pauses, changes its method, resumes, and stops${LACKING}`,
  ignore,
  fn: () =>
    withPage({}, async (browser, url) => {
      const page = await browser.page(`${url}?device=wasm#train`);
      await page.until("document.documentElement.dataset.device === 'wasm'");
      await page.choose("#train-size", "tiny");
      await page.choose("#train-stage-count", "5");
      await page.click("#train-start");
      const looks = "JSON.parse(document.querySelector('[data-losses]')?.dataset.losses ?? '[[]]')";
      type Look = { step: number; loss: number };
      const first = await page.until<Look[]>(
        `(() => { const looks = ${looks}[0]; return looks.at(-1)?.step >= looks[0]?.step + 10 && looks; })()`,
        60,
      );
      assert(first.every(({ loss }) => Number.isFinite(loss)));
      // a fast machine's first look is at step 11, a slow one's at step 1
      const later = first.filter(({ step }) => step >= first[0].step + 5).map(({ loss }) => loss);
      assert(Math.min(...later) < first[0].loss, JSON.stringify(first));

      await page.click("#train-pause");
      await page.until("document.querySelector('#train-phase').textContent === 'paused'");
      await page.evaluate("new Promise((resolve) => setTimeout(resolve, 300))"); // what is under way may end
      const held = await page.evaluate(looks);
      await page.evaluate("new Promise((resolve) => setTimeout(resolve, 500))");
      assertEquals(await page.evaluate(looks), held);
      await page.choose("#train-method", "sEPR");
      await page.click("#train-pause");
      const stages = "[...document.querySelectorAll('#train-stages tbody th')].map((one) => one.textContent)";
      await page.until(`${stages}.length >= 2`, 60);
      assertEquals((await page.evaluate<string[]>(stages)).slice(0, 2), ["1, utterances' labels", "2, sEPR"]);
      await page.click("#train-stop");
      await page.until("document.querySelector('#train-phase').textContent === 'stopped'", 30);
      await page.until("!document.querySelector('#train-start').disabled");
      assertEquals(page.errors, []);
    }),
});

Deno.test({
  name: `a broken file, no microphone and no WebGPU each get a friendly message, and the page still works${LACKING}`,
  ignore,
  fn: () =>
    withPage({}, async (browser, url, built) => {
      const page = await browser.page(`${url}?device=wasm`);
      await page.until("document.documentElement.dataset.device === 'wasm'");
      await page.chooseFile("#file", built.broken);
      assertMatch(await note(page, /broken\.wav/), /broken\.wav: /);
      await clear(page);
      const text = `${built.folder}/notes.mp3`;
      await Deno.writeTextFile(text, "not a sound");
      await page.chooseFile("#file", text);
      await note(page, /notes\.mp3: expected a recording that this browser can read/);
      await clear(page);
      await page.click("#speak");
      await note(page, /Found no microphone|The microphone is blocked/);
      await clear(page);
      await page.choose("#device select", "webgpu");
      await note(page, /has no WebGPU, or no GPU that it may use/);
      await page.until("document.querySelector('#device select').value === 'wasm'");
      assertEquals((await recognise(page, built.wav)).length, 5);
      assertEquals(page.errors, []);
    }),
});

Deno.test({
  name: `a page whose GPU is lost says so and continues with WebAssembly${LACKING}`,
  ignore,
  fn: () =>
    withPage({ flags: () => WITH_WEBGPU }, async (browser, url, built) => {
      const page = await browser.page(`${url}?device=webgpu`);
      await recognise(page, built.wav);
      await browser.send("Browser.crashGpuProcess").catch(() => {});
      await page.evaluate("new Promise((resolve) => setTimeout(resolve, 500))");
      await page.chooseFile("#file", built.wav);
      await note(page, /The GPU was lost/);
      await page.until("document.documentElement.dataset.device === 'wasm'");
      assertEquals((await recognise(page, built.wav)).length, 5);
    }),
});

Deno.test({
  name:
    `the keyboard alone opens a file, records, moves the cursor, saves, looks inside, trains and measures, and axe finds no serious fault${LACKING}`,
  ignore,
  fn: () =>
    withPage({ flags: ({ long }: TestSite) => microphoneOf(long) }, async (browser, url, { folder }) => {
      const page = await browser.page(`${url}?device=wasm`);
      await page.until("document.documentElement.dataset.device === 'wasm' && document.querySelector('.meters li')");
      await page.tabTo("#example");
      await page.press("ArrowDown");
      await page.until("document.querySelector('[data-recognition]')");
      await page.tabTo("#scene");
      await page.press("Home");
      await page.press("ArrowRight");
      await page.until("document.querySelector('#scene').getAttribute('aria-valuenow') === '0.05'");
      assertMatch(
        await page.evaluate("document.querySelector('#scene').getAttribute('aria-valuetext')"),
        /^0\.05 s: \w+ \d+ %/,
      );
      await page.press("Space");
      await page.until("document.querySelector('#play').textContent === 'Pause'");
      await page.press("Space");
      await accessible(page, "listen");
      const saved = join(folder, "by-keyboard");
      await Deno.mkdir(saved);
      await browser.send("Browser.setDownloadBehavior", { behavior: "allow", downloadPath: saved });
      await page.tabTo('button[aria-label="Save as JSON"]');
      await page.press("Enter");
      for (let tries = 0; [...Deno.readDirSync(saved)].length === 0; tries++) {
        assert(tries < 100, "nothing was saved");
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      await page.tabTo("#speak");
      await page.press("Enter");
      await page.until("document.querySelector('#speak').textContent === 'Stop'");
      await page.until("JSON.parse(document.querySelector('[data-live]')?.dataset.live ?? '{}').segments > 0", 40);
      await page.press("Enter");
      await page.until("/^your speech/.test(document.querySelector('#status').textContent)");

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
        if (view === "bench") {
          await page.tabTo("#bench-kernels");
          await page.press("Enter");
          await page.until("document.querySelectorAll('#bench-table tbody tr').length >= 1", 60);
          await page.tabTo("#bench-stop");
          await page.press("Enter");
          await page.until("document.querySelector('#bench-status').textContent === 'Stopped.'", 60);
        }
        await accessible(page, view);
      }
      assertEquals(page.errors, []);
    }),
});

Deno.test({
  name:
    `a host without headers gives one thread; a page is seen at once when it is built anew, and works without its host${LACKING}`,
  ignore,
  fn: () => {
    let anew = false;
    // any static host: the files, and nothing but their types
    const serve = ({ site }: TestSite) =>
      Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (request) => {
        const given = answer(site, request);
        const text = anew && new URL(request.url).pathname === "/" &&
          (await given.clone().text()).replace("EPR <", "New <");
        return new Response(text || await given.arrayBuffer(), {
          headers: { "content-type": given.headers.get("content-type")! },
        });
      });
    return withPage({ serve }, async (browser, url, built, server) => {
      const page = await browser.page(`${url}?device=wasm`);
      const before = await recognise(page, built.wav);
      assertMatch(
        await page.evaluate("document.querySelector('#device-line').textContent"),
        /One thread: this host does not set the headers/,
      );
      await page.until("navigator.serviceWorker.ready.then((one) => one.active.state === 'activated')");
      anew = true;
      await page.send("Page.reload");
      await page.until("/^New /.test(document.querySelector('h1').textContent)");
      await page.until("document.documentElement.dataset.device === 'wasm'");
      await server.shutdown();
      await page.send("Page.reload");
      await page.until("/^EPR /.test(document.querySelector('h1').textContent)"); // as it was kept
      await page.until("document.documentElement.dataset.device === 'wasm'");
      assertEquals(await recognise(page, built.wav), before);
      assert(page.workers.includes(`service_worker ${url}service_worker.js`), `${page.workers}`);
    });
  },
});

Deno.test.afterAll(removeBuilt);
