/** A program that leaves its pool open, for the test that it ends anyway. */
import { ForestPool } from "../../forest/parallel.ts";

const pool = new ForestPool({ threads: 2 });
const { trees } = await pool.fit(new Float32Array([1, 2, 3, 4]), new Uint8Array([0, 0, 1, 1]), {
  features: 1,
  classes: 2,
});
console.log(`${trees.length} trees`);
