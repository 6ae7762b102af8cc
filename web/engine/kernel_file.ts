/**
 * The CPU device's kernels as files of the page: assembled when the page is built, for shared memory, and read by the engine. A host
 * without shared memory changes their memory's kind.
 */
import { type KernelBytes, kernelsFromText, type KernelVariant, withPlainMemory } from "../../kernels/cpu/binary.ts";
import type { Simd } from "../../kernels/cpu/template.ts";

/** The name of the file with these instructions. */
export function kernelFileName(simd: Simd): string {
  return `kernels-${simd}.json`;
}

/** Fetches a variant's kernels. @throws {Error} if the page has no such file */
export async function fetchKernels({ simd, memory }: KernelVariant): Promise<KernelBytes> {
  const file = kernelFileName(simd), response = await fetch(file);
  if (!response.ok) {
    throw new Error(`${file}: expected a file of the page, found status ${response.status}; build the page again`);
  }
  const kernels = kernelsFromText(await response.text());
  if (memory === "shared") return kernels;
  return { ...kernels, shared: kernels.shared.map(withPlainMemory), own: withPlainMemory(kernels.own) };
}
