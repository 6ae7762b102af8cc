/**
 * Prepares a kernel's file for the assembler: expands its template for one kind of multiply-add and one kind of memory.
 */
import type { KernelVariant } from "./binary.ts";
import { INITIAL_PAGES, PANELS } from "./layout.ts";
import { expandTemplate } from "./template.ts";

/** WebAssembly text of a kernel's file; of `gemm.wat` with the first thread's panel. */
export function kernelText(text: string, { simd, memory }: KernelVariant): string {
  const values = { panel: PANELS.at, pages: INITIAL_PAGES };
  const expanded = expandTemplate(text, simd, values);
  // sharing is part of a memory's type, so kernels for one kind do not run in the other
  return memory === "shared" ? expanded : expanded.replace(" shared)", ")");
}
