/**
 * `--tune off|quick|full`: which plan computes each product fastest on this GPU, measured once and kept for the next program.
 * What was measured lies in the user's cache folder, by adapter, driver, runtime and kernels; delete it at will.
 */
import { dirname, join } from "@std/path";
import { Option } from "commander";
import { type Device, METRICS, PRECISIONS } from "../kernels/mod.ts";
import { type KernelChoices, type TuneMode, type TuningStore, WebGpuDevice } from "../kernels/webgpu/mod.ts";
import { Adam, Tape, VggE, type VggEOptions } from "../nn/mod.ts";
import { writeJson } from "../files/atomic.ts";
import { progressBar, say } from "./common.ts";

/** What `--tune` takes. */
export type TuneFlag = "off" | TuneMode;

/** The option. */
export function tuneOption(): Option {
  return new Option(
    "--tune <mode>",
    "measure the kernels of a GPU first: quick 10 s at most, full 3 min; kept for later",
  )
    .choices(["off", "quick", "full"]).default("quick");
}

/** `--precision`. */
export function precisionOption(): Option {
  return new Option("--precision <floats>", "what a GPU multiplies: f16 halves what it reads, and rounds to 11 bits")
    .choices(PRECISIONS).default("f32");
}

/**
 * Tunes a WebGPU device for the products of `work`, with a bar, or lets it guess (`off`); any other device is left as it is.
 *
 * @param work enqueues what will be computed; it is not run
 * @param quiet whether to say nothing
 */
export async function tuneDevice(
  device: Device,
  mode: TuneFlag,
  work: () => void,
  { quiet = false, signal }: { quiet?: boolean; signal?: AbortSignal } = {},
): Promise<void> {
  if (!(device instanceof WebGpuDevice)) return;
  if (mode === "off") return device.rehearse(work);
  const bar = quiet ? undefined : progressBar("tuning");
  let report;
  try {
    report = await device.tune(work, { mode, store: await cacheStore(device), onProgress: bar?.update, signal });
  } finally {
    bar?.stop();
  }
  const { products, known, measured, seconds } = report;
  if (quiet) return;
  const guessed = products - known - measured;
  say(
    `tuning    ${products} products: ${known} known, ${measured} measured in ${seconds.toFixed(1)} s` +
      (guessed > 0 ? `, ${guessed} guessed (--tune full measures more)` : ""),
  );
}

/** Enqueues one training step of a VGG-E and the forward pass of a prediction: all the products that a run has. */
export function rehearseTraining(device: Device, options: VggEOptions, batch: number): void {
  const network = new VggE(device, options), adam = new Adam(network.parameters);
  const metrics = device.allocate(METRICS.length, "rehearsal: metrics");
  const run = (batch: number, recording: boolean) => {
    const tape = new Tape(device, { recording });
    const x = tape.input([batch, ...network.inputShape]), targets = tape.input([batch, network.classes]);
    const logits = network.forward(tape, x);
    if (recording) {
      tape.softmaxCrossEntropy(logits, targets, { count: batch, step: 1, metrics });
      tape.backward();
    }
    tape.release();
  };
  run(batch, true);
  run(Math.ceil(batch / 64) * 64, false); // as predictProbabilities() rounds it up
  adam.release();
  network.parameters.release();
  device.release(metrics);
}

/** A file of the user's cache folder; nothing where there is no such folder, or no permission to look for it. */
async function cacheStore(device: WebGpuDevice): Promise<TuningStore | undefined> {
  const folder = cacheFolder();
  if (!folder) return undefined;
  const file = join(folder, "epr", "kernels.json");
  const driver = await nvidiaDriver(device.adapterName);
  const named = (key: string) => driver ? `${key}; driver ${driver}` : key;
  const read = async (): Promise<Record<string, KernelChoices>> => {
    try {
      return JSON.parse(await Deno.readTextFile(file));
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return {};
      throw new Error(`${file} can't be read; delete it, and kernels are measured anew: ${(error as Error).message}`);
    }
  };
  return {
    load: async (key) => (await read())[named(key)],
    save: async (key, choices) => {
      await Deno.mkdir(dirname(file), { recursive: true });
      await writeJson(file, { ...await read(), [named(key)]: choices });
    },
  };
}

function cacheFolder(): string | undefined {
  const set = (name: string) =>
    Deno.permissions.querySync({ name: "env", variable: name }).state === "granted" && Deno.env.get(name) || undefined;
  const home = set("HOME");
  if (Deno.build.os === "windows") return set("LOCALAPPDATA");
  if (Deno.build.os === "darwin") return home && join(home, "Library", "Caches");
  return set("XDG_CACHE_HOME") ?? (home && join(home, ".cache"));
}

/** The version of NVIDIA's driver on Linux: WebGPU does not tell it, and a software adapter has its own in its name. */
async function nvidiaDriver(adapter: string): Promise<string | undefined> {
  if (!/nvidia|geforce|tesla|quadro/i.test(adapter)) return undefined;
  try {
    return /Kernel Module\D*([\d.]+)/.exec(await Deno.readTextFile("/proc/driver/nvidia/version"))?.[1];
  } catch {
    return undefined;
  }
}
