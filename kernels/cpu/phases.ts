/** Every phase, in the order of the numbers by which the device identifies them to its workers in shared memory. */
import { averageGradientImages, averageImages } from "./average_pool.ts";
import { convolveBlock, packPanels } from "./conv2d.ts";
import { reduceWeights, weightPartial } from "./conv2d_weight_gradient.ts";
import * as elementwise from "./elementwise.ts";
import { gatherRowsPart, gatherViewsPart, gatherWindowsPart } from "./gather.ts";
import { type Phase, phase } from "./layout.ts";
import { layStrips, multiplyBlock } from "./matmul.ts";
import { poolGradientImages, poolImages } from "./max_pool.ts";
import {
  gradientSumsPart,
  gradientSumsTotal,
  momentsPart,
  momentsTotal,
  normaliseGradientPart,
  normalisePart,
} from "./normalise.ts";
import { countMetrics, crossEntropyRows, softmaxRows } from "./softmax.ts";
import { convolveTiles, multiplyTiles, transformKernel, transformStrips } from "./winograd.ts";
import { finishWeights, multiplyForWeights, transformTiles } from "./winograd_weight_gradient.ts";

/** Signals to waiters at the counter's address that everything before is done. */
export const fence = phase("counter", (wasm, { counter }) => wasm.fence(counter));

/** The phases; a phase's number is its index. */
export const PHASES: readonly Phase[] = [
  fence,
  packPanels,
  convolveBlock,
  weightPartial,
  reduceWeights,
  transformKernel,
  transformStrips,
  transformTiles,
  multiplyTiles,
  convolveTiles,
  multiplyForWeights,
  finishWeights,
  layStrips,
  multiplyBlock,
  poolImages,
  poolGradientImages,
  softmaxRows,
  crossEntropyRows,
  countMetrics,
  momentsPart,
  momentsTotal,
  normalisePart,
  gradientSumsPart,
  gradientSumsTotal,
  normaliseGradientPart,
  gatherWindowsPart,
  gatherViewsPart,
  gatherRowsPart,
  elementwise.fillPart,
  elementwise.copyPart,
  elementwise.addPart,
  elementwise.blendPart,
  elementwise.reluPart,
  elementwise.reluGradientPart,
  elementwise.adamPart,
  elementwise.dropoutPart,
  elementwise.sumPart,
  elementwise.sumTotal,
  elementwise.columnSumsPart,
  averageImages,
  averageGradientImages,
];

const NUMBERS: ReadonlyMap<Phase, number> = new Map(PHASES.map((phase, number) => [phase, number]));

/** The number of a phase. Throws an Error if it has none. */
export function numberOf(phase: Phase): number {
  const number = NUMBERS.get(phase);
  if (number !== undefined) return number;
  throw new Error(
    `A phase: expected one in PHASES of kernels/cpu/phases.ts, found one with the arguments ${phase.names.join(", ")}`,
  );
}
