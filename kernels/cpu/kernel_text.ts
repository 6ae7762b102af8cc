/**
 * Prepares a kernel's file for the assembler: expands its template for one kind of multiply-add and one kind of memory.
 */
import type { KernelVariant } from "./binary.ts";
import { INITIAL_PAGES, PANELS } from "./layout.ts";
import { expandTemplate } from "./template.ts";

/**
 * WebAssembly text of a kernel's file.
 *
 * @param thread the thread whose panel `gemm.wat` uses; other files are the same for all threads
 */
export function kernelText(text: string, { simd, memory }: KernelVariant, thread = 0): string {
  const values = { panel: PANELS.at + thread * PANELS.bytes, pages: INITIAL_PAGES };
  const expanded = expandTemplate(text, simd, values);
  // sharing is part of a memory's type, so kernels for one kind do not run in the other
  return memory === "shared" ? expanded : expanded.replace(" shared)", ")");
}
