/** The CPU device's kernels as files of the page: assembled when the page is built, and read by the engine. */
import type { KernelVariant } from "../../kernels/cpu/binary.ts";

/** The name of a variant's file. */
export function kernelFileName({ simd, memory }: KernelVariant): string {
  return `kernels-${simd}-${memory}.json`;
}
