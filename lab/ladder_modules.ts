/**
 * Assembles the files of the CPU's ladder, which `cpu_ladder.ts` runs. A page has no assembler, so its modules are assembled
 * when it is built.
 */
import wabt from "wabt";
import type { KernelVariant } from "../kernels/cpu/binary.ts";
import { kernelText } from "../kernels/cpu/kernel_text.ts";
import conv2d from "../kernels/wat/conv2d.wat" with { type: "text" };
import gemm from "../kernels/wat/gemm.wat" with { type: "text" };
import fiveByEight from "../kernels/wat/ladder/five_by_eight.wat" with { type: "text" };
import fourColumns from "../kernels/wat/ladder/four_columns.wat" with { type: "text" };
import oneValue from "../kernels/wat/ladder/one_value.wat" with { type: "text" };
import strips from "../kernels/wat/strips.wat" with { type: "text" };
import matmul from "../kernels/wat/matmul.wat" with { type: "text" };
import type { LadderModules } from "./cpu_ladder.ts";
import peak from "./peak.wat" with { type: "text" };

/** Assembles the modules for one kind of multiply-add and one kind of memory. */
export async function assembleLadder(variant: KernelVariant): Promise<LadderModules> {
  const assembler = await wabt();
  const features = { simd: true, threads: true, bulk_memory: true, relaxed_simd: variant.simd === "relaxed" };
  const all = { conv2d, gemm, fiveByEight, fourColumns, oneValue, matmul, strips, peak };
  return Object.fromEntries(
    Object.entries(all).map(([name, text]) => {
      const parsed = assembler.parseWat(`${name}.wat`, kernelText(text, variant), features);
      const bytes = new Uint8Array(parsed.toBinary({}).buffer);
      parsed.destroy();
      return [name, bytes];
    }),
  );
}
