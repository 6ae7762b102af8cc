/** The forest and the tree compared with scikit-learn's on its bundled data sets: tests/golden/forest.json. */

import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { gini } from "../../forest/criterion.ts";
import { DecisionTree } from "../../forest/tree.ts";
import { accuracies, readJSON, readSet } from "./same_folds.ts";

const SETS = { iris: 3, wine: 3, breast_cancer: 2, digits: 10 };
for (const [name, classes] of Object.entries(SETS)) {
  // The forests of digits take ten times as long as all others: digits_test.ts tests them in parallel with this file.
  if (name !== "digits") {
    Deno.test(`RandomForest judges ${name} as well as scikit-learn's on the same ten folds, mean of ten seeds, within 0.006`, async () => {
      const { accuracy, wanted } = await accuracies(name, classes);
      assert(Math.abs(accuracy - wanted) <= 0.006, `${name}: accuracy ${accuracy}, scikit-learn's ${wanted}`);
    });
  }

  Deno.test(`DecisionTree on ${name} is right on all it learned, as deep and as large as scikit-learn's over 50 seeds`, async () => {
    const { x, y, features } = await readSet(name);
    const { depth, leaves } = (await readJSON("tree_splits.json")).spread[name];
    const { single_tree: golden } = (await readJSON("forest.json"))[name];
    for (let seed = 0; seed < 3; seed++) {
      const tree = DecisionTree.fit(x, y, { features, classes, seed });
      assertEquals(tree.predict(x), y);
      assertEquals(golden.train_accuracy, 1);
      assert(tree.depth >= depth[0] && tree.depth <= depth[1], `depth ${tree.depth}, wanted ${depth}`);
      assert(tree.leaves >= leaves[0] && tree.leaves <= leaves[1], `${tree.leaves} leaves, wanted ${leaves}`);
      assert(golden.depth >= depth[0] && golden.leaves <= leaves[1]);
      assert(Math.abs(gini(tree.nodes.value.subarray(0, classes)) - golden.root_gini) < 1e-14);
    }
  });
}

Deno.test("DecisionTree of depth 1 on the first hundred irises cuts petal length or width, into pure halves", async () => {
  const { x, y, features } = await readSet("iris");
  const golden = (await readJSON("forest.json")).stump_on_first_100_iris;
  const found = new Set<number>();
  for (let seed = 0; seed < 10; seed++) {
    const stump = DecisionTree.fit(x.subarray(0, 400), y.subarray(0, 100), { features, classes: 2, maxDepth: 1, seed });
    const { feature, threshold, value } = stump.nodes;
    assertEquals([...value], [50, 50, 50, 0, 0, 50]);
    assert(golden.possible_features.includes(feature[0]));
    if (feature[0] === golden.feature) assertStrictEquals(threshold[0], golden.threshold);
    found.add(feature[0]);
  }
  assertEquals(found.size, 2); // the two are equally good, so the seed decides
});
