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
import { isVendor } from "./features.ts";
import { four, type Plan, type Product } from "./product.ts";
import { balance, traffic } from "./traffic.ts";
import { footprint, type Variant, VARIANTS } from "./variants.ts";
import { channels4, cutWinograd, POINTS } from "./winograd_cut.ts";

/** A machine described by a few numbers. */
export interface CostModel {
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
}

/** Whether a variant is worth trying on such a machine. */
export const suits = ({ core }: Variant, model: CostModel): boolean => model.cores.includes(core);

/**
 * A large GPU: an H100 with 132 units. Its ridge: 15 operations per byte. A unit has room for 2,048 lanes, but with 8 x 8 sums per lane
 * the registers leave room for a quarter of them. Such a lane also has enough multiply-adds of its own to bridge the wait for others:
 * 256 lanes are assumed to be enough.
 */
export const HARDWARE: CostModel = {
  flops: 60e12,
  bytes: 4e12,
  workgroupBytes: 30e12,
  units: 132,
  lanes: 256,
  warmUp: 0.2,
  text: 0,
  cores: ["tile", "uniform"],
};
/**
 * A GPU that shares a laptop's memory, Apple's or Intel's. Its memory is slow, its caches may be as fast as its workgroup memory. The
 * numbers are those of an M1 with 8 units.
 */
export const INTEGRATED: CostModel = {
  flops: 2.6e12,
  bytes: 6.8e10,
  workgroupBytes: 1.3e12,
  units: 8,
  lanes: 256,
  warmUp: 0.2,
  text: 0,
  cores: ["tile", "uniform"],
};
/**
 * llvmpipe on two cores of a Xeon: eight lanes read a vec4 in 45 ns, and a block of 4 x 4 x 4 compiles in 0.2 s. Exchanges
 * between lanes cost almost nothing.
 */
export const SOFTWARE: CostModel = {
  flops: 20e9,
  bytes: 5.7e9,
  workgroupBytes: 1e12,
  units: 1,
  lanes: 128,
  warmUp: 0,
  text: 0.2 / 1000,
  cores: ["lane", "subgroup"],
};

/** The model of an adapter before any measurement. */
export function modelOf(adapter: { software: boolean; vendor: string }): CostModel {
  if (adapter.software) return SOFTWARE;
  return isVendor(adapter.vendor, "apple") || isVendor(adapter.vendor, "intel") ? INTEGRATED : HARDWARE;
}

/** Estimated seconds of a plan on a machine: see the top of this file. */
export function estimate(product: Product, plan: Plan, model: CostModel): number {
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
/**
 * Least number of input and output channels for Winograd's algorithm, in fours: with fewer, its transforms move more
 * than it saves.
 */
const WINOGRAD4 = 32;

/** Most numbers of parts to try per variant. */
const SPLITS = 6;

/** Every possible plan for a product, the most promising first. `fits` tests whether the device can run a variant. */
export function plansFor(product: Product, model: CostModel, fits: (variant: Variant) => boolean = () => true): Plan[] {
  const bySeconds = (plans: Plan[]) =>
    plans.map((plan) => ({ plan, seconds: estimate(product, plan, model) })).sort((a, b) => a.seconds - b.seconds)
      .map(({ plan }) => plan);
  const ways = VARIANTS.filter((variant) => suits(variant, model) && fits(variant))
    .flatMap((variant) => [directPlans(product, variant), winogradPlans(product, variant)]);
  return bySeconds(ways.flatMap((plans) => apart(bySeconds(plans))));
}

/** The plans of a variant with the definition's multiplications. */
function directPlans({ rows4, cols4, k4 }: Product, variant: Variant): Plan[] {
  const result = 64 * rows4 * cols4;
  return partCounts(k4, result).map((splits) => ({ variant, splits }));
}

/** The plans with Winograd's algorithm, if it is possible and there are enough channels. */
function winogradPlans(product: Product, variant: Variant): Plan[] {
  const { in4, out4 } = channels4(product);
  if (product.tiles === undefined || Math.min(in4, out4) < WINOGRAD4) return [];
  const toWeights = product.kernel === "conv2dWeightGradient";
  const counts = toWeights ? partCounts(four(product.tiles), POINTS * 64 * in4 * out4) : partCounts(in4, 0);
  return counts.map((splits): Plan => ({ variant, splits, winograd: true })).filter((plan) => {
    const { pieces, parts } = cutWinograd(product, plan);
    return plan.splits === (toWeights ? pieces : 1) * parts; // other numbers give the same plan as one of these
  });
}

/** Possible numbers of parts of a sum over k4 groups, if each part takes `bytes` bytes. */
function partCounts(k4: number, bytes: number): number[] {
  const least = Math.ceil(k4 / LONGEST4);
  const most = Math.max(least, Math.min(PARTS, Math.floor(k4 / SHORTEST4), Math.floor(PART_BYTES / bytes)));
  return Array.from({ length: most - least + 1 }, (_, i) => least + i);
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
 * The `count` most promising plans. The best of each variant and algorithm comes before all others, since the model is least certain about
 * their speed; and the best of each algorithm and each core is included, since the model may be wrong about these too.
 */
export function shortlist(plans: readonly Plan[], count: number): Plan[] {
  const firsts = (plans: readonly Plan[], of: (plan: Plan) => unknown) =>
    plans.filter((plan, i) => plans.findIndex((other) => of(other) === of(plan)) === i);
  const bests = [true, undefined].flatMap((winograd) =>
    firsts(plans.filter((plan) => plan.winograd === winograd), ({ variant }) => variant)
  );
  const order = [...plans.filter((plan) => bests.includes(plan)), ...plans.filter((plan) => !bests.includes(plan))];
  const musts = [...firsts(order, ({ winograd }) => winograd), ...firsts(order, ({ variant }) => variant.core)];
  const kept = [...new Set([...new Set(musts)].slice(0, count).concat(order))].slice(0, count);
  return order.filter((plan) => kept.includes(plan));
}
