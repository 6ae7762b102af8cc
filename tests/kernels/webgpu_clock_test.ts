/**
 * The GPU's clock as found in practice: ticks of other lengths than specified, coarse, standing still, running
 * backwards.
 */
import { assert, assertEquals } from "@std/assert";
import { Clock, TIMESTAMPS } from "../../kernels/webgpu/clock.ts";
import { estimate, HARDWARE, plansFor, shortlist } from "../../kernels/webgpu/plan.ts";
import { fastest } from "../../kernels/webgpu/race.ts";
import { Random } from "../../kernels/random.ts";
import { vggECases } from "../../lab/cases.ts";
import { productOf } from "../../lab/counted.ts";

/** A GPU that only has a clock: `now` returns its ticks at the beginning (0) and the end (1) of a pass. */
function fakeGpu(now: (which: 0 | 1) => bigint): GPUDevice {
  const stamps = new BigUint64Array(2);
  const submit = () => [0, 1].forEach((which) => stamps[which] = now(which as 0 | 1));
  const encoder = {
    beginComputePass: () => ({ end: () => {} }),
    resolveQuerySet: () => {},
    copyBufferToBuffer: () => {},
    finish: () => {},
  };
  const buffer = {
    mapAsync: () => Promise.resolve(),
    getMappedRange: () => stamps.slice().buffer,
    unmap: () => {},
    destroy: () => {},
  };
  return {
    features: new Set([TIMESTAMPS]),
    createQuerySet: () => ({ destroy: () => {} }),
    createBuffer: () => buffer,
    createCommandEncoder: () => encoder,
    queue: { submit, onSubmittedWorkDone: () => Promise.resolve() },
  } as unknown as GPUDevice;
}

/**
 * Seconds that a clock reads for a pass of `seconds`, with ticks of `period` ns, rounded down to multiples of `step`
 * ticks.
 */
async function reading(seconds: number, period: number, step: number): Promise<{ read?: number; step: number }> {
  const ticks = (ms: number) => BigInt(step * Math.floor(1e6 * (1000 + ms) / period / step));
  let pass = 0, at = 0;
  const gpu = fakeGpu((which) => {
    if (which === 0) at = performance.now();
    return ticks(at + (which === 1 ? pass : 0));
  });
  const clock = new Clock(gpu);
  await clock.calibrate();
  pass = 1000 * seconds;
  gpu.queue.submit([]);
  const read = await clock.read();
  return { read, step: clock.step };
}

Deno.test("Clock reads seconds if an adapter's ticks are 1, 10, 52 or 83 ns, as Deno passes them on", async () => {
  for (const period of [1, 10, 1000 / 19.2, 1000 / 12]) {
    const { read, step } = await reading(0.02, period, 1);
    assert(Math.abs(read! / 0.02 - 1) < 1e-4, `${period} ns: ${read}`);
    assert(step < 1e-6, `${period} ns: a step of ${step}`);
  }
});

Deno.test("Clock knows the step of Chrome's timestamps, and reads no duration of 0", async () => {
  const { read, step } = await reading(1e-6, 1, 65536);
  assert(step >= 65536e-9 && step < 1e-3, `a step of ${step}`);
  assertEquals(Math.round(step * 1e9) % 65536, 0);
  assert(step > 0 && read! >= step, `${read} read by steps of ${step}`);
});

Deno.test("Clock reads nothing if time runs backwards or stands still, so that the host's clock counts", async () => {
  let backwards = 10n ** 12n;
  for (const now of [() => backwards -= 1000n, () => 5n]) {
    const clock = new Clock(fakeGpu(now));
    await clock.calibrate();
    assertEquals(clock.exact, false);
    assertEquals(await clock.read(), undefined);
  }
  let ticks = 0n, reset = false;
  const gpu = fakeGpu((which) => reset && which === 1 ? 0n : ticks += 10n ** 7n), clock = new Clock(gpu);
  await clock.calibrate();
  assertEquals(clock.exact, true);
  reset = true; // in the middle of a pass
  gpu.queue.submit([]);
  assertEquals(await clock.read(), undefined);
});

Deno.test("with a clock of 65,536 ns and disturbed runs, the tuner picks the same plan in ten of ten runs", async () => {
  const step = 65536e-9;
  const products = vggECases({ width: 1, batch: 128, classes: 7 }).map(productOf).filter((product) =>
    product !== undefined
  );
  assert(products.length >= 30);
  let picked = 0;
  for (const product of products) {
    const plans = shortlist(plansFor(product, HARDWARE), 4), found = new Set<unknown>();
    for (let seed = 1; seed <= 10; seed++) {
      const r = new Random(seed);
      const plan = await fastest(plans, {
        step,
        batch: 2e-3,
        runs: 512,
        goOn: () => true,
        time: (plan, runs) => {
          const begin = r.uniform(), busy = runs * estimate(product, plan, HARDWARE) * (1 + 0.02 * r.uniform());
          const ticks = Math.floor(begin + busy / step) - Math.floor(begin);
          return Promise.resolve(Math.max(1, ticks) * step);
        },
      });
      found.add(plan);
    }
    assertEquals(found.size, 1, `${product.kernel} ${product.rows4} ${product.cols4} ${product.k4}`);
    if (!found.has(undefined)) picked++;
  }
  assert(picked >= products.length - 10, `${picked} of ${products.length} were long enough for the clock`);
});
