/**
 * The bundled program of webgpu_tint_test.ts's page: every kernel, every variant of the products, Winograd's algorithm,
 * the ladder.
 */
import { createWebGpuDevice } from "../../kernels/webgpu/mod.ts";
import { variantNamed, VARIANTS } from "../../kernels/webgpu/variants.ts";
import { hiddenNaNs } from "./not_hidden.ts";
import { checkLengths } from "./webgpu_lengths.ts";
import { fetchGolden, post } from "./webgpu_page.ts";
import {
  checkLadder,
  checkSimple,
  checkSubgroupSums,
  checkVariant,
  missingFor,
  type VariantCheck,
} from "./webgpu_variants.ts";
import { checkWinograd, winograd, WINOGRAD_VARIANTS } from "./webgpu_winograd.ts";

/** The page's results: for kernels other than products, for the ladder, for each variant. */
export interface PageReport {
  /** Errors outside the checks. */
  failures?: string[];
  /** Results by check. */
  checked: Record<string, VariantCheck>;
}

await post(async (): Promise<PageReport> => {
  const golden = await fetchGolden("ops.safetensors");
  const checked: PageReport["checked"] = {
    simple: await checkSimple(createWebGpuDevice),
    lengths: await checkLengths(createWebGpuDevice),
    ladder: await checkLadder(createWebGpuDevice),
    "subgroup sums": await checkSubgroupSums(createWebGpuDevice),
  };
  for (const splits of [1, 2]) {
    // with Winograd's algorithm where it can be taken: for 32 channels
    const device = await createWebGpuDevice({ allowSoftware: true, planner: winograd(VARIANTS[0], splits) });
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
  for (const name of WINOGRAD_VARIANTS) {
    const variant = variantNamed(name), missing = await missingFor(variant, createWebGpuDevice);
    checked[`Winograd, ${name}`] = missing === undefined
      ? await checkWinograd(variant, createWebGpuDevice, golden)
      : { pipelines: 0, checks: 0, failures: [], missing };
  }
  return { checked };
});
