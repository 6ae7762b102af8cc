/** What the page of webgpu_vgg_e_test.ts runs, bundled: VGG-E's stored training steps on the page's own WebGPU device. */
import { createWebGpuDevice } from "../../kernels/webgpu/mod.ts";
import { trainGolden } from "../nn/vgg_e_golden.ts";
import { fetchGolden, post } from "./webgpu_page.ts";

/** What the page found. */
export interface TrainingReport {
  /** Errors; none if all went well. */
  failures: string[];
  /** Of the five steps. */
  losses?: number[];
  /** The page's adapter. */
  adapter?: string;
}

await post(async (): Promise<TrainingReport> => {
  const device = await createWebGpuDevice({ allowSoftware: true });
  const losses = await trainGolden(device, await fetchGolden("vgg_e_sixteenth.safetensors"));
  return { failures: [], losses, adapter: device.adapterName };
});
