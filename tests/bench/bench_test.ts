/**
 * The bench, tested with its own smoke test: plausible results, errors compared with the definition, a document that the schema
 * accepts, and a comparison of a file with itself. Speed is not tested.
 */
import { assert, assertEquals, assertMatch, assertStrictEquals, assertThrows } from "@std/assert";
import { runBench } from "../../bench/bench.ts";
import { compareResults, describeComparison } from "../../bench/compare.ts";
import { lossCase, matmulCase, parseShape, vggECases } from "../../lab/cases.ts";
import { climbCpuLadder, describeCpuLadder, ladderSimd } from "../../lab/cpu_ladder.ts";
import { datasheetShares } from "../../lab/datasheet.ts";
import { checkCase } from "../../lab/definition.ts";
import { assembleLadder } from "../../lab/ladder_modules.ts";
import { benchKernel } from "../../lab/kernels.ts";
import { type BenchResults, parseResults } from "../../lab/results.ts";
import { drawRoofline } from "../../lab/roofline.ts";
import { type Spread, spread, type Stopwatch } from "../../lab/timing.ts";
import { SIGNATURES } from "../../kernels/methods.ts";
import { summarise, trainingFlops } from "../../nn/vgg_e.ts";
import { cpu } from "../devices.ts";
import { assertFileError } from "../file_errors.ts";

const once = <T>(make: () => Promise<T>) => {
  let made: Promise<T> | undefined;
  return () => made ??= make();
};
const results = once(() =>
  runBench({ device: "cpu", threads: 2, width: 1 / 16, batch: 3, quick: true }).then((made): BenchResults =>
    JSON.parse(JSON.stringify(made))
  )
);

const isTime = ({ median, lower, upper, count }: Spread) =>
  median > 0 && median < 60 && lower > 0 && lower <= median && median <= upper && count >= 3;

Deno.test("runBench() gives every row a finite time, and a result within 1e-5 of its definition", async () => {
  const { kernels, step, tasks, peaks } = await results();
  assert(kernels.length > 40, `${kernels.length} rows`);
  for (const { name, shape, seconds, error } of kernels) {
    assert(isTime(seconds), `${name} ${shape}: ${JSON.stringify(seconds)}`);
    assert(error < 1e-5, `${name} ${shape}: error ${error}`);
  }
  for (const { name, seconds, rate } of tasks) assert(isTime(seconds) && rate > 0, name);
  assertEquals(tasks.map(({ name }) => name.split(" ")[0]), [
    "decode,",
    "decode,",
    "wav",
    "forest",
    "forest",
    "forest",
  ]);
  assert(isTime(step!.seconds) && step!.memory > 1e6);
  const shares = step!.shares.reduce((sum, { share }) => sum + share, 0);
  assert(Math.abs(shares + step!.overhead - 1) < 1e-9);
  assert(peaks.flops.median > 1e9 && peaks.bytes.median > 1e8, JSON.stringify(peaks));
});

Deno.test("parseResults() accepts the output of runBench(), and names the invalid field of other values", async () => {
  const found = await results();
  assertEquals(parseResults(found, "found"), found);
  const without = structuredClone(found) as unknown as { kernels: { seconds?: unknown }[] };
  delete without.kernels[2].seconds;
  const parse = (value: unknown) => () => parseResults(value, "x.json");
  const missing = { place: "kernels.2.seconds", expected: "a value", found: "nothing" };
  await assertFileError(parse(without), { file: "x.json", ...missing });
  await assertFileError(
    parse({ ...found, schema: "epr-bench/0" }),
    { place: "schema", expected: '"epr-bench/1"', found: '"epr-bench/0"' },
  );
  await assertFileError(
    parse({ ...found, openSeconds: null }),
    { place: "openSeconds", expected: "number", found: "null" },
  );
});

Deno.test("docs/benchmarking.md describes every field of the schema", async () => {
  const docs = await Deno.readTextFile(new URL("../../docs/benchmarking.md", import.meta.url));
  const fields = new Set<string>();
  const collect = (value: unknown) => {
    if (Array.isArray(value)) value.forEach(collect);
    else if (typeof value === "object" && value !== null) {
      for (const [field, inner] of Object.entries(value)) {
        fields.add(field);
        collect(inner);
      }
    }
  };
  const found = await results();
  collect(found);
  collect({ datasheet: datasheetShares("NVIDIA H200", found.peaks), plan: "", coldSeconds: null }); // of a GPU
  assertEquals([...fields].filter((field) => !docs.includes(`\`${field}\``)), []);
});

Deno.test("compareResults() of a file with itself gives ratios of 1 in every row, and detects slower rows", async () => {
  const found = await results();
  const same = compareResults(found, found);
  assertEquals(same.length, found.kernels.length + 1 + found.tasks.length);
  for (const { name, ratio, verdict } of same) assertEquals([name, ratio, verdict], [name, 1, "as before"]);
  const slower = structuredClone(found);
  const row = slower.kernels[1].seconds;
  for (const part of ["median", "lower", "upper"] as const) row[part] = 3 * found.kernels[1].seconds.upper;
  const changed = compareResults(found, slower).filter(({ verdict }) => verdict !== "as before");
  assertEquals(changed.map(({ verdict }) => verdict), ["slower"]);
  assertMatch(describeComparison(found, slower), /geometric mean of \d+ rows/);
  const cold = structuredClone(found), { name, shape, seconds } = cold.kernels[1];
  [cold.kernels[1].coldSeconds, cold.kernels[2].coldSeconds] = [seconds, null];
  assertEquals(compareResults(cold, cold).map(({ name }) => name).filter((name) => name.endsWith(", cold")), [
    `${name} ${shape}, cold`,
  ]);
});

Deno.test("drawRoofline() draws a dot for each kernel under a roof, inside the picture", async () => {
  const found = await results();
  const svg = drawRoofline(found);
  const dots = [...svg.matchAll(/<circle cx="([\d.]+)" cy="([\d.]+)"[^>]*>\s*<title>/g)];
  assertEquals(dots.length, found.kernels.filter(({ flops }) => flops > 0).length);
  for (const [, x, y] of dots) assert(Number(x) >= 80 && Number(x) <= 880 && Number(y) >= 60 && Number(y) <= 490);
  assert(!/NaN|Infinity/.test(svg));
  assertEquals(svg.match(/<polyline/g)?.length, 1);
});

Deno.test("vggECases() has the operations of a training step, with equal shapes counted as often as they occur", () => {
  const [width, batch, classes] = [1 / 8, 128, 7];
  const occurrences = (layer: string) => {
    const [, first, last] = /(\d+)(?:-(\d+))?$/.exec(layer)!;
    return 1 + Number(last ?? first) - Number(first);
  };
  const products = vggECases({ width, batch, classes }).filter(({ name }) =>
    /^(conv|dense) (forward|to input|to weights)$/.test(name)
  );
  const flops = products.reduce((sum, { layer, flops }) => sum + occurrences(layer) * flops, 0);
  assertEquals(flops, batch * trainingFlops(summarise({ width, classes })));
});

Deno.test("parseShape() reads each kind, and gives the required form for others", () => {
  assertEquals(parseShape("conv:2x4x6x3:5").map(({ name }) => name), [
    "conv forward",
    "conv to input",
    "conv to weights",
  ]);
  assertEquals(parseShape("conv:2x4x6x3:5")[0].flops, 2 * 2 * 4 * 6 * 9 * 3 * 5);
  assertEquals(parseShape("matmul:2x3x5")[0].flops, 60);
  assertEquals(parseShape("dense:2x3:5").length, 4);
  for (
    const wrong of ["conv:2x4x6x3", "conv:2x4x6:5", "matmul:2x3x5:7", "matmul:2x0x5", "matmul:axbxc", "pool", "fft:8"]
  ) {
    assertMatch(assertThrows(() => parseShape(wrong), RangeError).message, /^Expected a shape conv:.*; found ".*"$/);
  }
});

Deno.test("every kernel of the table has a bench case from its entry alone, whose result agrees with the definition", async () => {
  const small: Record<string, number> = { batch: 3, height: 6, width: 5, length: 2100, classes: 4, step: 1 };
  const device = await cpu.open();
  // durations do not matter here
  const watch = { wait: 0, settle: async () => {}, time: () => spread([1]) } as unknown as Stopwatch;
  for (const [kernel, { sizes }] of Object.entries(SIGNATURES)) {
    const given = sizes.filter(({ upTo }) => typeof upTo !== "string").map(({ name }) => `${name}=${small[name] ?? 9}`);
    const [of] = parseShape(`${kernel}:${given.join(",")}`);
    const { error } = await benchKernel(device, watch, of, () => Promise.resolve());
    assert(error < 1e-5, `${kernel}: error ${error}`);
    assert(of.bytes > 0 && (of.flops > 0 || ["fill", "copy", "gatherRows"].includes(kernel)), kernel);
  }
  for (const wrong of ["moments:rows=4", "moments:rows=4,columns=0", "moments:rows=4,columns=2,x=3"]) {
    const { message } = assertThrows(() => parseShape(wrong), RangeError);
    assertStrictEquals(
      message,
      `Found the shape "${wrong}", wanted moments:rows=N,columns=N, each a whole number from 1`,
    );
  }
});

Deno.test("checkCase() detects one wrong or missing number in a product, and accepts a correct result", () => {
  const of = matmulCase(2, 2, 2);
  const before = { a: new Float32Array([1, 2, 3, 4]), b: new Float32Array([5, 6, 7, 8]), c: new Float32Array(4) };
  const check = (...c: number[]) => checkCase(of, before, { c: new Float32Array(c) }).error;
  assertEquals(check(19, 22, 43, 50), 0);
  assertEquals(check(19, 22, 43, 49), 1 / 50);
  assertStrictEquals(check(19, NaN, 43, 50), Infinity);
  assertEquals(lossCase(2, 3).buffers.metrics.length, 4);
});

Deno.test("spread() gives median and quartiles as numpy does", () => {
  assertEquals(spread([4, 1, 3, 2]), { median: 2.5, lower: 1.75, upper: 3.25, count: 4 });
  assertEquals(spread([7]), { median: 7, lower: 7, upper: 7, count: 1 });
  assertThrows(() => spread([]), RangeError);
});

Deno.test("climbCpuLadder() gives the same product on every rung, in either memory, and names each rung's file", async () => {
  for (const memory of ["shared", "plain"] as const) {
    const modules = await assembleLadder({ simd: ladderSimd(), memory }), counts: number[] = [];
    const rungs = await climbCpuLadder(modules, {
      samples: 3,
      shared: memory === "shared",
      onTurn: (rungs) => Promise.resolve(void counts.push(rungs[0].flops.count)),
    });
    for (const { name, file, flops, error } of rungs) {
      assert(error < 1e-6, `${name}: error ${error}`);
      assert(flops.lower > 0 && flops.lower <= flops.median && flops.median <= flops.upper, name);
      await Deno.stat(new URL(`../../kernels/wat/${file}`, import.meta.url));
      assert(describeCpuLadder(rungs).includes(file), name);
    }
    assertEquals(rungs.length, 5);
    assertEquals(counts, [1, 2, 3]);
  }
});
