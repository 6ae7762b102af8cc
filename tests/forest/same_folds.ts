/** The forest's accuracy on the same folds as scikit-learn's, for the tests. */

import { RandomForest } from "../../forest/forest.ts";
import { readGolden } from "../golden.ts";

/** A JSON file of tests/golden. */
export const readJSON = async (name: string) =>
  JSON.parse(await Deno.readTextFile(new URL(`../golden/${name}`, import.meta.url)));

/** One of scikit-learn's bundled data sets: x [n, features], y [n]. */
export async function readSet(name: string): Promise<{ x: Float32Array; y: Int32Array; features: number }> {
  const golden = await readGolden("forest_data.safetensors");
  const { data: x, shape } = golden[`${name}.x`], y = golden[`${name}.y`].data;
  return { x: x as Float32Array, y: y as Int32Array, features: shape[1] };
}

/** Mean over seeds 0 to 9 of the ten-fold accuracy of forests of 100 trees, and scikit-learn's. */
export async function accuracies(name: string, classes: number): Promise<{ accuracy: number; wanted: number }> {
  const { x, y, features } = await readSet(name);
  const allFolds: string[] = (await readJSON("tree_splits.json")).folds[name];
  let right = 0;
  for (let seed = 0; seed < 10; seed++) {
    const folds = Array.from(allFolds[seed], Number);
    for (let fold = 0; fold < 10; fold++) {
      const train = selectRows(x, y, (row) => folds[row] !== fold);
      const test = selectRows(x, y, (row) => folds[row] === fold);
      const forest = RandomForest.fit(train.x, train.y, { features, classes, seed });
      forest.predict(test.x).forEach((label, row) => right += label === test.y[row] ? 1 : 0);
    }
  }
  const wanted = (await readJSON("forest.json"))[name].forest_10_fold_accuracy.mean;
  return { accuracy: right / (10 * y.length), wanted };
}

/** The rows, and their labels, where `wanted` is true. */
function selectRows(
  x: Float32Array,
  y: Int32Array,
  wanted: (row: number) => boolean,
): { x: Float32Array; y: Int32Array } {
  const features = x.length / y.length, rows = Array.from(y.keys()).filter(wanted);
  const selected = new Float32Array(rows.length * features);
  rows.forEach((row, at) => selected.set(x.subarray(row * features, (row + 1) * features), at * features));
  return { x: selected, y: Int32Array.from(rows, (row) => y[row]) };
}
