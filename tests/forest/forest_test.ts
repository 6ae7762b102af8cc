/** Properties of a forest besides its accuracy: seeds, order, probabilities, JSON. */

import { assert, assertEquals, assertMatch, assertNotEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { RandomForest, treeGrower } from "../../forest/forest.ts";
import { readGolden } from "../golden.ts";

const golden = await readGolden("forest_data.safetensors");
const x = golden["iris.x"].data as Float32Array, y = golden["iris.y"].data as Int32Array;
const options = { features: 4, classes: 3, trees: 12, seed: 5 };
const forest = RandomForest.fit(x, y, options);

Deno.test("RandomForest.fit() gives the same forest for the same seed, and others for other seeds", () => {
  assertEquals(RandomForest.fit(x, y, options), forest);
  assertNotEquals(RandomForest.fit(x, y, { ...options, seed: 6 }), forest);
  assertNotEquals(forest.trees[0], forest.trees[1]);
});

Deno.test("treeGrower() grows the same trees in any order, and in parts", () => {
  const grow = treeGrower(x, y, options), another = treeGrower(x, y, options);
  for (const tree of [7, 3, 11, 0, 9, 1, 5]) assertEquals(grow(tree), forest.trees[tree]);
  for (const tree of [10, 2, 8, 4, 6]) assertEquals(another(tree), forest.trees[tree]);
});

Deno.test("RandomForest draws n of n samples with replacement for each tree, or with bootstrap off takes each once", () => {
  const root = (forest: RandomForest) => forest.trees.map((tree) => [...tree.nodes.value.subarray(0, 3)]);
  const drawn = root(forest), whole = root(RandomForest.fit(x, y, { ...options, bootstrap: false }));
  assert(drawn.every((counts) => counts.reduce((a, b) => a + b) === 150));
  assert(new Set(drawn.map(String)).size > 6);
  assert(whole.every((counts) => String(counts) === "50,50,50"));
});

Deno.test("RandomForest.predictProbabilities() is the mean of the trees', and predict() the most likely class, ties to the lower", () => {
  const mean = new Float64Array(150 * 3);
  for (const tree of forest.trees) tree.predictProbabilities(x).forEach((p, i) => mean[i] += p / 12);
  const probabilities = forest.predictProbabilities(x), labels = forest.predict(x);
  probabilities.forEach((p, i) => assert(Math.abs(p - mean[i]) < 1e-14));
  for (let row = 0; row < 150; row++) {
    const ofRow = [...probabilities.subarray(row * 3, row * 3 + 3)];
    assertStrictEquals(labels[row], ofRow.indexOf(Math.max(...ofRow)));
  }
  const leaf = (label: number) =>
    treeGrower(new Float32Array(1), new Uint8Array([label]), { features: 1, classes: 3 })(0);
  const tie = new RandomForest([leaf(2), leaf(1)]);
  assertEquals([...tie.predictProbabilities(new Float32Array(1))], [0, 0.5, 0.5]);
  assertEquals([...tie.predict(new Float32Array(1))], [1]);
});

Deno.test("RandomForest.featureImportances() are shares of 1 that favour an iris's petals", () => {
  const [sepalLength, sepalWidth, petalLength, petalWidth] = RandomForest.fit(x, y, { ...options, trees: 100 })
    .featureImportances();
  assert(Math.abs(sepalLength + sepalWidth + petalLength + petalWidth - 1) < 1e-12);
  assert(
    petalLength + petalWidth > 0.8 && sepalWidth < 0.06,
    `${[sepalLength, sepalWidth, petalLength, petalWidth]}`,
  );
});

Deno.test("RandomForest survives JSON unchanged, to the last bit", () => {
  const back = RandomForest.fromJSON(JSON.parse(JSON.stringify(forest)));
  assertEquals(back, forest);
  assertEquals(back.predictProbabilities(x), forest.predictProbabilities(x));
});

Deno.test("RandomForest.fromJSON() names the damaged part of a stored forest", () => {
  const json = JSON.stringify(forest);
  const fails = (message: RegExp, damage: (json: ReturnType<RandomForest["toJSON"]>) => unknown) => {
    const copy = JSON.parse(json), damaged = damage(copy);
    assertMatch(
      assertThrows(() => RandomForest.fromJSON(damaged === undefined ? copy : damaged), Error).message,
      message,
    );
  };
  const put = (object: unknown, key: string | number, value: unknown): void =>
    void Reflect.set(object as object, key, value);
  fails(/^The forest: expected an object, found null/, () => null);
  fails(/^The forest: expected an object, found \[\]/, () => []);
  fails(/^format: expected "epr-forest", found "other"/, (j) => put(j, "format", "other"));
  fails(/^version: expected 1, found 2/, (j) => put(j, "version", 2));
  fails(/^features: expected .*, found 0/, (j) => put(j, "features", 0));
  fails(/^classes: expected a number, found "3"/, (j) => put(j, "classes", "3"));
  fails(/^trees: expected at least one tree, found none/, (j) => put(j, "trees", []));
  fails(/^trees\[2\]: expected an object, found 7/, (j) => put(j.trees, 2, 7));
  fails(/^trees\[1\]\.feature: expected a list, found undefined/, (j) => put(j.trees, 1, {}));
  fails(
    /^trees\[0\]\.feature\[0\]: expected a whole number from -1 to 3, found 4/,
    (j) => put(j.trees[0].feature, 0, 4),
  );
  fails(
    /^trees\[0\]: expected one leaf more/,
    (j) => put(j.trees[0].feature, 0, -1) ?? put(j.trees[0], "threshold", j.trees[0].threshold.slice(1)),
  );
  fails(/^trees\[0\]\.feature: expected a tree in preorder/, (j) => void j.trees[0].feature.reverse());
  fails(/^trees\[0\]\.threshold: expected .* entries, found/, (j) => void j.trees[0].threshold.pop());
  fails(/^trees\[0\]\.threshold\[0\]: expected a number, found null/, (j) => put(j.trees[0].threshold, 0, null));
  fails(/^trees\[3\]: expected .* leaves/, (j) => void j.trees[3].leaves.pop());
  fails(
    /^trees\[3\]\.leaves\[1\]: expected pairs of a class and a count, found 1 numbers/,
    (j) => put(j.trees[3].leaves, 1, [0]),
  );
  fails(
    /^trees\[3\]\.leaves\[1\]\[0\]: expected a whole number from 0 to 2, found 3/,
    (j) => put(j.trees[3].leaves, 1, [3, 1]),
  );
  fails(/^trees\[3\]\.leaves\[1\]\[1\]: expected .*, found 0/, (j) => put(j.trees[3].leaves, 1, [0, 0]));
});

Deno.test("RandomForest requires at least one tree, all for the same table", () => {
  assertThrows(() => new RandomForest([]), Error, "at least one tree");
  assertThrows(
    () => RandomForest.fit(x, y, { ...options, trees: 0 }),
    Error,
    "trees: expected a whole number >= 1, found 0",
  );
  const other = treeGrower(new Float32Array(1), new Uint8Array(1), { features: 1, classes: 3 })(0);
  assertThrows(() => new RandomForest([...forest.trees, other]), Error, "the same features and classes");
});
