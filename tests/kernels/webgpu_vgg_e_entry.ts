/**
 * The bundled program of webgpu_vgg_e_test.ts's page: VGG-E's stored training steps on the page's own WebGPU device.
 */
import { createWebGpuDevice } from "../../kernels/webgpu/mod.ts";
import { trainGolden } from "../nn/vgg_e_golden.ts";
import { fetchGolden, post } from "./webgpu_page.ts";

/** The page's results. */
export interface TrainingReport {
  /** Errors; empty if all is well. */
  failures: string[];
  /** Losses of the five steps. */
  losses?: number[];
  /** The page's adapter. */
  adapter?: string;
}

await post(async (): Promise<TrainingReport> => {
  const device = await createWebGpuDevice({ allowSoftware: true });
  const losses = await trainGolden(device, await fetchGolden("vgg_e_sixteenth.safetensors"));
  return { failures: [], losses, adapter: device.adapterName };
});
