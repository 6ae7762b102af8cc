/** Recordings of all kinds in the page: decoded as `deno task predict` decodes them, with its warnings. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { join } from "@std/path";
import { LACKING } from "../kernels/webgpu_chromium.ts";
import { removeBuilt } from "./site.ts";
import { ignore, recognise, withPage } from "./visit.ts";

/** What FFmpeg makes of the recording. WebM is a kind that EPR has no decoder for. */
const KINDS: Record<string, string[]> = {
  "a.flac": ["-c:a", "flac"],
  "a.mp3": ["-ar", "44100", "-ac", "2", "-c:a", "libmp3lame"],
  "a.m4a": ["-ar", "44100", "-c:a", "aac"],
  "telephone.wav": ["-ar", "8000", "-c:a", "pcm_mulaw"],
  "a.webm": ["-c:a", "libopus", "-b:a", "128k"],
};

const lacksFfmpeg = (() => {
  try {
    return !new Deno.Command("ffmpeg", { args: ["-version"], stdout: "null", stderr: "null" }).outputSync().success;
  } catch {
    return true;
  }
})();

/** Runs a program, and gives what it prints. */
async function run(program: string, args: string[]): Promise<{ out: string; errors: string }> {
  const { success, stdout, stderr } = await new Deno.Command(program, { args, stdin: "null" }).output();
  const [out, errors] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  assert(success, errors);
  return { out, errors };
}

Deno.test({
  name:
    `the page decodes FLAC, MP3, M4A and odd wav files as predict does, shows its warnings, and loads a decoder when it is met${LACKING}${
      lacksFfmpeg ? " (FFmpeg is not installed here)" : ""
    }`,
  ignore: ignore || lacksFfmpeg,
  fn: () =>
    withPage({}, async (browser, url, { folder, model, wav }) => {
      const own = (name: string) => join(folder, name), kinds = Object.entries(KINDS);
      const made = kinds.flatMap(([name, options]) => [...options, own(name)]);
      await run("ffmpeg", ["-v", "error", "-y", "-i", wav, ...made]);
      await Deno.writeFile(own("cut.wav"), (await Deno.readFile(wav)).slice(0, -4000));
      const names = ["a.flac", "a.mp3", "a.m4a", "telephone.wav", "cut.wav"];
      const { out, errors } = await run(Deno.execPath(), [
        ...["run", "-q", "-P=predict", "cli/predict.ts", "--model", model, "--device", "cpu", "--json"],
        ...names.map(own),
      ]);
      const { recordings }: { recordings: { probabilities: Record<string, number> }[] } = JSON.parse(out);
      const [cut, ...more] = errors.split("\n").filter((line) => line.includes("missing"));
      assertMatch(cut, /cut\.wav: /);
      assertEquals(more, []);

      const page = await browser.page(`${url}?device=wasm`);
      const loaded = () => [
        ...new Set(
          page.requests.filter((one) => one.includes("/decoders/")).map((one) => one.split("/").at(-1)),
        ),
      ];
      const warnings = () =>
        page.evaluate<string[]>("[...document.querySelectorAll('#warnings li')].map((one) => one.textContent)");
      await recognise(page, wav);
      assertEquals([loaded(), await warnings()], [[], []]);
      const decoders = ["flac.js", "mpg123-decoder.js", "decode-aac.js", "", ""];
      for (const [i, name] of names.entries()) {
        const found = await recognise(page, own(name)), expected = Object.values(recordings[i].probabilities);
        found.forEach((p, k) => assert(Math.abs(p - expected[k]) < 1e-3, `${name}: ${found} and not ${expected}`));
        assertEquals(loaded(), decoders.slice(0, i + 1).filter((file) => file !== ""), name);
        const [line, ...others] = await warnings();
        if (name === "cut.wav") assert(cut.replace(folder + "/", "").includes(line), `${line}, and not ${cut}`);
        else assertEquals(line, undefined, name);
        assertEquals(others, []);
      }
      // the browser decodes what EPR cannot, and the page states that
      assertEquals((await recognise(page, own("a.webm"))).length, 5);
      assertMatch(
        (await warnings()).join(),
        /^a\.webm: EPR has no decoder for this kind of file; this browser decoded/,
      );
      assertEquals(loaded().length, 3);
      assertEquals(page.errors, []);

      // a decoder that was used is cached for when there is no network; the others are not
      await page.until("navigator.serviceWorker.ready.then((one) => one.active.state === 'activated')");
      await page.evaluate("window.before = true");
      await page.send("Page.reload");
      await page.until(
        "!window.before && document.documentElement.dataset.device === 'wasm' && navigator.serviceWorker.controller",
      );
      await recognise(page, own("a.flac"));
      const kept =
        "Promise.all(['flac', 'ogg-vorbis'].map((name) => caches.match(`decoders/${name}.js`).then(Boolean)))";
      assertEquals(await page.evaluate(kept), [true, false]);
    }),
});

Deno.test.afterAll(removeBuilt);
