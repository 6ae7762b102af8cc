/**
 * The random forest: fit and predict, on a table as large as scikit-learn's digits (1,797 x 64, ten classes, whole numbers 0
 * to 16) and about as hard: each class has a prototype, a sample is a noisy one.
 */
import { RandomForest } from "../forest/mod.ts";
import { noise } from "./kernels.ts";
import type { TaskRow } from "./results.ts";
import { type Budget, timeAlone } from "./timing.ts";

/** A table to learn from. */
export interface Table {
  /** [n, features] */
  x: Float32Array;
  /** [n] */
  y: Int32Array;
  features: number;
  classes: number;
}

/** The table: n samples of ten classes. */
export function digitsLike(n = 1797): Table {
  const features = 64, classes = 10;
  const prototypes = noise(classes * features, 3), jitter = noise(n * features, 5);
  const y = Int32Array.from({ length: n }, (_, i) => i % classes);
  const x = Float32Array.from(jitter, (value, at) => {
    const prototype = prototypes[y[Math.floor(at / features)] * features + at % features];
    return Math.round(Math.min(16, Math.max(0, 8 + 8 * prototype + 10 * value)));
  });
  return { x, y, features, classes };
}

/** Times fit and predict of so many trees. */
export async function benchForest(budget: Budget, quick: boolean): Promise<TaskRow[]> {
  const { x, y, features, classes } = digitsLike(quick ? 200 : undefined);
  const trees = quick ? 5 : 100, options = { features, classes, trees };
  const shape = `${y.length} x ${features}, ${trees} trees`;
  let forest = RandomForest.fit(x, y, options); // warms up
  let seed = 0;
  const fit = await timeAlone(() => forest = RandomForest.fit(x, y, { ...options, seed: ++seed }), budget);
  const predict = await timeAlone(() => forest.predict(x), budget);
  return [
    { name: "forest fit", shape: `${shape}, 1 thread`, seconds: fit, rate: trees / fit.median, unit: "trees/s" },
    { name: "forest predict", shape, seconds: predict, rate: y.length / predict.median, unit: "samples/s" },
  ];
}
