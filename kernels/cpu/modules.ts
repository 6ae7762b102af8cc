/**
 * The kernels as WebAssembly: assembled from text and compiled on the device's thread. Every worker instantiates them for
 * itself.
 */
import wabt from "wabt";
import adam from "../wat/adam.wat" with { type: "text" };
import conv2d from "../wat/conv2d.wat" with { type: "text" };
import conv2dWeightGradient from "../wat/conv2d_weight_gradient.wat" with { type: "text" };
import dropout from "../wat/dropout.wat" with { type: "text" };
import elementwise from "../wat/elementwise.wat" with { type: "text" };
import fence from "../wat/fence.wat" with { type: "text" };
import gemm from "../wat/gemm.wat" with { type: "text" };
import gather from "../wat/gather.wat" with { type: "text" };
import matmul from "../wat/matmul.wat" with { type: "text" };
import maxPool from "../wat/max_pool.wat" with { type: "text" };
import normalise from "../wat/normalise.wat" with { type: "text" };
import softmax from "../wat/softmax.wat" with { type: "text" };
import strips from "../wat/strips.wat" with { type: "text" };
import sum from "../wat/sum.wat" with { type: "text" };
import winograd from "../wat/winograd.wat" with { type: "text" };
import { INITIAL_PAGES, PANELS } from "./layout.ts";
import { expandTemplate, type Simd } from "./template.ts";

const SOURCES: Record<string, string> = {
  adam,
  conv2d,
  conv2dWeightGradient,
  dropout,
  elementwise,
  fence,
  gather,
  matmul,
  maxPool,
  normalise,
  softmax,
  strips,
  sum,
  winograd,
};

/** Whether this engine takes relaxed SIMD, asked with the smallest module that uses it: `f32x4.relaxed_madd` of zeros. */
export function hasRelaxedSimd(): boolean {
  // deno-fmt-ignore
  return WebAssembly.validate(new Uint8Array([
    0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, // magic and version
    1, 4, 1, 0x60, 0, 0, // a type: no parameters, no results
    3, 2, 1, 0, // one function of it
    10, 20, 1, 18, 0, // code: one body of 18 bytes, no locals
    0x41, 0, 0xfd, 0x11, 0x41, 0, 0xfd, 0x11, 0x41, 0, 0xfd, 0x11, // i32.const 0, i32x4.splat, thrice
    0xfd, 0x85, 2, // f32x4.relaxed_madd
  ].concat([0x1a, 0x0b]))); // drop, end
}

/**
 * Assembles and compiles all kernels, and `gemm.wat` once for each thread, with the thread's own panel.
 *
 * @returns a list of modules for each thread
 * @throws Error naming the file where a kernel's text is wrong
 */
export async function compileKernels(simd: Simd, threads: number): Promise<WebAssembly.Module[][]> {
  // A timer, since a promise that only the engine's own threads will fulfil does not keep a program from ending.
  const alive = setInterval(() => {}, 1000);
  const assembler = await wabt().finally(() => clearInterval(alive));
  const features = { simd: true, threads: true, bulk_memory: true, relaxed_simd: simd === "relaxed" };
  const compile = (name: string, text: string, values?: Record<string, number>) => {
    const parsed = assembler.parseWat(`${name}.wat`, expandTemplate(text, simd, values), features);
    const bytes = new Uint8Array(parsed.toBinary({}).buffer);
    parsed.destroy();
    return new WebAssembly.Module(bytes);
  };
  const shared = Object.entries(SOURCES).map(([name, text]) => compile(name, text));
  return Array.from({ length: threads }, (_, thread) => [
    ...shared,
    compile("gemm", gemm, { panel: PANELS.at + thread * PANELS.bytes, pages: INITIAL_PAGES }),
  ]);
}
