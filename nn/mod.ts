/**
 * Neural networks on EPR's kernels: tensors, a tape that differentiates, VGG-E, Adam, fitting, safetensors. Knows nothing
 * of audio.
 *
 * @module
 */
export * from "./adam.ts";
export * from "./average.ts";
export * from "./dataset.ts";
export * from "./device_array.ts";
export * from "./diagnose.ts";
export * from "./fit.ts";
export * from "./fold_batch_norm.ts";
export * from "./gradient_check.ts";
export * from "./parameters.ts";
export { NonFiniteError, type Pause } from "./pass.ts";
export * from "./predict.ts";
export * from "./safetensors.ts";
export * from "./tape.ts";
export * from "./tensor.ts";
export * from "./vgg_e.ts";
