/** What the page of webgpu_tint_test.ts runs, bundled: every kernel, every variant of the products, the ladder. */
import { createWebGpuDevice } from "../../kernels/webgpu/mod.ts";
import { VARIANTS } from "../../kernels/webgpu/variants.ts";
import { hiddenNaNs } from "./not_hidden.ts";
import { fetchGolden, post } from "./webgpu_page.ts";
import {
  checkLadder,
  checkSimple,
  checkSubgroupSums,
  checkVariant,
  missingFor,
  type VariantCheck,
} from "./webgpu_variants.ts";

/** What the page found: of the kernels that are no product, of the ladder, of each variant. */
export interface PageReport {
  /** Errors that are of no check. */
  failures?: string[];
  /** By what was checked. */
  checked: Record<string, VariantCheck>;
}

await post(async (): Promise<PageReport> => {
  const golden = await fetchGolden("ops.safetensors");
  const checked: PageReport["checked"] = {
    simple: await checkSimple(createWebGpuDevice),
    ladder: await checkLadder(createWebGpuDevice),
    "subgroup sums": await checkSubgroupSums(createWebGpuDevice),
  };
  for (const splits of [1, 2]) {
    const device = await createWebGpuDevice({ allowSoftware: true, planner: () => ({ variant: VARIANTS[0], splits }) });
    const failures = await hiddenNaNs(device), { pipelines } = device.created;
    device.close();
    checked[`NaN in ${splits} parts`] = { failures, pipelines, checks: pipelines };
  }
  for (const variant of VARIANTS) {
    const missing = await missingFor(variant, createWebGpuDevice);
    checked[variant.name] = missing === undefined
      ? await checkVariant(variant, createWebGpuDevice, golden)
      : { pipelines: 0, checks: 0, failures: [], missing };
  }
  return { checked };
});
