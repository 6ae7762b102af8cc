/**
 * The random forest: fit and predict, on a table as large as scikit-learn's digits (1,797 x 64, ten classes, whole numbers 0
 * to 16) and about as difficult: each class has a prototype, and a sample is a noisy copy of it.
 */
import { RandomForest } from "../forest/forest.ts";
import { ForestPool } from "../forest/parallel.ts";
import { noise } from "../lab/kernels.ts";
import type { TaskRow } from "../lab/results.ts";
import { type Budget, type Spread, timeAlone } from "../lab/timing.ts";

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

/** Times fitting and prediction of a hundred trees. */
export async function benchForest(budget: Budget, quick: boolean, threads?: number): Promise<TaskRow[]> {
  const { x, y, features, classes } = digitsLike(quick ? 200 : undefined);
  const trees = quick ? 5 : 100, options = { features, classes, trees };
  const shape = `${y.length} x ${features}, ${trees} trees`;
  const row = (name: string, on: string, seconds: Spread, done: number, unit: string): TaskRow => //
  ({ name, shape: on, seconds, rate: done / seconds.median, unit });

  let forest = RandomForest.fit(x, y, options); // warm-up
  let seed = 0;
  const alone = await timeAlone(() => forest = RandomForest.fit(x, y, { ...options, seed: ++seed }), budget);
  const count = threads ?? navigator.hardwareConcurrency, pool = new ForestPool({ threads: count });
  try {
    for (let i = 0; i < (quick ? 1 : 5); i++) await pool.fit(x, y, { ...options, seed: ++seed });
    const together = await timeAlone(() => pool.fit(x, y, { ...options, seed: ++seed }), budget);
    const predict = await timeAlone(() => forest.predict(x), budget);
    return [
      row("forest fit", `${shape}, this thread`, alone, trees, "trees/s"),
      row("forest fit", `${shape}, ${count} warm threads`, together, trees, "trees/s"),
      row("forest predict", shape, predict, y.length, "samples/s"),
    ];
  } finally {
    await pool.close();
  }
}
