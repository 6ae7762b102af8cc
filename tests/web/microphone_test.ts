/** The microphone in the page, in headless Chromium: it is off after whatever fails, and its user learns what happens to it. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { LACKING } from "../kernels/webgpu_chromium.ts";
import { microphoneOf, type Page } from "./browser.ts";
import { removeBuilt, type TestSite } from "./site.ts";
import { clear, ignore, note, withPage } from "./visit.ts";

/** Keeps the tracks and contexts that the page makes from here on in `tracks` and `contexts`. */
const WATCH = `
  window.tracks = [];
  window.contexts = [];
  window.Whole = { AudioContext, AudioWorkletNode, addModule: AudioWorklet.prototype.addModule, resume: AudioContext.prototype.resume };
  const give = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
  navigator.mediaDevices.getUserMedia = async (asked) => {
    const stream = await give(asked);
    tracks.push(...stream.getTracks());
    return stream;
  };
  const watch = () => window.AudioContext = class extends Whole.AudioContext {
    constructor(options) { super(options); contexts.push(this); }
  };
  window.mend = () => {
    watch();
    window.AudioWorkletNode = Whole.AudioWorkletNode;
    AudioWorklet.prototype.addModule = Whole.addModule;
    AudioContext.prototype.resume = Whole.resume;
  };
  watch();
  0`;

/** What may fail after the browser gave the microphone: what breaks it, and what the page then shows. */
const FAILURES: [what: string, breaks: string, says: RegExp][] = [
  [
    "no AudioContext",
    "window.AudioContext = class { constructor() { throw new Error('too many contexts') } }",
    /too many contexts/,
  ],
  [
    "the recorder is not loaded",
    "AudioWorklet.prototype.addModule = () => Promise.reject(new Error('no recorder.js'))",
    /no recorder\.js/,
  ],
  ["no node", "window.AudioWorkletNode = class { constructor() { throw new Error('no node') } }", /no node/],
  [
    "sound does not start",
    "AudioContext.prototype.resume = () => Promise.reject(new Error('not allowed'))",
    /not allowed/,
  ],
  [
    "it goes away meanwhile",
    "AudioContext.prototype.resume = function () { tracks.at(-1).stop(); return Whole.resume.call(this) }",
    /was disconnected while it started/,
  ],
  ["sound never starts", "AudioContext.prototype.resume = () => new Promise(() => {})", /its sound does not start/],
];

const speaking = (page: Page, label: "Stop" | "Speak") =>
  page.until(`document.querySelector('#speak').textContent === '${label}'`, 40);
const allOff = (page: Page) =>
  page.until("tracks.length > 0 && tracks.every(({ readyState }) => readyState === 'ended')");
const live = "JSON.parse(document.querySelector('[data-live]')?.dataset.live ?? '{}')";

async function open(browser: { page(url: string): Promise<Page> }, url: string): Promise<Page> {
  const page = await browser.page(`${url}?device=wasm`);
  await page.until("document.documentElement.dataset.device === 'wasm'");
  await page.evaluate(WATCH);
  return page;
}

Deno.test({
  name:
    `whatever fails after the microphone was given, it is off again, the page says what, and Speak works afterwards${LACKING}`,
  ignore,
  fn: () =>
    withPage({ flags: ({ long }: TestSite) => microphoneOf(long) }, async (browser, url) => {
      const page = await open(browser, url);
      for (const [what, breaks, says] of FAILURES) {
        await page.evaluate(`tracks.length = 0; mend(); ${breaks}; 0`);
        await page.click("#speak");
        assertMatch(await note(page, says), says, what);
        await allOff(page);
        await speaking(page, "Speak");
        await clear(page);
      }
      assert(await page.evaluate("contexts.every(({ state }) => state === 'closed')"));
      await page.evaluate("tracks.length = 0; mend(); 0");
      await page.click("#speak");
      await page.until(`${live}.segments > 5`, 40);
      await page.click("#speak");
      await page.until("document.querySelector('[data-recognition]')");
      await allOff(page);
    }),
});

Deno.test({
  name:
    `a microphone that is unplugged is reported, and the recording until then is judged; an interrupted one resumes when it may${LACKING}`,
  ignore,
  fn: () =>
    withPage({ flags: ({ long }: TestSite) => microphoneOf(long) }, async (browser, url) => {
      const page = await open(browser, url);
      await page.click("#speak");
      await page.until(`${live}.segments > 5`, 40);
      // held by the browser, which does not resume it at once
      await page.evaluate(
        "contexts.at(-1).resume = () => Promise.reject(new Error('not now')); contexts.at(-1).suspend()",
      );
      await note(page, /The sound is interrupted/);
      assertEquals(await page.evaluate("tracks[0].readyState"), "live");
      const before = await page.evaluate<number>(`${live}.segments`);
      await page.evaluate(
        "delete contexts.at(-1).resume; document.dispatchEvent(new Event('pointerdown'))",
      );
      await note(page, /The microphone works again/);
      await page.until(`${live}.segments > ${before + 10}`, 40);
      await clear(page);
      // unplugged: the browser ends the track
      await page.evaluate("tracks[0].stop(); tracks[0].dispatchEvent(new Event('ended')); 0");
      await note(page, /The microphone is gone/);
      await speaking(page, "Speak");
      await page.until("document.querySelector('[data-recognition]')");
      await allOff(page);
      assertEquals(page.errors, []);
    }),
});

Deno.test.afterAll(removeBuilt);
