/** The forest compared with scikit-learn's on the digits: a hundred fits of 100 trees, in a separate file. */

import { assert } from "@std/assert";
import { accuracies } from "./same_folds.ts";

Deno.test("RandomForest judges digits as well as scikit-learn's on the same ten folds, mean of ten seeds, within 0.006", async () => {
  const { accuracy, wanted } = await accuracies("digits", 10);
  assert(Math.abs(accuracy - wanted) <= 0.006, `digits: accuracy ${accuracy}, scikit-learn's ${wanted}`);
});
