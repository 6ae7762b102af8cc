/**
 * Buffers, and the kernels of a convolutional network that run on them: on the CPU in WebAssembly SIMD, on a GPU in WGSL,
 * and as plain definitions in float64. It depends on no layer.
 *
 * Open a device with {@link openDevice}; {@link reference} defines each kernel in a few nested loops.
 *
 * @module
 */
export type { Device, DeviceBuffer, MemoryStatus, Precision } from "./device.ts";
export { DeviceLostError } from "./device_lost.ts";
export { type DeviceChoice, openDevice, type OpenDeviceOptions } from "./open_device.ts";
export { Random, type Words } from "./random.ts";
export { reference } from "./reference.ts";
export { createReferenceDevice } from "./reference_device.ts";
export {
  type ArgumentOf,
  type ArgumentsOf,
  type KernelArguments,
  type KernelName,
  KERNELS,
  type Kernels,
  type LeftOut,
} from "./table.ts";
export type { LAYERS } from "./table/layers.ts";
export type { MEMORY } from "./table/memory.ts";
export { METRICS, type TRAINING } from "./table/training.ts";
export type { Choice, KernelChoices } from "./webgpu/choices.ts";
