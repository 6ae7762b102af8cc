/** The WebGPU device's implementation of each kernel of the table. */
import type { Versions } from "../methods.ts";
import type { GpuBuffer } from "./buffer.ts";
import type { Launcher } from "./launcher.ts";
import { blend, moments, normalise, normaliseGradient } from "./normalise.ts";
import { conv2d, conv2dInputGradient, conv2dWeightGradient, matmul } from "./products.ts";
import * as simple from "./simple.ts";

/** By the names of the table. */
export const WEBGPU_KERNELS: Versions<Launcher, GpuBuffer> = {
  conv2d,
  conv2dInputGradient,
  conv2dWeightGradient,
  maxPool: simple.maxPool,
  maxPoolGradient: simple.maxPoolGradient,
  averagePool: simple.averagePool,
  averagePoolGradient: simple.averagePoolGradient,
  matmul,
  columnSums: simple.columnSums,
  softmax: simple.softmax,
  softmaxCrossEntropy: simple.softmaxCrossEntropy,
  adam: simple.adam,
  dropout: simple.dropout,
  moments,
  normalise,
  normaliseGradient,
  blend,
  fill: simple.fill,
  copy: simple.copy,
  add: simple.add,
  relu: simple.relu,
  reluGradient: simple.reluGradient,
  sum: simple.sum,
  gatherWindows: simple.gatherWindows,
  gatherViews: simple.gatherViews,
  gatherRows: simple.gatherRows,
};
