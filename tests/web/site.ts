/** What the tests of the page share: the page built once, with a model trained in a second, and its server. */
import { join } from "@std/path";
import { openSynthetic } from "../../corpora/synthetic.ts";
import { encodeWav } from "../../dsp/wav.ts";
import { createCpuDevice } from "../../kernels/cpu/create.ts";
import { writeModel } from "../../models/write_folder.ts";
import { buildSite } from "../../web/build.ts";
import type { Site } from "../../web/server.ts";
import { trainTinyModel } from "../models/tiny_model.ts";

/** A folder with a model and recordings, and the page that was built of it. */
export interface TestSite {
  folder: string;
  model: string;
  site: Site;
  /** A recording of a second and a half. */
  wav: string;
  /** One of some seconds: five utterances. */
  long: string;
  /** One that is cut short. */
  broken: string;
}

let built: Promise<TestSite> | undefined;

/** Builds it, once for all tests of a file. */
export function buildOnce(): Promise<TestSite> {
  return built ??= build();
}

/** Takes it away. */
export async function removeBuilt(): Promise<void> {
  if (built) await Deno.remove((await built).folder, { recursive: true });
  built = undefined;
}

async function build(): Promise<TestSite> {
  const folder = await Deno.makeTempDir({ prefix: "epr-web-test-" });
  const [model, wav, long, broken] = ["model", "a.wav", "long.wav", "broken.wav"].map((name) => join(folder, name));
  const device = await createCpuDevice({ threads: 1 });
  try {
    await writeModel(model, (await trainTinyModel(device)).bytes);
  } finally {
    device.close();
  }
  const spoken: Float32Array[] = [];
  for (const utterance of openSynthetic(3, { utterances: 5, speakers: 1 }).utterances) {
    spoken.push((await utterance.read()).samples);
  }
  const whole = encodeWav(spoken[2], 16000);
  await Deno.writeFile(wav, whole);
  await Deno.writeFile(broken, whole.subarray(0, 500));
  await Deno.writeFile(long, encodeWav(Float32Array.from(spoken.flatMap((samples) => [...samples])), 16000));
  return { folder, model, wav, long, broken, site: await buildSite(model) };
}
