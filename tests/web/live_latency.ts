/**
 * How far the page's picture is behind the sound: a microphone that plays synthetic speech, the model that ships, headless
 * Chromium. Time is taken from when a block of 10 ms is whole in the browser's sound thread to when the frame is on the screen that
 * shows what was shown in it; what the system's own sound input adds is not in it.
 *
 *     deno run -P=test tests/web/live_latency.ts [--seconds 30] [--device wasm] [--model models/emodb]
 */
import { parseArgs } from "node:util";
import { openSynthetic } from "../../corpora/synthetic.ts";
import { encodeWav } from "../../dsp/wav.ts";
import { buildSite } from "../../web/build.ts";
import { serveSite } from "../../web/server.ts";
import { Browser, microphoneOf, WITH_WEBGPU } from "./browser.ts";

const { values: { seconds, device, model } } = parseArgs({
  options: {
    seconds: { type: "string", default: "30" },
    device: { type: "string", default: "wasm" },
    model: { type: "string", default: "models/emodb" },
  },
});
const folder = await Deno.makeTempDir({ prefix: "epr-live-" });
const spoken: Float32Array[] = [];
for (const utterance of openSynthetic(3, { utterances: 10, speakers: 2 }).utterances) {
  spoken.push((await utterance.read()).samples);
}
const wav = `${folder}/speech.wav`;
await Deno.writeFile(wav, encodeWav(Float32Array.from(spoken.flatMap((samples) => [...samples])), 16000));

interface Live {
  segments: number;
  seconds: number;
  behind: number;
  latency: number;
  slowest: number;
}
const server = serveSite(await buildSite(model));
const browser = await Browser.open([...microphoneOf(wav), ...device === "webgpu" ? WITH_WEBGPU : []]);
try {
  const page = await browser.page(`http://127.0.0.1:${server.addr.port}/?device=${device}`);
  await page.until(`document.documentElement.dataset.device === "${device}"`, 60);
  console.log(await page.evaluate("document.querySelector('#device-line').textContent"));
  await page.click("#speak");
  const look = () => page.evaluate<Live>("JSON.parse(document.querySelector('[data-live]').dataset.live)");
  await page.until("document.querySelector('[data-live]')", 30);
  const looks: Live[] = [];
  while ((looks.at(-1)?.seconds ?? 0) < Number(seconds)) {
    await new Promise((resolve) => setTimeout(resolve, 1000));
    looks.push(await look());
  }
  await page.click("#speak");
  await page.until("/^your speech/.test(document.querySelector('#status').textContent)");
  const shown = await page.evaluate<string>("document.querySelector('#status').textContent");
  const first = looks[1], last = looks.at(-1)!;
  const medians = looks.slice(2).map(({ latency }) => latency).sort((a, b) => a - b);
  const rate = (last.segments - first.segments) / (last.seconds - first.seconds);
  console.log(
    `sound to picture: median ${medians[medians.length >> 1]} ms; each second's slowest at most ${
      Math.max(...looks.slice(2).map(({ slowest }) => slowest))
    } ms`,
  );
  console.log(
    `${rate.toFixed(1)} segments a second of sound; at most ${
      Math.max(...looks.map(({ behind }) => behind))
    } blocks of 10 ms waiting`,
  );
  console.log(shown);
} finally {
  await browser.close();
  await server.shutdown();
  await Deno.remove(folder, { recursive: true });
}
