/**
 * The kernels as WebAssembly bytes, and as modules that each worker instantiates.
 *
 * All threads share all modules except one: the code of `gemm.wat` contains the address of its thread's panel (the file
 * explains why). Only the first thread's version is stored. Another thread's version differs only in these addresses, each a
 * number of three bytes (LEB128).
 */
import { PANELS } from "./layout.ts";
import type { Simd } from "./template.ts";

/** A build of the kernels: its instructions, and its kind of memory. */
export interface KernelVariant {
  /** Fused multiply-add or separate instructions. */
  simd: Simd;
  /** Shared with worker threads, or plain, for one thread. */
  memory: "shared" | "plain";
}

/**
 * All variants. A program that ships assembled kernels ships all of them, and loads the one that its engine and host
 * support.
 */
export const VARIANTS: readonly KernelVariant[] = (["relaxed", "plain"] as const).flatMap((simd) =>
  (["shared", "plain"] as const).map((memory) => ({ simd, memory }))
);

/** All kernels of one variant, assembled. */
export interface KernelBytes {
  /** Modules that are the same for every thread. */
  shared: Uint8Array<ArrayBuffer>[];
  /** `gemm.wat`, for the first thread's panel. */
  own: Uint8Array<ArrayBuffer>;
  /** Offsets of that panel's addresses in it. */
  panelPlaces: number[];
}

/** Before the limits of an imported memory: the end of its name "memory", then the kind of the import. */
const MEMORY_IMPORT = [..."memory"].map((letter) => letter.charCodeAt(0)).concat(2);

/**
 * The same module for a memory that is not shared. Sharing is part of a memory's type, so a module for one kind does not run in the
 * other; but only the kind of limits, one byte, differs. A module that imports no memory stays the same.
 *
 * @param module for shared memory
 */
export function withPlainMemory(module: Uint8Array): Uint8Array<ArrayBuffer> {
  const own = module.slice();
  const at = own.findIndex((_, i) => MEMORY_IMPORT.every((byte, j) => own[i + j] === byte));
  if (at >= 0) own[at + MEMORY_IMPORT.length] &= ~2; // bit 1: shared
  return own;
}

/** Encodes bytes as text for {@link kernelsFromText}: JSON, base64. */
export function kernelsToText({ shared, own, panelPlaces }: KernelBytes): string {
  const text = (bytes: Uint8Array) => btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
  return JSON.stringify({ shared: shared.map(text), own: text(own), panelPlaces });
}

/** Decodes the text of {@link kernelsToText}. */
export function kernelsFromText(text: string): KernelBytes {
  const { shared, own, panelPlaces } = JSON.parse(text);
  return { shared: shared.map(fromBase64), own: fromBase64(own), panelPlaces };
}

/** Decodes base64. Uint8Array.fromBase64 exists in browsers only since 2025, and not in Node 20. */
export function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
}

/**
 * Whether this engine supports relaxed SIMD, tested with the smallest module that uses it: `f32x4.relaxed_madd` of
 * zeros.
 */
export function hasRelaxedSimd(): boolean {
  // deno-fmt-ignore
  return WebAssembly.validate(new Uint8Array([
    0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, // magic and version
    1, 4, 1, 0x60, 0, 0, // a type: no parameters, no results
    3, 2, 1, 0, // one function of this type
    10, 20, 1, 18, 0, // code: one body of 18 bytes, no locals
    0x41, 0, 0xfd, 0x11, 0x41, 0, 0xfd, 0x11, 0x41, 0, 0xfd, 0x11, // i32.const 0, i32x4.splat, three times
    0xfd, 0x85, 2, // f32x4.relaxed_madd
  ].concat([0x1a, 0x0b]))); // drop, end
}

/**
 * Compiles all kernels.
 *
 * @returns a list of modules for each thread
 */
export function compileKernels(bytes: KernelBytes, threads: number): WebAssembly.Module[][] {
  const shared = bytes.shared.map((module) => new WebAssembly.Module(module));
  return Array.from({ length: threads }, (_, thread) => [...shared, new WebAssembly.Module(movePanel(bytes, thread))]);
}

/** Number of bytes of a panel's address, or one past it: they are all from 16384 to 2^20 - 1. */
const WIDTH = 3;

/** The first thread's `gemm.wat` with its panel moved to that of thread number `thread`. */
export function movePanel({ own, panelPlaces }: KernelBytes, thread: number): Uint8Array<ArrayBuffer> {
  const moved = own.slice();
  for (const place of panelPlaces) {
    let address = thread * PANELS.bytes;
    for (let i = 0; i < WIDTH; i++) address += (own[place + i] & 127) << 7 * i;
    for (let i = 0; i < WIDTH; i++) moved[place + i] = (address >> 7 * i & 127) | (i < WIDTH - 1 ? 128 : 0);
  }
  return moved;
}

/**
 * Where the panel's addresses are in the first thread's `gemm.wat`: behind each `i32.const` (0x41) of the panel's place, or of the
 * end of its 64 steps.
 */
export function findPanelPlaces(own: Uint8Array): number[] {
  const places: number[] = [];
  for (let at = own.indexOf(0x41); at >= 0; at = own.indexOf(0x41, at + 1)) {
    const [low, middle, high] = own.subarray(at + 1, at + 1 + WIDTH);
    if (!(low & middle & 128) || high & 128) continue;
    const address = (low & 127) + ((middle & 127) << 7) + (high << 14);
    if (address === PANELS.at || address === PANELS.at + PANELS.steps) places.push(at + 1);
  }
  return places;
}
