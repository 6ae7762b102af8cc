/**
 * The dispatch that multiplies: a product's source with one of the four cores appended, compiled once for each variant, for its
 * final operations, and for whether tiles divide its sizes.
 *
 * @module
 */
import laneSource from "../wgsl/gemm_lane.wgsl" with { type: "text" };
import subgroupSource from "../wgsl/gemm_subgroup.wgsl" with { type: "text" };
import tileSource from "../wgsl/gemm_tile.wgsl" with { type: "text" };
import notHiddenSource from "../wgsl/not_hidden.wgsl" with { type: "text" };
import type { GpuBuffer } from "./buffer.ts";
import type { Launcher, ShaderKernel } from "./launcher.ts";
import type { ProductLaunch } from "./product_launch.ts";
import type { Constants } from "./template.ts";
import { planWorkgroups } from "./traffic.ts";
import { coreConstants, footprint, RUN4, type Variant } from "./variants.ts";

const CORES = { lane: laneSource, uniform: laneSource, subgroup: subgroupSource, tile: tileSource };

/** Sources of the cores. */
export const coreSources: readonly string[] = [...new Set(Object.values(CORES))];

/** The operations after the sum in the same dispatch. */
export interface End {
  /** One of {@link ENDS}. */
  constants: { BIAS: boolean; MASK: boolean };
  /** `bias` and `mask`, if any. */
  buffers: Readonly<Record<string, GpuBuffer>>;
  /** Whether a ReLU is applied: 0 or 1. */
  parameters: { relu: number };
}

/** The constants of the final operations: by bias, then by mask. */
export const ENDS: readonly (readonly End["constants"][])[] = [false, true].map((BIAS) =>
  [false, true].map((MASK) => ({ BIAS, MASK }))
);
/** The final operations of a part: none. */
export const PART: End = { constants: ENDS[0][0], buffers: {}, parameters: { relu: 0 } };

/** A dispatch of a multiplication. */
export interface Multiplication
  extends Pick<ProductLaunch, "name" | "source" | "constants" | "product" | "parameters" | "fits"> {
  variant: Variant;
  /** Number of parts along k, each summed separately. */
  parts: number;
  /** Groups of four along k per part. */
  splitK4: number;
  end: End;
  /** The matrices and the result, by the source's names. */
  buffers: Readonly<Record<string, GpuBuffer>>;
}

/** Multiplies: columns are multiples of four, and parts stay separate. */
export function multiply(launcher: Launcher, of: Multiplication): void {
  const { product: { rows4, cols4, k4 }, variant, parts, splitK4, end } = of;
  const { kernel, constants } = textOf(launcher, of, of.fits && k4 % footprint(variant).depth === 0);
  launcher.run(kernel, {
    constants,
    buffers: { ...of.buffers, ...end.buffers },
    parameters: { ...of.parameters, ...end.parameters, rows4, cols4, k4, split_k4: splitK4 },
    workgroups: planWorkgroups({ variant, splits: parts }, rows4, cols4),
    flops: 2 * 64 * rows4 * cols4 * k4,
  });
}

/** A product's kernel with its constants. */
interface ProductText {
  kernel: ShaderKernel;
  constants: Constants;
}

/** Each created once, so that {@link Programs} recognises the objects. */
const texts = new Map<Variant, Map<string, ProductText>>();

function textOf({ subgroups, precision }: Launcher, of: Multiplication, fit: boolean): ProductText {
  const { name, source, variant, end: { constants: ends } } = of;
  let ofVariant = texts.get(variant);
  if (!ofVariant) texts.set(variant, ofVariant = new Map());
  const shared = variant.core === "subgroup" ? subgroups : undefined;
  const half = precision === "f16";
  const enable = `${half ? "enable f16; " : ""}${shared?.enable ?? ""}`;
  const own = Object.values(of.constants).join();
  const key = `${name} ${own} ${ends.BIAS} ${ends.MASK} ${fit} ${shared?.min} ${enable}`;
  let text = ofVariant.get(key);
  if (!text) {
    text = {
      kernel: {
        name: `${name} (${variant.name})`,
        source: [source, notHiddenSource, CORES[variant.core]].join("\n"),
      },
      constants: {
        ...of.constants,
        ...coreConstants(variant, shared),
        ...ends,
        FIT: fit,
        ENABLE: enable,
        HALF: half,
        S: half ? "h" : "f",
        SUM: half ? "run" : "acc",
        RUN4,
      },
    };
    ofVariant.set(key, text);
  }
  return text;
}
