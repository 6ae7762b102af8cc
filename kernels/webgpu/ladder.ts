/**
 * The ladder of `wgsl/ladder/`: from the plain definition of a matrix product to the convolution, one idea per step. Only
 * the bench and readers run it; the training kernels continue where it ends.
 *
 * @module
 */
import type { DeviceBuffer } from "../device.ts";
import naive from "../wgsl/ladder/1_naive.wgsl" with { type: "text" };
import tiled from "../wgsl/ladder/2_tiled.wgsl" with { type: "text" };
import registerBlocked from "../wgsl/ladder/3_register_blocked.wgsl" with { type: "text" };
import vec4 from "../wgsl/ladder/4_vec4.wgsl" with { type: "text" };
import unrolled from "../wgsl/ladder/5_unrolled.wgsl" with { type: "text" };
import convolution from "../wgsl/ladder/6_convolution.wgsl" with { type: "text" };
import type { WebGpuDevice } from "./device.ts";

/** One step of the ladder. */
export interface LadderStep {
  /** Number and idea. */
  name: string;
  /** Its source. */
  source: string;
  /** Edge of the tile of the result that a workgroup computes; it divides rows and columns. */
  tile: number;
  /** Its two inputs and its output, by the source's names. */
  buffers: readonly [string, string, string];
}

const MATMUL = ["a", "b", "c"] as const;

/** All steps in order. */
export const LADDER: readonly LadderStep[] = [
  { name: "1 naive", source: naive, tile: 16, buffers: MATMUL },
  { name: "2 tiled", source: tiled, tile: 16, buffers: MATMUL },
  { name: "3 register-blocked", source: registerBlocked, tile: 64, buffers: MATMUL },
  { name: "4 vec4", source: vec4, tile: 64, buffers: MATMUL },
  { name: "5 unrolled", source: unrolled, tile: 64, buffers: MATMUL },
  { name: "6 convolution", source: convolution, tile: 64, buffers: ["x", "weights", "y"] },
];

/** Sizes that a step's source requires: `M N K` of a product, `HEIGHT WIDTH CIN COUT` of a convolution. */
export type LadderSizes = Readonly<Record<string, number>>;

/** Enqueues a step on buffers with the source's names. */
export function launchStep(
  device: WebGpuDevice,
  { name, source, tile, buffers: names }: LadderStep,
  buffers: Readonly<Record<string, DeviceBuffer>>,
  sizes: LadderSizes,
): void {
  const values = buffers[names[2]].length;
  device.launch({ name, source }, {
    constants: sizes,
    buffers: Object.fromEntries(names.map((name) => [name, buffers[name]])),
    parameters: {},
    workgroups: values / tile ** 2,
    flops: 1e9,
  });
}
