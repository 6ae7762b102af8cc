/**
 * Plans a matrix product: the variant of the core, and the number of parts along k. Convolution and its gradients are such products too.
 *
 * The choice here does not measure. It compares the plans' work on a machine described by a few numbers:
 *
 *     seconds = (operations / flops + bytes through workgroup memory / workgroupBytes) / filled + bytes moved / bytes + text
 *
 * where operations include idle ones beyond the edges, `filled` is the share of the machine that has work, and `text` a run's share of
 * its kernel's compile time. Workgroups are assigned to a GPU's units in waves: 144 of them on 132 units take two waves, as long as 264
 * would. So `filled` is their balance over the waves (of parts that may have unequal lengths), times the share of the lanes that a unit
 * needs. The model has no overlap, since it only has to order the plans. The tuner (`tuner.ts`) begins its measurements with the best of
 * them.
 *
 * @module
 */
import type { ConvShape, KernelArguments } from "../table.ts";
import { isVendor } from "./features.ts";
import { footprint, type Variant, VARIANTS } from "./variants.ts";

/** A product from the planner's view: [rows, k] by [k, columns]. */
export interface Product {
  /** Its kernel. */
  kernel: "matmul" | "conv2d" | "conv2dInputGradient" | "conv2dWeightGradient";
  /** Which of its matrices are stored as their transpose: "", "a", "b" or "ab". */
  transposed: string;
  /** Rows of the result, in groups of four. */
  rows4: number;
  /** Columns of the result, in groups of four. */
  cols4: number;
  /** Length of the dot products, in groups of four. */
  k4: number;
  /** Whether its operands are 16-bit floats. */
  half?: true;
}

/** Number of groups of four that contain n values. */
export const four = (n: number): number => Math.ceil(n / 4);

/** A matmul from the planner's view. */
export function matmulProduct({ m, n, k, transposeA, transposeB }: MatmulShape): Product {
  const transposed = `${transposeA ? "a" : ""}${transposeB ? "b" : ""}`;
  return { kernel: "matmul", transposed, rows4: four(m), cols4: four(n), k4: four(k) };
}

/** Sizes of a matmul. */
export type MatmulShape = Pick<KernelArguments<"matmul", unknown>, "m" | "n" | "k" | "transposeA" | "transposeB">;

/** A convolution, or one of its gradients, from the planner's view. */
export function convProduct(
  kernel: "conv2d" | "conv2dInputGradient" | "conv2dWeightGradient",
  { batch, height, width, channelsIn, channelsOut }: ConvShape,
): Product {
  const pixels4 = four(batch * height * width), [in4, out4] = [four(channelsIn), four(channelsOut)];
  const sizes = {
    conv2d: { rows4: pixels4, cols4: out4, k4: 9 * in4 },
    conv2dInputGradient: { rows4: pixels4, cols4: in4, k4: 9 * out4 },
    conv2dWeightGradient: { rows4: 9 * in4, cols4: out4, k4: pixels4 },
  };
  return { kernel, transposed: "", ...sizes[kernel] };
}

/** How to compute a product. */
export interface Plan {
  /** The variant of the core. */
  variant: Variant;
  /** Number of parts along k, each summed separately. */
  splits: number;
}

/** Chooses a plan. */
export type Planner = (product: Product) => Plan;

/**
 * Identifies a product: equal names mean equal work. `conv2d 262144x64x576`: rows x columns x k, rounded up to fours.
 */
export function productKey({ kernel, transposed, rows4, cols4, k4, half }: Product): string {
  return `${kernel}${transposed && ` ${transposed}`}${half ? " f16" : ""} ${4 * rows4}x${4 * cols4}x${4 * k4}`;
}

/** The work of a plan. */
export interface Traffic {
  /** Useful operations: 2 per multiply-add. */
  flops: number;
  /** Executed operations, including those beyond the edges of the last tiles. */
  flopsDone: number;
  /**
   * Bytes between memory and workgroups without caches: every tile reads its rows and columns, parts are written and
   * read.
   */
  bytes: number;
  /** Bytes that lanes read from workgroup memory, or exchange. */
  workgroupBytes: number;
  /** Number of workgroups in all parts together. */
  workgroups: number;
}

/**
 * The actual number of parts: parts are whole numbers of tiles deep, so only the last may be shorter and none is empty.
 */
export function partsOf({ k4 }: Product, { variant, splits }: Plan): { parts: number; splitK4: number } {
  const { depth } = footprint(variant), splitK4 = depth * Math.ceil(k4 / splits / depth);
  return { parts: Math.ceil(k4 / splitK4), splitK4 };
}

/**
 * The share of a GPU's units that has work, from 0 to 1, during a plan: workgroups are assigned to the units in waves, and a wave takes as
 * long as its longest part.
 */
export function balance(product: Product, plan: Plan, units: number): number {
  const { tall, wide } = footprint(plan.variant), { parts, splitK4 } = partsOf(product, plan);
  const tiles = Math.ceil(product.rows4 / tall) * Math.ceil(product.cols4 / wide);
  return tiles * product.k4 / (units * Math.ceil(tiles * parts / units) * Math.min(splitK4, product.k4));
}

/** Counts the work of a plan. With `mask`, one more matrix of the result's size is read. */
export function traffic(product: Product, plan: Plan, mask = false): Traffic {
  const { rows4, cols4, k4, half } = product, { parts } = partsOf(product, plan);
  const { tall, wide, reads, rereads } = footprint(plan.variant);
  const tiles = Math.ceil(rows4 / tall) * Math.ceil(cols4 / wide);
  const result = 64 * rows4 * cols4, block = half ? 32 : 64;
  return {
    flops: 2 * 64 * rows4 * cols4 * k4,
    flopsDone: 2 * 64 * tiles * tall * wide * k4,
    bytes: tiles * k4 * block * reads + (parts > 1 ? 2 * parts + 1 : 1) * result + (mask ? result : 0),
    workgroupBytes: tiles * k4 * block * rereads,
    workgroups: tiles * parts,
  };
}

/** A machine described by a few numbers. */
export interface Model {
  /** Operations per second in multiply-adds, which count as two each. */
  flops: number;
  /** Bytes per second from memory. */
  bytes: number;
  /** Bytes per second from workgroup memory, all workgroups together. */
  workgroupBytes: number;
  /** Units to which workgroups are assigned: NVIDIA's SMs, AMD's and Apple's cores. */
  units: number;
  /** Lanes that a unit needs at once to hide waiting times. */
  lanes: number;
  /** Seconds of work before measurements, so that the GPU's clock is stable. */
  warmUp: number;
  /** Seconds to compile an unrolled block of 4 x 4 x 4, divided by the runs of a kernel in a program. */
  text: number;
  /** The suitable cores. */
  cores: readonly Variant["core"][];
  /** Whether it is software that runs shaders on a CPU. */
  software?: true;
}

/** Whether a variant is worth trying on such a machine. */
export const suits = ({ core, hardware }: Variant, model: Model): boolean =>
  model.cores.includes(core) && !(hardware && model.software);

/**
 * A large GPU: an H100 with 132 units. Its ridge: 15 operations per byte. A unit has room for 2,048 lanes, but with 8 x 8 sums per lane
 * the registers leave room for a quarter of them. Such a lane also has enough multiply-adds of its own to bridge the wait for others:
 * 256 lanes are assumed to be enough.
 */
export const HARDWARE: Model = {
  flops: 60e12,
  bytes: 4e12,
  workgroupBytes: 30e12,
  units: 132,
  lanes: 256,
  warmUp: 0.2,
  text: 0,
  cores: ["tile", "subgroup"],
};
/**
 * A GPU that shares a laptop's memory, Apple's or Intel's. Reading through caches may be as fast there as through workgroup memory, so the
 * core without workgroup memory is tried too. The numbers are those of an M1 with 8 units.
 */
export const INTEGRATED: Model = {
  flops: 2.6e12,
  bytes: 6.8e10,
  workgroupBytes: 1.3e12,
  units: 8,
  lanes: 256,
  warmUp: 0.2,
  text: 0,
  cores: ["tile", "subgroup", "lane"],
};
/**
 * llvmpipe on two cores of a Xeon: eight lanes read a vec4 in 45 ns, and a block of 4 x 4 x 4 compiles in 0.2 s. Exchanges
 * between lanes cost almost nothing.
 */
export const SOFTWARE: Model = {
  flops: 20e9,
  bytes: 5.7e9,
  workgroupBytes: 1e12,
  units: 1,
  lanes: 128,
  warmUp: 0,
  text: 0.2 / 1000,
  cores: ["lane", "subgroup"],
  software: true,
};

/** The model of an adapter before any measurement. */
export function modelOf(adapter: { software: boolean; vendor: string }): Model {
  if (adapter.software) return SOFTWARE;
  return isVendor(adapter.vendor, "apple") || isVendor(adapter.vendor, "intel") ? INTEGRATED : HARDWARE;
}

/** Estimated seconds of a plan on a machine: see the top of this file. */
export function estimate(product: Product, plan: Plan, model: Model): number {
  const { variant } = plan, { flopsDone, bytes, workgroupBytes, workgroups } = traffic(product, plan);
  const { lanes, unrolled } = footprint(variant);
  const ofUnit = lanes * Math.ceil(workgroups / model.units);
  const filled = balance(product, plan, model.units) * Math.min(1, ofUnit / model.lanes);
  return (flopsDone / model.flops + workgroupBytes / model.workgroupBytes) / filled + bytes / model.bytes +
    model.text * unrolled;
}

/** Largest number of groups along k in a sum: 16,384 float32 additions lose two digits at most. */
const LONGEST4 = 4096;
/** Least number of groups along k in a part. */
const SHORTEST4 = 32;
/** Most parts: each is one more sum to write and to read. */
const PARTS = 128;
/** Largest size of all parts together, in bytes. */
const PART_BYTES = 2 ** 28;

/** Most numbers of parts to try per variant. */
const SPLITS = 6;

/** Every possible plan for a product, the most promising first. `fits` tests whether the device can run a variant. */
export function plansFor(product: Product, model: Model, fits: (variant: Variant) => boolean = () => true): Plan[] {
  const least = Math.ceil(product.k4 / LONGEST4);
  const result = 64 * product.rows4 * product.cols4;
  const most = Math.max(least, Math.min(PARTS, Math.floor(product.k4 / SHORTEST4), Math.floor(PART_BYTES / result)));
  const splits = Array.from({ length: most - least + 1 }, (_, i) => least + i);
  const bySeconds = (plans: Plan[]) =>
    plans.map((plan) => ({ plan, seconds: estimate(product, plan, model) })).sort((a, b) => a.seconds - b.seconds);
  return VARIANTS.filter((variant) => suits(variant, model) && fits(variant))
    .flatMap((variant) => apart(bySeconds(splits.map((splits) => ({ variant, splits }))).map(({ plan }) => plan)))
    .map((plan) => ({ plan, seconds: estimate(product, plan, model) }))
    .sort((a, b) => a.seconds - b.seconds)
    .map(({ plan }) => plan);
}

/**
 * Of a variant's plans, the best first, without those similar to a better one: their numbers of parts differ by at
 * least a quarter.
 */
function apart(plans: readonly Plan[]): Plan[] {
  const kept: Plan[] = [];
  for (const plan of plans) {
    const alike = ({ splits }: Plan) => Math.max(splits, plan.splits) < 1.25 * Math.min(splits, plan.splits);
    if (kept.length < SPLITS && !kept.some(alike)) kept.push(plan);
  }
  return kept;
}

/**
 * The `count` most promising plans. The best of each variant comes before all others, since the model is least certain about the speed of
 * variants; and the best of each core is included, since the model may be wrong about cores.
 */
export function shortlist(plans: readonly Plan[], count: number): Plan[] {
  const bests = plans.filter((plan, i) => plans.findIndex(({ variant }) => variant === plan.variant) === i);
  const order = [...bests, ...plans.filter((plan) => !bests.includes(plan))];
  const ofCores = bests.filter((plan, i) => bests.findIndex(({ variant }) => variant.core === plan.variant.core) === i);
  const kept = [...new Set([...ofCores.slice(0, count), ...order])].slice(0, count);
  return order.filter((plan) => kept.includes(plan));
}

/** Number of workgroups of a plan in all parts together. */
export function planWorkgroups({ variant, splits }: Plan, rows4: number, cols4: number): number {
  const { tall, wide } = footprint(variant);
  return Math.ceil(rows4 / tall) * Math.ceil(cols4 / wide) * splits;
}
