/** A model in a program: from a folder, an address or files, applied to a wav file or samples. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { openSynthetic } from "../../corpora/synthetic.ts";
import { resample } from "../../dsp/resample.ts";
import { encodeWav } from "../../dsp/wav.ts";
import { MODEL_FILES, type ModelBytes } from "../../models/description.ts";
import { loadModel } from "../../models/mod.ts";
import { Predictor, TooShortError } from "../../models/predictor.ts";
import type { ModelSource } from "../../models/source.ts";
import { ModelError } from "../../models/untrusted.ts";
import { writeModel } from "../../models/write_folder.ts";
import { withFolder } from "../corpora/folders.ts";
import { cpu } from "../devices.ts";
import { flac } from "../dsp/flac.ts";
import { trainTinyModel } from "./tiny_model.ts";

let trained: ReturnType<typeof trainTinyModel> | undefined;
const tinyModel = async () => await (trained ??= trainTinyModel(await cpu.open()));

/** Serves files of a model at /models/tiny/, and passes on the server's address. */
async function withServer(bytes: Partial<ModelBytes>, body: (address: string) => Promise<void>): Promise<void> {
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, (request) => {
    const own = bytes[new URL(request.url).pathname.replace("/models/tiny/", "") as keyof ModelBytes];
    return own ? new Response(own.slice()) : new Response("not here", { status: 404 });
  });
  try {
    await body(`http://127.0.0.1:${server.addr.port}`);
  } finally {
    await server.shutdown();
  }
}

/** Samples of a buzz of about a second, at 16 kHz. */
async function buzz(): Promise<Float32Array> {
  return (await openSynthetic(9, { utterances: 5, speakers: 1 }).utterances[2].read()).samples;
}

Deno.test("a model is the same from a folder, its URL, a server's address, its bytes and a page's Files", async () => {
  const { model, bytes } = await tinyModel(), samples = await buzz();
  const wanted = await new Predictor(model, await cpu.open()).predict(samples);
  await withFolder({}, async (dir) => {
    const folder = join(dir, "tiny");
    await writeModel(folder, bytes);
    await withServer(bytes, async (address) => {
      const files = MODEL_FILES.map((name) => new File([bytes[name].slice()], name));
      const sources: ModelSource[] = [
        folder,
        new URL(`file://${folder}`),
        `${address}/models/tiny`,
        new URL(`${address}/models/tiny/model.json`),
        bytes,
        files,
      ];
      for (const source of sources) {
        const own = await loadModel(source, { device: "cpu", threads: 1 });
        assertEquals(own.description, model.description);
        assertEquals(await own.predict(samples), wanted);
        own.close();
      }
    });
  });
});

Deno.test("a recording may be samples of any rate, or a file of any format in any container; concurrent calls are answered in turn", async () => {
  const { model, bytes } = await tinyModel(), samples = await buzz();
  const predictor = new Predictor(model, await cpu.open());
  const wav = encodeWav(samples, 16000), doubled = resample(samples, 16000, 32000);
  const own = await loadModel(bytes, { device: "cpu", threads: 1 });
  const [bare, file, compressed, buffer, blob, fast, halved] = await Promise.all([
    own.predict(samples),
    own.predict(wav),
    own.predict(flac([new Int16Array(wav.slice(44).buffer)])),
    own.predict(wav.slice().buffer),
    own.predict(new Blob([wav.slice()])),
    own.predict({ samples: doubled, sampleRate: 32000 }),
    own.predict(samples, { segmentHop: 4, decide: "mean" }),
  ]);
  assertEquals(bare, await predictor.predict(samples));
  for (const one of [compressed, buffer, blob]) assertEquals(one, file);
  // 16-bit samples, and samples resampled twice, are nearly equal to these
  for (const one of [file, fast]) {
    assert(one.profile.every((p, i) => Math.abs(p - bare.profile[i]) < 0.01), one.emotion);
  }
  assertEquals(halved, await predictor.predict(samples, { segmentHop: 4, decide: "mean" }));
  await assertRejects(() => own.predict(samples.subarray(0, 1000)), TooShortError);
  await assertRejects(() => own.predict(new Uint8Array(100)), TypeError, "the recording: ");
  await assertRejects(() => own.predict({} as Float32Array), TypeError, "the bytes of a recording");
  assertEquals(await own.predict(samples), bare); // and it continues
  own.close();
});

Deno.test("anything but a model is refused with place and reason, and no more is read than a model has", async () => {
  const { bytes } = await tinyModel();
  const { "forest.json": _, ...part } = bytes;
  await assertRejects(() => loadModel("/nowhere/at/all"), ModelError, "no such folder");
  await assertRejects(() => loadModel(part as ModelBytes), TypeError, "found no forest.json");
  await withServer(part, async (address) => {
    await assertRejects(
      () => loadModel(`${address}/models/tiny/`),
      ModelError,
      "/models/tiny/forest.json: expected a file of a model, found HTTP status 404",
    );
  });
  const long = new Uint8Array(bytes["weights.safetensors"].length + 1);
  long.set(bytes["weights.safetensors"]);
  await withServer({ ...bytes, "weights.safetensors": long }, async (address) => {
    await assertRejects(
      () => loadModel(`${address}/models/tiny/`),
      ModelError,
      "weights.safetensors: expected at most",
    );
  });
  await assertRejects(() => loadModel("http://127.0.0.1:1/"), ModelError); // no server there
});
