/** Forests grown by several threads: the same trees, and errors instead of hangs. */

import { assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import { type ForestOptions, RandomForest } from "../../forest/forest.ts";
import { ForestPool } from "../../forest/parallel.ts";
import { readSet } from "./same_folds.ts";

const digits = await readSet("digits"), iris = await readSet("iris");
const ofDigits: ForestOptions = { features: 64, classes: 10, trees: 12, seed: 3 };
const ofIris: ForestOptions = { features: 4, classes: 3, trees: 7, seed: 4 };
const dying = new URL("../workers/dying_worker.ts", import.meta.url);

Deno.test("ForestPool.fit() gives the trees of RandomForest.fit, bit for bit, with 1 to 4 threads, forest after forest", async () => {
  const wantedDigits = RandomForest.fit(digits.x, digits.y, ofDigits);
  const wantedIris = RandomForest.fit(iris.x, iris.y, { ...ofIris, bootstrap: false, maxDepth: 2 });
  for (let threads = 1; threads <= 4; threads++) {
    const pool = new ForestPool({ threads });
    const x = iris.x.slice();
    const second = pool.fit(x, Uint8Array.from(iris.y), { ...ofIris, bootstrap: false, maxDepth: 2 });
    x.fill(0); // the pool has its own copy
    const both = await Promise.all([pool.fit(digits.x, digits.y, ofDigits), second]);
    assertEquals(both, [wantedDigits, wantedIris], `${threads} threads`);
    await pool.close();
  }
});

Deno.test("ForestPool.fit() refuses the same input as RandomForest.fit, with the same messages", async () => {
  const pool = new ForestPool({ threads: 1 });
  const cases: [Float32Array, Int32Array, ForestOptions][] = [
    [iris.x.with(7, NaN), iris.y, ofIris],
    [iris.x, iris.y.with(0, 3), ofIris],
    [iris.x.subarray(1), iris.y, ofIris],
    [iris.x, iris.y, { ...ofIris, trees: 0 }],
    [iris.x, iris.y, { ...ofIris, maxFeatures: 5 }],
    [iris.x, iris.y, { ...ofIris, maxDepth: -1 }],
  ];
  for (const [x, y, options] of cases) {
    const alone = assertThrows(() => RandomForest.fit(x, y, options), Error);
    const pooled = await assertRejects(() => pool.fit(x, y, options), Error);
    assertEquals([pooled.name, pooled.message], [alone.name, alone.message]);
  }
  assertEquals((await pool.fit(iris.x, iris.y, ofIris)).trees.length, 7);
  await pool.close();
  await assertRejects(() => pool.fit(iris.x, iris.y, ofIris), Error, "closed");
  for (const threads of [0, 1.5, 65]) assertThrows(() => new ForestPool({ threads }), RangeError);
});

Deno.test("a thread of ForestPool that dies is an error", async () => {
  const pool = new ForestPool({ threads: 1, worker: dying });
  assertMatch(
    (await assertRejects(() => pool.fit(iris.x, iris.y, ofIris), Error)).message,
    /^Tree 1 of a forest: its worker thread died \(.*out of luck.*\)$/,
  );
  await pool.close();
});

Deno.test("ForestPool.fit() grows the forest on this thread if no other can start", async () => {
  const pool = new ForestPool({ threads: 2, worker: new URL("./no_such_worker.ts", import.meta.url) });
  const wanted = RandomForest.fit(iris.x, iris.y, ofIris);
  assertEquals(await pool.fit(iris.x, iris.y, ofIris), wanted);
  assertEquals(await pool.fit(iris.x, iris.y, ofIris), wanted);
  await pool.close();
});

Deno.test("ForestPool.fit() stops on request, and the pool stays usable", async () => {
  const pool = new ForestPool({ threads: 2 });
  const abort = new AbortController();
  const long = pool.fit(digits.x, digits.y, { ...ofDigits, trees: 100_000 }, abort.signal);
  setTimeout(() => abort.abort(new Error("enough")), 200);
  await assertRejects(() => long, Error, "enough");
  assertEquals(await pool.fit(iris.x, iris.y, ofIris), RandomForest.fit(iris.x, iris.y, ofIris));
  await assertRejects(() => pool.fit(iris.x, iris.y, ofIris, AbortSignal.abort(new Error("before"))), Error, "before");
  await pool.close();
});

Deno.test("a program waits for its forest, and then ends although the pool is open", async () => {
  const program = new URL("./open_pool.ts", import.meta.url).pathname;
  const command = new Deno.Command("deno", {
    args: ["run", "--quiet", "--allow-read", program],
    signal: AbortSignal.timeout(30_000),
  });
  const { code, stdout } = await command.output();
  assertEquals([code, new TextDecoder().decode(stdout)], [0, "100 trees\n"]);
});
