/** The WebGPU device in a browser, without Deno: it reproduces PyTorch's training of VGG-E. */
import { assert, assertEquals } from "@std/assert";
import { readGolden } from "../golden.ts";
import { CHROMIUM, LACKING, runInChromium } from "./webgpu_chromium.ts";
import { relativeError } from "./compare.ts";
import type { TrainingReport } from "./webgpu_vgg_e_entry.ts";

Deno.test({
  name: `VGG-E trains in Chromium for five steps, and has PyTorch's losses${LACKING}`,
  ignore: !CHROMIUM,
  fn: async () => {
    const file = "vgg_e_sixteenth.safetensors";
    const report = await runInChromium<TrainingReport>("webgpu_vgg_e_entry.ts", [file], 240);
    assertEquals(report.failures, []);
    assert(relativeError(report.losses!, (await readGolden(file)).losses.data) < 1e-5, `${report.losses}`);
  },
});
