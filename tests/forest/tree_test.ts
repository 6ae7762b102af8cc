/**
 * Single trees, compared node by node with scikit-learn's: tests/golden/tree_splits.json, made by make_trees.py there.
 */

import { assert, assertEquals, assertMatch, assertStrictEquals, assertThrows } from "@std/assert";
import { gini } from "../../forest/criterion.ts";
import { DecisionTree } from "../../forest/tree.ts";

interface StoredTree {
  features: number;
  classes: number;
  maxDepth: number | null;
  x: number[];
  y: number[];
  /** whether scikit-learn itself makes this node for every seed, since no other split is exactly as good */
  sure: boolean[];
  feature: number[];
  threshold: number[];
  left: number[];
  right: number[];
  value: number[][];
  importances: number[] | null;
}

const stored: Record<string, StoredTree> =
  JSON.parse(await Deno.readTextFile(new URL("../golden/tree_splits.json", import.meta.url))).trees;

function fit({ x, y, features, classes, maxDepth }: StoredTree, seed: number): DecisionTree {
  const options = { features, classes, maxDepth: maxDepth ?? Infinity, seed };
  return DecisionTree.fit(Float32Array.from(x), Int32Array.from(y), options);
}

for (const [name, golden] of Object.entries(stored)) {
  const sure = golden.sure.filter(Boolean).length;
  Deno.test(`DecisionTree makes scikit-learn's splits: ${name}; ${sure} of ${golden.sure.length} nodes, those above exact ties`, () => {
    for (let seed = 0; seed < 5; seed++) {
      const { feature, threshold, left, right, value } = fit(golden, seed).nodes, { classes } = golden;
      const counts = (node: number) => value.subarray(node * classes, (node + 1) * classes);
      const impurity = (counts: ArrayLike<number>) => Array.from(counts).reduce((a, b) => a + b) * gini(counts);
      let compared = 0;
      const compare = (mine: number, theirs: number) => {
        // the samples of a node are decided above it, so they are the same even if the node's own split is a tie
        assertEquals([...counts(mine)], golden.value[theirs]);
        assertStrictEquals(feature[mine] < 0, golden.feature[theirs] < 0, `${name}: only one of two nodes is a leaf`);
        if (golden.sure[theirs]) {
          compared++;
          assertStrictEquals(feature[mine], golden.feature[theirs]);
          assertStrictEquals(threshold[mine], golden.threshold[theirs]);
          if (feature[mine] < 0) return;
          compare(left[mine], golden.left[theirs]);
          compare(right[mine], golden.right[theirs]);
        } else if (feature[mine] >= 0) {
          const remains = impurity(counts(left[mine])) + impurity(counts(right[mine]));
          const wanted = impurity(golden.value[golden.left[theirs]]) + impurity(golden.value[golden.right[theirs]]);
          assert(
            Math.abs(remains - wanted) <= 1e-12 * golden.y.length,
            `${name}: a tie is ${remains}, not ${wanted}`,
          );
        }
      };
      compare(0, 0);
      assertStrictEquals(compared, sure);
    }
  });

  if (!golden.importances) continue;
  Deno.test(`DecisionTree.featureImportances() agrees with scikit-learn's: ${name}`, () => {
    fit(golden, 0).featureImportances().forEach((share, f) => {
      assert(Math.abs(share - golden.importances![f]) < 1e-12, `feature ${f}: ${share}`);
    });
  });
}

Deno.test("DecisionTree numbers its nodes in preorder, each child after its parent", () => {
  const { feature, left, right } = fit(stored["4 classes, one feature"], 0).nodes;
  const seen: number[] = [];
  const visit = (node: number) => {
    seen.push(node);
    if (feature[node] >= 0) [left[node], right[node]].forEach(visit);
  };
  visit(0);
  assertEquals(seen, Array.from(feature.keys()));
});

Deno.test("DecisionTree finds the same split as an exhaustive search in float64, with ties, many values and few", () => {
  let state = 1;
  const next = (n: number) => (state = (state * 48271) % 2147483647) % n;
  for (const [n, levels, classes] of [[300, 5, 3], [300, 100000, 3], [60, 7, 2], [700, 300, 4], [30, 2, 5]]) {
    const x = Float32Array.from({ length: n }, () => next(levels) / 4),
      y = Int32Array.from({ length: n }, () => next(classes));
    let least = Infinity;
    for (const cut of new Set(x)) {
      const sides = [new Float64Array(classes), new Float64Array(classes)];
      x.forEach((value, i) => sides[value <= cut ? 0 : 1][y[i]]++);
      const sizes = sides.map((side) => side.reduce((a, b) => a + b));
      if (sizes[1] > 0) least = Math.min(least, sizes[0] * gini(sides[0]) + sizes[1] * gini(sides[1]));
    }
    const { value, left, right } = DecisionTree.fit(x, y, { features: 1, classes, maxDepth: 1 }).nodes;
    let remains = 0;
    for (const child of [left[0], right[0]]) {
      const counts = value.subarray(child * classes, (child + 1) * classes);
      remains += counts.reduce((a, b) => a + b) * gini(counts);
    }
    assert(Math.abs(remains - least) < 1e-9, `${n} samples of ${levels} values: left ${remains}, could be ${least}`);
  }
});

Deno.test("DecisionTree.fit() grows a single leaf from one class, from one sample, and from equal rows of two classes", () => {
  const one = DecisionTree.fit(new Float32Array([1, 2, 3]), new Uint8Array([2, 2, 2]), { features: 1, classes: 4 });
  assertEquals([...one.predictProbabilities(new Float32Array([9]))], [0, 0, 1, 0]);
  assertEquals(one.leaves, 1);
  const single = DecisionTree.fit(new Float32Array([1, 2]), new Uint8Array([1]), { features: 2, classes: 2 });
  assertEquals([single.depth, single.leaves], [0, 1]);
  const equal = DecisionTree.fit(new Float32Array([7, 7, 7, 7]), new Uint8Array([1, 0, 1, 0]), {
    features: 1,
    classes: 2,
  });
  assertEquals([...equal.predictProbabilities(new Float32Array([7]))], [0.5, 0.5]);
  assertEquals([...equal.predict(new Float32Array([7]))], [0]); // a tie goes to the lower class
  assertEquals([...equal.featureImportances()], [0]);
});

Deno.test("DecisionTree.fit() examines more than maxFeatures if the drawn features are constant", () => {
  const x = new Float32Array(20 * 8).fill(3), y = new Uint8Array(20);
  for (let i = 0; i < 20; i++) x[i * 8 + 5] = y[i] = i % 2;
  for (let seed = 0; seed < 10; seed++) {
    const tree = DecisionTree.fit(x, y, { features: 8, classes: 2, maxFeatures: 1, seed });
    assertEquals([tree.nodes.feature[0], tree.leaves], [5, 2]);
  }
});

Deno.test("DecisionTree.fit() reports invalid input", () => {
  const x = new Float32Array([1, 2, 3, 4]), y = new Uint8Array([0, 1]), options = { features: 2, classes: 2 };
  const fails = (message: RegExp, x: Float32Array, y: Uint8Array | Int32Array, more = {}) =>
    assertMatch(assertThrows(() => DecisionTree.fit(x, y, { ...options, ...more }), RangeError).message, message);
  fails(/x: expected at least one row, found none/, new Float32Array(0), new Uint8Array(0));
  fails(/x: expected rows of 2 features, found 3 values/, x.subarray(1), y);
  fails(/y: expected 2 labels, one for each row of x, found 1/, x, y.subarray(1));
  fails(/y, row 1: expected a label from 0 to 1, found 2/, x, new Uint8Array([0, 2]));
  fails(/y, row 0: expected .*, found -1/, x, new Int32Array([-1, 0]));
  fails(/x, row 1, feature 0: expected .*, found NaN/, new Float32Array([1, 2, NaN, 4]), y);
  fails(/x, row 0, feature 1: expected .*, found -Infinity/, new Float32Array([1, -Infinity, 3, 4]), y);
  fails(/features: expected .*, found 0/, x, y, { features: 0 });
  fails(/classes: expected .*, found 1\.5/, x, y, { classes: 1.5 });
  fails(/maxDepth: expected .*, found -1/, x, y, { maxDepth: -1 });
  fails(/maxFeatures: expected .* from 1 to 2, found 3/, x, y, { maxFeatures: 3 });
  fails(/whole number|integers/, x, y, { seed: 0.5 });
  const tree = DecisionTree.fit(x, y, options);
  assertThrows(() => tree.predict(new Float32Array(3)), Error, "rows of 2 features");
  assertThrows(
    () => tree.predict(new Float32Array([0, NaN])),
    Error,
    "x, row 0, feature 1: expected a finite number, found NaN",
  );
});
