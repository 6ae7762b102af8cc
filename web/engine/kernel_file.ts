/** The CPU device's kernels as a file of the page: assembled when the page is built, read by the engine. */
import type { KernelBytes, KernelVariant } from "../../kernels/cpu/binary.ts";

/** All variants: the page takes the one that its browser and its host allow. */
export const VARIANTS: readonly KernelVariant[] = [
  { simd: "relaxed", memory: "shared" },
  { simd: "plain", memory: "shared" },
  { simd: "relaxed", memory: "plain" },
  { simd: "plain", memory: "plain" },
];

/** The name of a variant's file. */
export function kernelFileName({ simd, memory }: KernelVariant): string {
  return `kernels-${simd}-${memory}.json`;
}

/** JSON, modules in base64. */
export function encodeKernelFile({ shared, own, panelPlaces }: KernelBytes): string {
  return JSON.stringify({ shared: shared.map((bytes) => bytes.toBase64()), own: own.toBase64(), panelPlaces });
}

/** What {@link encodeKernelFile} wrote. */
export function decodeKernelFile(text: string): KernelBytes {
  const { shared, own, panelPlaces } = JSON.parse(text);
  return { shared: shared.map(fromBase64), own: fromBase64(own), panelPlaces };
}

/** Bytes of base64. Not Uint8Array.fromBase64: browsers have it since 2025 only. */
export function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
}
