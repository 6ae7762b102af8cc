/**
 * The WebGPU device: the part that the rest of EPR uses.
 *
 * @module
 */
export { findAdapter, type FoundAdapter } from "./adapter.ts";
export { type OwnLaunch, type ProgramText, type ResourceCounts, WebGpuDevice, type WebGpuOptions } from "./device.ts";
export { createWebGpuDevice } from "./open.ts";
export type { Choice, KernelChoices } from "./choices.ts";
export type { CommandCounts } from "./commands.ts";
export type { ShaderKernel } from "./launcher.ts";
export type { Plan, Planner, Product } from "./product.ts";
export type { TuneMode, TuneOptions, TuneReport, TuningStore } from "./tuner.ts";
export type { LaneSizes, SharingSizes, TileSizes, Variant } from "./variants.ts";
export type { AdapterFeatures, Subgroups } from "./features.ts";
