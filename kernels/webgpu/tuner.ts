/**
 * Measures which plan computes each product fastest on this GPU.
 *
 * Products are processed in the order of their cost. For each, the most promising plans race (`race.ts`), on the tuner's own
 * buffers. When the time is up, unmeasured products keep their estimated plans, as do those too short for the GPU's clock. Tuning
 * never takes longer than the mode allows, except for a compilation in progress.
 *
 * @module
 */
import type { GpuBuffer } from "./buffer.ts";
import type { Choices, KernelChoices } from "./choices.ts";
import type { Clock } from "./clock.ts";
import { CAPACITY, type Commands } from "./commands.ts";
import type { Faults } from "./faults.ts";
import type { Launcher } from "./launcher.ts";
import { estimate, shortlist } from "./plan.ts";
import { type Plan, productKey } from "./product.ts";
import { fastest } from "./race.ts";
import type { ProductLaunch } from "./product_launch.ts";
import { launchPlanned, onScratch, productSources } from "./products.ts";
import { winogradDispatches } from "./winograd.ts";

/** How much to measure. */
export type TuneMode = "quick" | "full";

/** Storage of choices between programs. Keys contain adapter, runtime and kernels; values are plain JSON. */
export interface TuningStore {
  /** The choices saved under a key, or undefined. */
  load(key: string): Promise<KernelChoices | undefined>;
  /** Saves measured choices. */
  save(key: string, choices: KernelChoices): Promise<void>;
}

/** Options of tuning. */
export interface TuneOptions {
  /** Default: quick. */
  mode?: TuneMode;
  /**
   * Its choices are used instead of measurements (in mode `full` they are measured again), and new measurements are
   * saved to it.
   */
  store?: TuningStore;
  /** Receives the number of measured products, and the total. */
  onProgress?: (done: number, total: number) => void;
  /** Aborts the tuning. */
  signal?: AbortSignal;
}

/** The result of tuning. */
export interface TuneReport {
  /** Number of different products in the work. */
  products: number;
  /** Products whose plan came from the store, or was known before. */
  known: number;
  /** Products measured now; the rest is estimated. */
  measured: number;
  /** Duration. */
  seconds: number;
}

/** Plans to try per product, and seconds for all products together. */
const BUDGETS: Record<TuneMode, { plans: number; seconds: number }> = {
  quick: { plans: 4, seconds: 10 },
  full: { plans: 24, seconds: 180 },
};
/** Largest share of that time for one product, so that others get their turn even with slow compilers. */
const SHARE = 1 / 5;
/** Shortest batch of runs, in seconds. */
const BATCH = 2e-3;

/** Identifies the measured sources: measurements with others are worthless. FNV-1a, 32 bits. */
export const kernelDigest: string = (
  [...productSources.join("")].reduce(
    (hash, letter) => Math.imul(hash ^ letter.charCodeAt(0), 16777619),
    2166136261,
  ) >>> 0
).toString(16);

/** The tuner's environment. */
interface Tools {
  launcher: Launcher;
  commands: Commands;
  faults: Faults;
  choices: Choices;
  clock: Clock;
}

/**
 * Imports the store's choices under the key, measures the other launched products, and saves the result.
 *
 * @param rehearse returns the launches of the work to optimise
 */
export async function tune(
  tools: Tools,
  key: string,
  rehearse: () => readonly ProductLaunch[],
  options: TuneOptions,
): Promise<TuneReport> {
  const start = performance.now(), { choices } = tools, anew = options.mode === "full";
  const stored = await options.store?.load(key);
  if (stored && !anew) choices.import(stored);
  const launches = rehearse();
  const open = launches.filter(({ product }) => anew || !choices.has(product));
  let measured = 0;
  try {
    measured = await measureProducts(tools, open, options);
  } finally {
    const found = choices.export({ guesses: false });
    if (open.length > 0 && Object.keys(found).length > 0) await options.store?.save(key, { ...stored, ...found });
  }
  const [all, left] = [launches, open].map((list) => new Set(list.map(({ product }) => productKey(product))).size);
  return { products: all, known: all - left, measured, seconds: (performance.now() - start) / 1000 };
}

/** Measures the products of `launches` (each listed as often as it is launched), until the mode's time is up. */
async function measureProducts(
  tools: Tools,
  launches: readonly ProductLaunch[],
  { mode = "quick", onProgress = () => {}, signal }: TuneOptions,
): Promise<number> {
  const { choices } = tools, budget = BUDGETS[mode];
  const end = performance.now() + 1000 * budget.seconds;
  const products = byCost(launches, choices);
  let measured = 0;
  if (products.length > 0) await warmUp(tools, products[0], signal);
  onProgress(0, products.length);
  for (const launch of products) {
    signal?.throwIfAborted();
    if (performance.now() >= end) break;
    const plans = shortlist(choices.candidates(launch.product), budget.plans);
    const share = performance.now() + 1000 * budget.seconds * SHARE;
    const best = await fastestPlan(tools, launch, plans, Math.min(end, share), signal);
    if (best) {
      choices.set(launch.product, best);
      measured++;
    }
    onProgress(measured, products.length);
  }
  return measured;
}

/** Each product once, sorted by the total cost of its launches, the largest first. */
function byCost(launches: readonly ProductLaunch[], choices: Choices): ProductLaunch[] {
  const costs = new Map<string, { launch: ProductLaunch; seconds: number }>();
  for (const launch of launches) {
    const key = productKey(launch.product);
    const known = costs.get(key) ?? { launch, seconds: 0 };
    known.seconds += estimate(launch.product, choices.plan(launch.product), choices.model);
    costs.set(key, known);
  }
  return [...costs.values()].sort((a, b) => b.seconds - a.seconds).map(({ launch }) => launch);
}

/**
 * Most runs of a batch, limited by the dispatches in a submission: one for the product and one that adds its parts; four to pad or crop
 * dimensions that are not multiples of 4; three for each operand packed to 16-bit floats. Winograd's algorithm has a different number.
 */
function mostRuns(
  { precision, bindingBytes }: Launcher,
  { product, inputs, result }: ProductLaunch,
  plans: readonly Plan[],
): number {
  const padded = [...Object.values(inputs), result].some(({ columns }) => columns % 4 !== 0);
  const direct = 2 + (padded ? 4 : 0) + (precision === "f16" ? 6 : 0);
  const dispatches = plans.map((plan) => plan.winograd ? winogradDispatches(product, plan, bindingBytes) : direct);
  return Math.floor(CAPACITY / Math.max(...dispatches));
}

/** Runs a product until the GPU's clock is stable: idle GPUs start slowly. */
async function warmUp(
  { launcher, commands, faults, choices, clock }: Tools,
  launch: ProductLaunch,
  signal?: AbortSignal,
): Promise<void> {
  const end = performance.now() + 1000 * choices.model.warmUp;
  if (performance.now() >= end) return;
  const buffers: GpuBuffer[] = [], plan = choices.plan(launch.product);
  const own = onScratch(launcher, launch, (length, purpose) => {
    buffers.push(launcher.take(length, purpose));
    return buffers[buffers.length - 1];
  });
  try {
    while (performance.now() < end) {
      signal?.throwIfAborted();
      await commands.time(clock, () => launchPlanned(launcher, own, plan));
      await faults.settle();
    }
  } finally {
    for (const buffer of buffers) launcher.giveBack(buffer);
  }
}

/** The fastest of the plans; undefined if the time did not suffice for two of them. */
async function fastestPlan(
  { launcher, commands, faults, clock }: Tools,
  launch: ProductLaunch,
  plans: readonly Plan[],
  end: number,
  signal?: AbortSignal,
): Promise<Plan | undefined> {
  const buffers: GpuBuffer[] = [];
  const own = onScratch(launcher, launch, (length, purpose) => {
    const buffer = launcher.take(length, purpose);
    buffers.push(buffer);
    return buffer;
  });
  try {
    return await fastest(plans, {
      time: async (plan, runs) => {
        signal?.throwIfAborted();
        const seconds = await commands.time(clock, () => {
          for (let i = 0; i < runs; i++) launchPlanned(launcher, own, plan);
        });
        await faults.settle();
        return seconds;
      },
      step: clock.step,
      batch: clock.exact ? BATCH : 20 * BATCH,
      runs: mostRuns(launcher, launch, plans),
      goOn: () => performance.now() < end,
    });
  } finally {
    for (const buffer of buffers) launcher.giveBack(buffer);
  }
}
