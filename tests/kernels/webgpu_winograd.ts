/**
 * The convolution and its gradients by Winograd's algorithm on a GPU, compared with stored values and the definitions.
 * Runs in Deno and in a page.
 */
import { Random } from "../../kernels/random.ts";
import type { createWebGpuDevice, Planner, Variant, WebGpuOptions } from "../../kernels/webgpu/mod.ts";
import type { GoldenTensor } from "../golden.ts";
import { type Call, check, convCalls, goldenConv, type VariantCheck } from "./webgpu_variants.ts";

/** One variant of each core: what they multiply is the product that `webgpu_variants.ts` holds all of them to. */
export const WINOGRAD_VARIANTS: readonly string[] = ["tile 32x32x32", "lane 16x8 of 8x1", "subgroup 32x8 of 8"];

/**
 * A planner that uses Winograd's algorithm whenever possible, with `parts` parts; default: one or two, depending on the
 * columns.
 */
export function winograd(variant: Variant, parts?: number): Planner {
  return ({ tiles, cols4 }) => {
    const splits = parts ?? (cols4 % 16 === 0 ? 2 : 1);
    return { variant, splits, ...(tiles !== undefined && { winograd: true }) };
  };
}

/**
 * PyTorch's convolutions with whole groups of 32 channels; one tile, of which one output is used; odd heights and widths; an image of one
 * row; enough tiles for several parts.
 */
function calls(golden: Record<string, GoldenTensor>, seed: number): Call[] {
  const r = new Random(seed), some = (n: number) => 32 * (1 + r.below(n));
  const any = [1 + r.below(3), 1 + r.below(9), 1 + r.below(9)] as const;
  return [
    ...goldenConv(golden, "conv.e"),
    ...convCalls(r, 1, 1, 1, 32, 64),
    ...convCalls(r, 2, 2 * r.below(4) + 1, 2 * r.below(4) + 1, some(2), some(2)),
    ...convCalls(r, 1, 1, 8, some(2), some(2)),
    ...convCalls(r, 2, 14, 10, 32, 32),
    ...convCalls(r, ...any, some(3), some(2)),
  ];
}

/** Compares the three passes of a variant with stored values and the definitions. */
export async function checkWinograd(
  variant: Variant,
  create: typeof createWebGpuDevice,
  golden: Record<string, GoldenTensor>,
  options: WebGpuOptions = {},
): Promise<VariantCheck> {
  const own = { planner: winograd(variant), ...options };
  return await check(`Winograd, ${variant.name}`, calls(golden, variant.name.length), create, own);
}
