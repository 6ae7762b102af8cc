/**
 * `--tune off|quick|full`: determines the fastest plan for each product on this GPU, by measurement, and caches it for later
 * programs (`lab/tuning.ts`).
 */
import { Option } from "commander";
import { type Device, PRECISIONS } from "../kernels/device.ts";
import { WebGpuDevice } from "../kernels/webgpu/mod.ts";
import { chooseKernels, type TuneFlag } from "../lab/tuning.ts";
import { Adam } from "../nn/adam.ts";
import type { Dataset } from "../nn/dataset.ts";
import { forwardBatch, inOrder, Pass } from "../nn/pass.ts";
import { roundUpBatch } from "../nn/predict.ts";
import { VggE, type VggEOptions } from "../nn/vgg_e.ts";
import { say } from "./common.ts";
import { progressBar } from "./progress_bar.ts";

/** The option. */
export function tuneOption(): Option {
  return new Option(
    "--tune <mode>",
    "measure the kernels of a GPU first (quick: at most 10 s, full: 3 min); the result is cached",
  )
    .choices(["off", "quick", "full"]).default("quick");
}

/** `--precision`. */
export function precisionOption(): Option {
  return new Option(
    "--precision <floats>",
    "floats that a GPU multiplies: f16 halves the bytes it reads, multiplies two at once, and rounds to 11 bits",
  )
    .choices(PRECISIONS).default("f32");
}

/**
 * Tunes a WebGPU device for the products of `work`, with a progress bar, or lets it estimate (`off`); other devices are
 * unchanged.
 *
 * @param work enqueues the future operations; they are not executed
 * @param quiet whether to print nothing
 */
export async function tuneDevice(
  device: Device,
  mode: TuneFlag,
  work: () => void,
  { quiet = false, signal }: { quiet?: boolean; signal?: AbortSignal } = {},
): Promise<void> {
  const bar = quiet || !(device instanceof WebGpuDevice) || mode === "off" ? undefined : progressBar("tuning");
  let report;
  try {
    report = await chooseKernels(device, mode, work, { onProgress: bar?.update, signal });
  } finally {
    bar?.stop();
  }
  if (quiet || !report) return;
  const { products, known, measured, seconds } = report;
  const guessed = products - known - measured;
  say(
    `tuning    ${products} products: ${known} known, ${measured} measured in ${seconds.toFixed(1)} s` +
      (guessed > 0 ? `, ${guessed} guessed (--tune full measures more)` : ""),
  );
}

/** Enqueues one training step of a VGG-E and the forward pass of a prediction: all the products of a run. */
export function rehearseTraining(device: Device, options: VggEOptions, batch: number): void {
  const network = new VggE(device, options), adam = new Adam(network.parameters), pass = new Pass(network, batch);
  const anything: Dataset = { length: batch, load: () => {} }, examples = inOrder(batch);
  pass.step(anything, { examples, count: batch, step: 1, path: [] }, () => adam.step(0));
  forwardBatch(network, anything, examples, roundUpBatch(batch));
  pass.release();
  adam.release();
  network.parameters.release();
}
