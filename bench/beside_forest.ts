/** The forest and scikit-learn's forest in turn: 100 trees on a table of the size of scikit-learn's digits. */
import { ForestPool } from "../forest/parallel.ts";
import { duration } from "../lab/show.ts";
import { spread } from "../lab/timing.ts";
import { digitsLike } from "./forest.ts";
import type { Rival } from "./rival.ts";

/** Returns a sentence with both medians and their ratio, or the reason why there is none. */
export async function compareForests(python: Rival, threads: number, rounds: number): Promise<string> {
  const { x, y, features, classes } = digitsLike();
  const table = Array.from(y, (_, i) => Array.from(x.subarray(i * features, (i + 1) * features)));
  const pool = new ForestPool({ threads });
  try {
    const ours: number[] = [], theirs: number[] = [];
    const fit = (seed: number) => pool.fit(x, y, { features, classes, seed });
    for (let seed = 0; seed < 5; seed++) await fit(seed); // warm-up
    for (let round = 0; round < rounds; round++) {
      for (let seed = 0; seed < 3; seed++) {
        const start = performance.now();
        await fit(seed);
        ours.push((performance.now() - start) / 1000);
      }
      const answer = await python.forest({ x: table, y: Array.from(y), threads });
      if (answer.missing) return `forest: scikit-learn is missing (${answer.missing})`;
      theirs.push(...answer.seconds!);
    }
    const [a, b] = [spread(ours), spread(theirs)];
    return `forest of 100 trees on ${y.length} x ${features}, ${threads} threads, warm: EPR ${duration(a.median)}, ` +
      `scikit-learn ${duration(b.median)} (${a.count} and ${b.count} samples): ` +
      `scikit-learn's time is ${(b.median / a.median).toFixed(2)} of EPR's`;
  } finally {
    await pool.close();
  }
}
