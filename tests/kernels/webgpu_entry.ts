/** What the page of webgpu_tint_test.ts runs, bundled: every kernel, every variant of the products, the ladder. */
import { climbLadder, type LadderRow } from "../../bench/ladder.ts";
import { createWebGpuDevice } from "../../kernels/webgpu/device.ts";
import { VARIANTS } from "../../kernels/webgpu/variants.ts";
import { fetchGolden, post } from "./webgpu_page.ts";
import { type Checked, checkSimple, checkVariant } from "./webgpu_variants.ts";

/** What the page found: of the kernels that are no product, then of each variant. */
export interface PageReport {
  /** Errors that are of no check. */
  failures?: string[];
  /** By what was checked. */
  checked: Record<string, Checked>;
  /** Of each step. */
  ladder: LadderRow[];
}

await post(async (): Promise<PageReport> => {
  const golden = await fetchGolden("ops.safetensors");
  const checked: PageReport["checked"] = { simple: await checkSimple(createWebGpuDevice) };
  for (const variant of VARIANTS) checked[variant.name] = await checkVariant(variant, createWebGpuDevice, golden);
  return { checked, ladder: (await climbLadder({ size: 64 })).rows };
});
