/**
 * How a matrix product is cut up: by which variant of the cores, split into how many parts along k. Convolution and its
 * gradients are such products too.
 *
 * The choice here measures nothing. It compares the plans by what they do, on a machine described by a few numbers:
 *
 *     seconds = (operations / flops + bytes through workgroup memory / workgroupBytes) / filled + bytes moved / bytes + text
 *
 * where operations count the idle ones past the edges too, `filled` is the share of the machine that has work, and `text` a
 * run's share of what its kernel took to compile. Workgroups are dealt out to a GPU's units in waves: 144 of them on 132 units take two
 * waves, as long as 264 would, so that `filled` is their balance over the waves (of parts that may be of unequal length), times the share
 * of the lanes that a unit wants to have. Nothing overlaps in it: it is there to put plans in order. Whoever measures
 * (`tuner.ts`) begins with the best of them.
 *
 * @module
 */
import type { ConvShape, KernelArguments } from "../table.ts";
import { isVendor } from "./features.ts";
import { footprint, type Variant, VARIANTS } from "./variants.ts";

/** A product, as seen by who plans it: [rows, k] by [k, columns]. */
export interface Product {
  /** What it is for. */
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

/** Groups of four that hold so many. */
export const four = (n: number): number => Math.ceil(n / 4);

/** What a matmul is to who plans it. */
export function matmulProduct({ m, n, k, transposeA, transposeB }: MatmulShape): Product {
  const transposed = `${transposeA ? "a" : ""}${transposeB ? "b" : ""}`;
  return { kernel: "matmul", transposed, rows4: four(m), cols4: four(n), k4: four(k) };
}

/** Sizes of a matmul. */
export type MatmulShape = Pick<KernelArguments<"matmul", unknown>, "m" | "n" | "k" | "transposeA" | "transposeB">;

/** What a convolution, or one of its gradients, is to who plans it. */
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
  /** By what. */
  variant: Variant;
  /** Parts along k, each summed apart. */
  splits: number;
}

/** Chooses a plan. */
export type Planner = (product: Product) => Plan;

/** Names a product: equal names, equal work. `conv2d 262144x64x576`: rows x columns x k, rounded up to fours. */
export function productKey({ kernel, transposed, rows4, cols4, k4, half }: Product): string {
  return `${kernel}${transposed && ` ${transposed}`}${half ? " f16" : ""} ${4 * rows4}x${4 * cols4}x${4 * k4}`;
}

/** What a plan does. */
export interface Traffic {
  /** Operations wanted: 2 a multiply-add. */
  flops: number;
  /** Operations done: those past the edges of the last tiles too. */
  flopsDone: number;
  /** Bytes between memory and workgroups, where no cache helps: every tile reads its rows and columns, parts go out and in. */
  bytes: number;
  /** Bytes that lanes read from workgroup memory, or hand each other. */
  workgroupBytes: number;
  /** Workgroups, all parts together. */
  workgroups: number;
}

/** What the planner's number of parts comes to: parts are whole numbers of tiles deep, so that only the last is ragged and none is empty. */
export function partsOf({ k4 }: Product, { variant, splits }: Plan): { parts: number; splitK4: number } {
  const { depth } = footprint(variant), splitK4 = depth * Math.ceil(k4 / splits / depth);
  return { parts: Math.ceil(k4 / splitK4), splitK4 };
}

/**
 * The share of a GPU's units that has work, from 0 to 1, while a plan is computed: workgroups are dealt out to so many units in waves, and a
 * wave takes as long as its longest part.
 */
export function balance(product: Product, plan: Plan, units: number): number {
  const { tall, wide } = footprint(plan.variant), { parts, splitK4 } = partsOf(product, plan);
  const tiles = Math.ceil(product.rows4 / tall) * Math.ceil(product.cols4 / wide);
  return tiles * product.k4 / (units * Math.ceil(tiles * parts / units) * Math.min(splitK4, product.k4));
}

/** Counts what a plan does. With `mask`, one more matrix like the result is read. */
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

/** A machine in a few numbers. */
export interface Model {
  /** Multiply-adds a second, two operations each. */
  flops: number;
  /** Bytes a second from memory. */
  bytes: number;
  /** Bytes a second from workgroup memory, all workgroups together. */
  workgroupBytes: number;
  /** Units that workgroups are dealt out to: NVIDIA's SMs, AMD's and Apple's cores. */
  units: number;
  /** Lanes that a unit needs at once, so that it has something to do while others wait. */
  lanes: number;
  /** Seconds of work before anything is measured, so that its clock is where it stays. */
  warmUp: number;
  /** Seconds to compile an unrolled block of 4 x 4 x 4, by the runs that a program makes of a kernel. */
  text: number;
  /** Which of the cores suit it. */
  cores: readonly Variant["core"][];
  /** Whether it is software that runs shaders on a CPU. */
  software?: true;
}

/** Whether a variant is worth trying on such a machine. */
export const suits = ({ core, hardware }: Variant, model: Model): boolean =>
  model.cores.includes(core) && !(hardware && model.software);

/**
 * A large GPU: an H100 of 132 units. Its ridge: 15 operations a byte. A unit has room for 2,048 lanes, but a lane of 8 x 8 sums takes a
 * quarter of the registers that it would have left there, and has enough multiply-adds of its own to bridge the wait for others:
 * 256 are taken to be enough.
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
 * A GPU that shares a laptop's memory, Apple's or Intel's: reading through caches may be as fast there as through workgroup memory, so that
 * the core without any is tried too. The numbers are an M1's, of 8 units.
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
 * llvmpipe on two cores of a Xeon: eight lanes read a vec4 in 45 ns, and a block of 4 x 4 x 4 compiles in 0.2 s. What lanes hand
 * each other costs next to nothing.
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

/** What is known of an adapter before anything is measured. */
export function modelOf(adapter: { software: boolean; vendor: string }): Model {
  if (adapter.software) return SOFTWARE;
  return isVendor(adapter.vendor, "apple") || isVendor(adapter.vendor, "intel") ? INTEGRATED : HARDWARE;
}

/** Seconds that a plan takes on such a machine: see the top of this file. */
export function estimate(product: Product, plan: Plan, model: Model): number {
  const { variant } = plan, { flopsDone, bytes, workgroupBytes, workgroups } = traffic(product, plan);
  const { lanes, unrolled } = footprint(variant);
  const ofUnit = lanes * Math.ceil(workgroups / model.units);
  const filled = balance(product, plan, model.units) * Math.min(1, ofUnit / model.lanes);
  return (flopsDone / model.flops + workgroupBytes / model.workgroupBytes) / filled + bytes / model.bytes +
    model.text * unrolled;
}

/** A sum is no longer than this many groups along k: 16,384 float32 additions lose two digits at most. */
const LONGEST4 = 4096;
/** A part is no shorter than this many groups along k. */
const SHORTEST4 = 32;
/** Parts at most: each is one more sum to write and to read. */
const PARTS = 128;
/** Bytes of all parts together, at most. */
const PART_BYTES = 2 ** 28;

/** Numbers of parts that a variant is tried with, at most. */
const SPLITS = 6;

/** Every plan that may be chosen for a product, the likeliest best first. `fits` says which variants a device can run. */
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

/** Of a variant's plans, the best first, those that are not much like a better one: their parts differ by a quarter at least. */
function apart(plans: readonly Plan[]): Plan[] {
  const kept: Plan[] = [];
  for (const plan of plans) {
    const alike = ({ splits }: Plan) => Math.max(splits, plan.splits) < 1.25 * Math.min(splits, plan.splits);
    if (kept.length < SPLITS && !kept.some(alike)) kept.push(plan);
  }
  return kept;
}

/**
 * So many of the plans, the likeliest first: the best of each variant before any other, since what the model is least sure of is how fast a
 * variant is; and of each core the best, since it may be wrong about cores.
 */
export function shortlist(plans: readonly Plan[], count: number): Plan[] {
  const bests = plans.filter((plan, i) => plans.findIndex(({ variant }) => variant === plan.variant) === i);
  const order = [...bests, ...plans.filter((plan) => !bests.includes(plan))];
  const ofCores = bests.filter((plan, i) => bests.findIndex(({ variant }) => variant.core === plan.variant.core) === i);
  const kept = [...new Set([...ofCores.slice(0, count), ...order])].slice(0, count);
  return order.filter((plan) => kept.includes(plan));
}

/** Workgroups of a plan, all parts together. */
export function planWorkgroups({ variant, splits }: Plan, rows4: number, cols4: number): number {
  const { tall, wide } = footprint(variant);
  return Math.ceil(rows4 / tall) * Math.ceil(cols4 / wide) * splits;
}
