/**
 * Buffers, and the kernels of a convolutional network that run on them: on the CPU in WebAssembly SIMD, on a GPU in WGSL,
 * and as plain definitions in float64. Knows no layer.
 *
 * Open a device with {@link openDevice}; what each kernel means is said by {@link reference} in a few nested loops.
 *
 * @module
 */
export * from "./device.ts";
export * from "./table.ts";
export * from "./open_device.ts";
export * from "./random.ts";
export * from "./reference.ts";
export type { Choice, KernelChoices } from "./webgpu/choices.ts";
export { createReferenceDevice } from "./reference_device.ts";
