/**
 * Neural networks on EPR's kernels: tensors, a tape that differentiates, VGG-E, Adam, fitting, safetensors. It does not
 * depend on audio.
 *
 * @module
 */
export { Adam, learningRateAt } from "./adam.ts";
export { WeightAverage } from "./average.ts";
export type { BatchNormParameters } from "./batch_norm.ts";
export { ArrayDataset, type Dataset, oneHot } from "./dataset.ts";
export type { DeviceArray } from "./device_array.ts";
export {
  type EpochRecord,
  fit,
  type FitArrays,
  type FitOptions,
  type FitPlace,
  type FitProgress,
  type FitResult,
  type FitSnapshot,
  type FitState,
  type Monitor,
} from "./fit.ts";
export { gradientCheck, type GradientCheckOptions, type GradientReport, type InputShapes } from "./gradient_check.ts";
export { glorotUniform, type Initialisation, Parameters, type ParameterSpec } from "./parameters.ts";
export { NonFiniteError, type Pause } from "./pass.ts";
export { predictProbabilities } from "./predict.ts";
export { decodeSafetensors, encodeSafetensors, type StoredTensor } from "./safetensors.ts";
export { type LossOptions, type Operation, Tape } from "./tape.ts";
export { Tensor } from "./tensor.ts";
export { type LayerSummary, type Network, summarise, VggE, type VggEOptions } from "./vgg_e.ts";
