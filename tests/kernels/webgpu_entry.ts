/** What the page of webgpu_tint_test.ts runs, bundled: every kernel, every variant of the products, the ladder. */
import { createWebGpuDevice } from "../../kernels/webgpu/device.ts";
import { VARIANTS } from "../../kernels/webgpu/variants.ts";
import { fetchGolden, post } from "./webgpu_page.ts";
import { type Checked, checkLadder, checkSimple, checkVariant } from "./webgpu_variants.ts";

/** What the page found: of the kernels that are no product, of the ladder, of each variant. */
export interface PageReport {
  /** Errors that are of no check. */
  failures?: string[];
  /** By what was checked. */
  checked: Record<string, Checked>;
}

await post(async (): Promise<PageReport> => {
  const golden = await fetchGolden("ops.safetensors");
  const checked: PageReport["checked"] = {
    simple: await checkSimple(createWebGpuDevice),
    ladder: await checkLadder(createWebGpuDevice),
  };
  for (const variant of VARIANTS) checked[variant.name] = await checkVariant(variant, createWebGpuDevice, golden);
  return { checked };
});
