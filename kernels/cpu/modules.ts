/**
 * The kernels' sources, and their assembly. A program that should not load the assembler (691 kB) uses bytes assembled
 * in advance: see {@link KernelBytes}.
 */
import wabt from "wabt";
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
import { kernelText } from "./kernel_text.ts";

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

/**
 * Assembles all kernels.
 *
 * @throws Error with the file, if a kernel's text is invalid
 */
export async function assembleKernels(variant: KernelVariant): Promise<KernelBytes> {
  // A timer, since a promise that only the engine's threads resolve does not keep the program alive.
  const alive = setInterval(() => {}, 1000);
  const assembler = await wabt().finally(() => clearInterval(alive));
  const features = { simd: true, threads: true, bulk_memory: true, relaxed_simd: variant.simd === "relaxed" };
  const assemble = (name: string, text: string) => {
    const parsed = assembler.parseWat(`${name}.wat`, kernelText(text, variant), features);
    const bytes = new Uint8Array(parsed.toBinary({}).buffer);
    parsed.destroy();
    return bytes;
  };
  const own = assemble("gemm", gemm);
  return {
    shared: Object.entries(SOURCES).map(([name, text]) => assemble(name, text)),
    own,
    panelPlaces: findPanelPlaces(own),
  };
}
