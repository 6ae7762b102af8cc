/** Cold caches: the arithmetic on an imagined machine with a cache and a clock, and the real devices' results after a flush. */
import { assert, assertAlmostEquals, assertEquals, assertMatch, assertStrictEquals } from "@std/assert";
import { parseShape } from "../../lab/cases.ts";
import { CacheFlush, timeCold } from "../../lab/cold.ts";
import { benchKernel } from "../../lab/kernels.ts";
import { kernelTable } from "../../lab/show.ts";
import { Stopwatch } from "../../lab/timing.ts";
import type { BenchResults } from "../../lab/results.ts";
import { cpu, onEach, webgpu } from "../devices.ts";

/**
 * A machine with a cache: a call takes `cold` ms after a flush, else 1 ms. A flush takes 20 ms, which vary by `noise`.
 */
function machine(cold: number, noise: number[] = [0], wait = 10) {
  let now = 0, flushed = false, calls = 0, flushes = 0;
  const work = {
    flush() {
      now += 20 + noise[flushes++ % noise.length];
      flushed = true;
    },
    enqueue() {
      now += flushed ? cold : 1;
      flushed = false;
      calls++;
    },
    settle: () => Promise.resolve(void (now += wait)),
  };
  return { work, now: () => now, counts: () => ({ calls, flushes }) };
}

const budget = { samples: 9, seconds: 60, sampleSeconds: 0.02 };

Deno.test("timeCold() gives the time of a call after a flush, without the flush and without the wait", async () => {
  for (const cold of [1.5, 5, 80]) {
    const { work, now, counts } = machine(cold);
    const { median, lower, upper, count } = (await timeCold(work, { budget, wait: 0.01, now }))!;
    for (const seconds of [median, lower, upper]) assertAlmostEquals(seconds, cold / 1000, 1e-9);
    assertEquals(count, 9);
    const { calls, flushes } = counts();
    // each of nine samples has as many flushes without a call as with one
    assert(flushes > calls && (flushes - calls) % 9 === 0, `${flushes} flushes for ${calls} calls`);
  }
});

Deno.test("timeCold() times single calls where a wait is cheap, whatever the flush's noise", async () => {
  const { work, now, counts } = machine(1.5, [3, -2, 9], 0.25);
  const { median, lower, upper, count } = (await timeCold(work, { budget, wait: 0.00025, now }))!;
  for (const seconds of [median, lower, upper]) assertAlmostEquals(seconds, 0.0015, 1e-9);
  assertEquals([count, counts()], [9, { calls: 9, flushes: 9 }]);
});

Deno.test("timeCold() has no time for a call that disappears in the flush's noise", async () => {
  const noise = [3, -2, 4, -3, 1, -4, 0.5, 2, -1.5, 0, 5];
  const { work, now } = machine(0.001, noise);
  assertStrictEquals(await timeCold(work, { budget, wait: 0.01, now }), undefined);
  const longer = machine(9, noise);
  const { median } = (await timeCold(longer.work, { budget, wait: 0.01, now: longer.now }))!;
  assert(Math.abs(median - 0.009) < 0.002, String(median));
});

onEach([cpu, webgpu], "benchKernel() has a row with cold caches, and the results are right", async (device) => {
  const watch = await Stopwatch.start(device, { samples: 3, seconds: 0, sampleSeconds: 1e-3 });
  const flush = new CacheFlush(device, 2 ** 18), [of] = parseShape("matmul:192x192x192");
  const row = await benchKernel(device, watch, of, async () => {}, undefined, flush);
  const { coldSeconds, error } = row;
  assert(error < 1e-5, String(error));
  assert(coldSeconds === null || coldSeconds!.lower > 0 && coldSeconds!.median < 10, JSON.stringify(coldSeconds));
  const peaks = { flops: row.seconds, bytes: row.seconds },
    table = (rows: typeof row[]) => kernelTable(rows, { peaks } as BenchResults).split("\n");
  assertMatch(table([row])[0], /of copy +cold +cold GB\/s/);
  assert(table([{ ...row, coldSeconds: null }])[1].includes("too short"));
  const { coldSeconds: _, ...warm } = row;
  assert(!table([warm])[0].includes("cold"));
  flush.close();
  watch.close();
});
