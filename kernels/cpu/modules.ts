/**
 * The kernels' sources, and their assembly. The assembler (691 kB) is loaded only if the cache does not have the assembled
 * kernels. The page and the npm package use bytes assembled in advance: see {@link KernelBytes}.
 */
import project from "../../deno.json" with { type: "json" };
import adam from "../wat/adam.wat" with { type: "text" };
import averagePool from "../wat/average_pool.wat" with { type: "text" };
import conv2d from "../wat/conv2d.wat" with { type: "text" };
import conv2dWeightGradient from "../wat/conv2d_weight_gradient.wat" with { type: "text" };
import dropout from "../wat/dropout.wat" with { type: "text" };
import elementwise from "../wat/elementwise.wat" with { type: "text" };
import fence from "../wat/fence.wat" with { type: "text" };
import gemm from "../wat/gemm.wat" with { type: "text" };
import gather from "../wat/gather.wat" with { type: "text" };
import gatherViews from "../wat/gather_views.wat" with { type: "text" };
import matmul from "../wat/matmul.wat" with { type: "text" };
import maxPool from "../wat/max_pool.wat" with { type: "text" };
import normalise from "../wat/normalise.wat" with { type: "text" };
import softmax from "../wat/softmax.wat" with { type: "text" };
import strips from "../wat/strips.wat" with { type: "text" };
import sum from "../wat/sum.wat" with { type: "text" };
import winogradTiles from "../wat/winograd.wat" with { type: "text" };
import winogradLines from "../wat/winograd_lines.wat" with { type: "text" };
import { findPanelPlaces, type KernelBytes, type KernelVariant } from "./binary.ts";
import { cachedModules } from "./kernel_cache.ts";
import { kernelText } from "./kernel_text.ts";
import kernelTextSource from "./kernel_text.ts" with { type: "text" };
import layoutSource from "./layout.ts" with { type: "text" };
import templateSource from "./template.ts" with { type: "text" };

const SOURCES: Record<string, string> = {
  adam,
  averagePool,
  conv2d,
  conv2dWeightGradient,
  dropout,
  elementwise,
  fence,
  gather,
  gatherViews,
  matmul,
  maxPool,
  normalise,
  softmax,
  strips,
  sum,
  winograd: winogradLines + winogradTiles,
};

/** Everything that the assembled kernels depend on: their text, the code that expands it, the assembler's version. */
const ORIGINS: readonly string[] = [
  ...Object.values(SOURCES),
  gemm,
  kernelTextSource,
  layoutSource,
  templateSource,
  project.imports.wabt,
];

/**
 * All kernels, from the user's cache folder or newly assembled.
 *
 * @throws Error with the file, if a kernel's text is invalid
 */
export async function loadKernels(variant: KernelVariant): Promise<KernelBytes> {
  const assemble = () => assembleModules(variant);
  return kernelBytes(await cachedModules(variant, { sources: ORIGINS, assemble }));
}

/**
 * Assembles all kernels.
 *
 * @throws Error with the file, if a kernel's text is invalid
 */
export async function assembleKernels(variant: KernelVariant): Promise<KernelBytes> {
  return kernelBytes(await assembleModules(variant));
}

/** @param modules the modules of {@link assembleModules} */
function kernelBytes(modules: Uint8Array<ArrayBuffer>[]): KernelBytes {
  const shared = modules.slice(0, -1), own = modules[shared.length];
  return { shared, own, panelPlaces: findPanelPlaces(own) };
}

/** The modules of all sources, in order, and last that of `gemm.wat`. */
async function assembleModules(variant: KernelVariant): Promise<Uint8Array<ArrayBuffer>[]> {
  const { default: wabt } = await import("wabt");
  // A timer, since a promise that only the engine's threads resolve does not keep the program alive.
  const alive = setInterval(() => {}, 1000);
  const assembler = await wabt().finally(() => clearInterval(alive));
  const features = { simd: true, threads: true, bulk_memory: true, relaxed_simd: variant.simd === "relaxed" };
  return Object.entries({ ...SOURCES, gemm }).map(([name, text]) => {
    const parsed = assembler.parseWat(`${name}.wat`, kernelText(text, variant), features);
    const bytes = new Uint8Array(parsed.toBinary({}).buffer);
    parsed.destroy();
    return bytes;
  });
}
