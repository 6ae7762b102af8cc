/** The npm package, packed and installed by npm without a registry, and used in Node and in a page built by Vite. */
import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { extractFeatures } from "../../corpora/features.ts";
import { openCorpus } from "../../corpora/open.ts";
import { openSynthetic } from "../../corpora/synthetic.ts";
import { frameCount, logMel } from "../../dsp/log_mel.ts";
import { decodeRecording } from "../../dsp/recording.ts";
import { encodeWav } from "../../dsp/wav.ts";
import { readModel } from "../../models/mod.ts";
import type { Model } from "../../models/model.ts";
import { type Prediction, Predictor } from "../../models/predictor.ts";
import { serveSite, type Site } from "../../web/server.ts";
import { cpu } from "../devices.ts";
import { readGolden } from "../golden.ts";
import { relativeError } from "../kernels/compare.ts";
import { LACKING } from "../kernels/webgpu_chromium.ts";
import { tinyCorpus, trainTinyModel } from "../models/tiny_model.ts";
import { Browser } from "../web/browser.ts";
import { packOnce, root, run, withPackage } from "./npm_package.ts";

const golden = join(root, "tests/golden");

/** A program that uses the package's types; one of its lines is wrong. */
const TYPED = `import { corpora, dsp, forest, kernels, models, nn, refinery } from "@epr/epr";
import { Tape } from "@epr/epr/nn";
const device: kernels.Device = await kernels.openDevice({ threads: 2 });
const network: nn.Network = new nn.VggE(device, { classes: 7, width: 1 / 8 });
const logits: nn.Tensor = network.forward(new Tape(device), new nn.Tensor([1, 64, 32, 1], device.allocate(2048, "x")));
const frames: Float32Array = dsp.logMel(new Float32Array(400));
const grown: forest.RandomForest = forest.RandomForest.fit(frames, new Uint8Array(1), { features: 64, classes: 2 });
const features: corpora.Features = await corpora.extractFeatures(await corpora.openCorpus("synthetic"));
const method: refinery.Method = "pEPR";
const model: models.EmotionModel = await models.loadModel(new URL("http://127.0.0.1/model/"), { threads: 1 });
const { emotion }: { emotion: string } = await model.predict({ samples: frames, sampleRate: 8000 });
// @ts-expect-error a device has no such option
await kernels.openDevice({ thread: 2 });
console.log(logits, grown, features, method, emotion);
`;

const node = await run(root, "node", "--version").catch(() => "none");
const missing = Number(node.match(/^v(\d+)/)?.[1]) >= 20
  ? ""
  : ` (wants Node 20 or later and npm, found ${node.trim()})`;

/** Writes a folder of recordings, with one folder per emotion, and returns its path. */
async function writeRecordings(user: string): Promise<string> {
  const recordings = join(user, "recordings");
  for (const { id, emotion, read } of tinyCorpus.utterances) {
    await Deno.mkdir(join(recordings, emotion), { recursive: true });
    await Deno.writeFile(join(recordings, emotion, `${id}.wav`), encodeWav((await read()).samples, 16000));
  }
  return recordings;
}

Deno.test({
  name:
    `the npm package installs, and in Node gives frames, PyTorch's losses with 1 and 3 threads, a forest, predictions and a trained fold; npx predicts${missing}`,
  ignore: missing !== "",
  async fn() {
    await withPackage(async (user) => {
      const { "chirp.samples": chirp } = await readGolden("front_end.safetensors");
      const wav = encodeWav(chirp.data as Float32Array, 16000);
      await Deno.writeFile(join(user, "chirp.wav"), wav);
      await Deno.copyFile(join(root, "tests/cli/npm_user.mjs"), join(user, "user.mjs"));
      const files = ["vgg_e_sixteenth", "forest_data"].map((name) => join(golden, `${name}.safetensors`));
      const device = await cpu.open(), { model, bytes } = await trainTinyModel(device);
      for (const [name, content] of Object.entries(bytes)) await Deno.writeFile(join(user, name), content);
      const recordings = await writeRecordings(user);
      const found = JSON.parse(await run(user, "node", "user.mjs", "chirp.wav", ...files, "."));

      const { samples } = decodeRecording(wav, "chirp.wav"), frames = logMel(samples);
      assertEquals(found.frames, 98);
      assert(found.same && Math.abs(found.sum / frames.reduce((a, b) => a + b, 0) - 1) < 1e-12);
      const { losses } = await readGolden("vgg_e_sixteenth.safetensors");
      assert(relativeError(found.one.losses, losses.data) < 1e-5, found.one.losses);
      assertEquals(found.three.losses, found.one.losses);
      assertMatch(found.three.description, /^3 threads of WebAssembly SIMD/);
      assertMatch(found.noGpu, /expected a GPU that WebGPU can use, found no adapter/);
      const wanted = await new Predictor(model, device).predict(samples);
      for (const prediction of found.predictions) {
        assertEquals(prediction.emotion, wanted.emotion);
        assert(relativeError(prediction.profile, wanted.profile) < 1e-4);
      }
      const corpus = await openCorpus("folder", { data: recordings });
      const features = await extractFeatures(corpus, { segmentHop: 8 }), K = features.emotions.length;
      assertEquals(found.trained.emotions, features.emotions);
      assertEquals(found.trained.frames, [...features.frames]);
      assertEquals(found.trained.profiles.length, 2);
      for (const profiles of found.trained.profiles as number[][]) {
        assert(profiles.length > K && profiles.length % K === 0);
        const sums = Float64Array.from(
          { length: profiles.length / K },
          (_, s) => profiles.slice(s * K, (s + 1) * K).reduce((a, b) => a + b),
        );
        assert(sums.every((sum) => Math.abs(sum - 1) < 1e-5));
      }
      const shown = JSON.parse(
        await run(user, "npx", "--no-install", "epr", "predict", "chirp.wav", "--json", "--profile"),
      );
      const shipped = await new Predictor(await readModel(join(root, "models/emodb")), device).predict(samples);
      assertEquals(shown.recordings.map(({ emotion }: { emotion: string }) => emotion), [shipped.emotion]);
      assert(Math.abs(shown.recordings[0].probability - shipped.probability) < 1e-3);
      await assertRejects(
        () => run(user, "npx", "--no-install", "epr", "fly"),
        Error,
        'expected a command (predict), found "fly"',
      );
      assertEquals([...new Set(found.folds)].sort(), [0, 1, 2, 3, 4]);
      assert(found.sameForest && found.right > 0.99);

      // its types are complete: a TypeScript program uses each part
      await Deno.writeTextFile(join(user, "types.ts"), TYPED);
      await run(user, "deno", "check", "--quiet", "types.ts");
    });
  },
});

const noArrow = missing || await run(root, "npm", "view", "apache-arrow@21.2.0", "version")
  .then(() => "", () => " (npm does not reach a registry that has apache-arrow@21.2.0)");

Deno.test({
  name: `a run is stored in Node as in Deno, which recomputes every number of it${noArrow}`,
  ignore: noArrow !== "",
  async fn() {
    await withPackage(async (user) => {
      await run(
        user,
        "npm",
        "install",
        "--no-save",
        "--ignore-scripts",
        "--no-audit",
        "--no-fund",
        "apache-arrow@21.2.0",
      );
      await Deno.copyFile(join(root, "tests/cli/npm_runs.mjs"), join(user, "runs.mjs"));
      const { found, status } = JSON.parse(
        await run(user, "node", "runs.mjs", await writeRecordings(user), "run"),
      );
      assertEquals(status, ["finished", "finished"]);
      assertEquals(found[1], found[0]); // a finished run is not run again
      const folder = join(user, "run"), report = ["run", "-q", "-P=report", "cli/report.ts", folder];
      await run(root, "deno", ...report);
      const checked = await run(root, "deno", ...report, "--check");
      assertMatch(checked, /^\d+ numbers in \d+ tables recomputed: all as shown\n$/);
      const { stages } = JSON.parse(await Deno.readTextFile(join(folder, "results.json")));
      assertEquals(stages.map((own: { weightedAccuracy: number }) => own.weightedAccuracy), found[0]);
    });
  },
});

/** Why no page can be built and opened here. */
const noVite = missing || LACKING || await run(root, "npm", "view", "vite@8.4.0", "version")
  .then(() => "", () => " (npm does not reach a registry that has vite@8.4.0)");

/** The result of `ask` in `vite/main.js`. */
interface BrowserAnswers {
  frames: number;
  emotion: string;
  probabilities: number[];
  profile: number[];
  device: string;
  short: string;
  none: string;
}

Deno.test({
  name: `in a page that Vite builds the package predicts what it does in Deno, with threads and without${noVite}`,
  ignore: noVite !== "",
  async fn() {
    const folder = await Deno.makeTempDir({ prefix: "epr-vite-" }), shipped = join(root, "models", "emodb");
    let browser: Browser | undefined;
    try {
      for (const name of ["package.json", "package-lock.json", "index.html", "main.js"]) {
        await Deno.copyFile(join(import.meta.dirname!, "vite", name), join(folder, name));
      }
      await run(folder, "npm", "install", "--ignore-scripts", "--no-audit", "--no-fund");
      await run(folder, "npm", "install", "--no-save", "--offline", "--no-audit", "--no-fund", await packOnce());
      await run(folder, "npx", "vite", "build", "--logLevel", "warn");

      const { samples } = await openSynthetic(3, { utterances: 5, speakers: 1 }).utterances[1].read();
      const wav = encodeWav(samples, 16000), model: Model = await readModel(shipped);
      const predictor = new Predictor(model, await cpu.open());
      const wanted: Prediction = await predictor.predict(decodeRecording(wav, "a buzz").samples);
      const files = new Map(await siteOf(join(folder, "dist")));
      files.set("speech.wav", { bytes: wav, type: "audio/wav" });
      for (const name of ["model.json", "weights.safetensors", "forest.json"]) {
        files.set(`model/${name}`, { bytes: await Deno.readFile(join(shipped, name)), type: "text/plain" });
      }

      browser = await Browser.open();
      for (const isolated of [true, false]) {
        const server = isolated ? serveSite(files) : serveWithoutHeaders(files);
        try {
          const page = await browser.page(`http://127.0.0.1:${server.addr.port}/`);
          await page.until("document.title === 'ready'");
          assertEquals(await page.evaluate("crossOriginIsolated"), isolated);
          const found = await page.evaluate<BrowserAnswers>(`ask({ device: "cpu"${isolated ? ", threads: 2" : ""} })`);
          assertEquals(found.frames, frameCount(samples.length));
          assertEquals(found.emotion, wanted.emotion);
          const apart = found.profile.map((p, i) => Math.abs(p - wanted.profile[i]));
          assert(apart.length === wanted.profile.length && apart.every((difference) => difference < 1e-3));
          assert(found.probabilities.every((p, k) => Math.abs(p - wanted.probabilities[k]) < 1e-3));
          assertMatch(found.device, isolated ? /^cpu: 2 threads/ : /^cpu: 1 thread /);
          assertMatch(found.short, /^TooShortError: .*found 6 ms$/);
          assertMatch(found.none, /^ModelError: .*\/nothing\/model\.json: .*found HTTP status 404/);
          assertEquals(page.errors.filter((error) => !error.includes("/nothing/")), []);
          await page.close();
        } finally {
          await server.shutdown();
        }
      }
    } finally {
      await browser?.close();
      await Deno.remove(folder, { recursive: true });
    }
  },
});

const TYPES: Record<string, string> = { ".html": "text/html; charset=utf-8", ".js": "text/javascript" };

/** The files of a folder and its subfolders, for serving. */
async function siteOf(folder: string, below = ""): Promise<Site> {
  const files: Map<string, { bytes: Uint8Array<ArrayBuffer>; type: string }> = new Map();
  for await (const { name, isDirectory } of Deno.readDir(join(folder, below))) {
    const file = below + name, type = TYPES[name.slice(name.lastIndexOf("."))] ?? "application/octet-stream";
    if (isDirectory) { for (const [own, content] of await siteOf(folder, `${file}/`)) files.set(own, content); }
    else files.set(file, { bytes: await Deno.readFile(join(folder, file)), type });
  }
  return files;
}

/** Serves files like a host that sets no headers: there is no shared memory. */
function serveWithoutHeaders(site: Site): Deno.HttpServer<Deno.NetAddr> {
  return Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, ({ url }) => {
    const file = site.get(new URL(url).pathname.slice(1) || "index.html");
    if (!file) return new Response("No such file", { status: 404 });
    return new Response(file.bytes, { headers: { "content-type": file.type } });
  });
}

Deno.test("deno task npm replaces a package that it wrote, and no other folder", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(join(folder, "precious.txt"), "");
    const args = ["run", "-q", "-P=tooling", "cli/build_npm.ts", "--out", folder];
    await assertRejects(
      () => run(root, "deno", ...args),
      Error,
      "expected a new folder, an empty one or an earlier package, found other files",
    );
    assertEquals([...Deno.readDirSync(folder)].map(({ name }) => name), ["precious.txt"]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
