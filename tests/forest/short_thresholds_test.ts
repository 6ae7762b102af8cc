/** Short thresholds: as few digits as possible, and no decision on float32 values changes. */
import { assert, assertEquals } from "@std/assert";
import { RandomForest } from "../../forest/forest.ts";
import { shortThresholds } from "../../forest/short_thresholds.ts";
import { Random } from "../../kernels/random.ts";

const shorten = (threshold: number[]) => {
  const tree = { feature: threshold.map(() => 0), threshold, leaves: [] };
  return shortThresholds({ format: "epr-forest", version: 1, features: 1, classes: 2, trees: [tree] }).trees[0]
    .threshold;
};

Deno.test("a threshold between two float32 values becomes the shortest decimal between them", () => {
  // neighbours of 0.1 in float32 are 7.45e-9 apart
  const [below, above] = [Math.fround(0.1), Math.fround(0.1) + 2 ** -27];
  const [short] = shorten([(below + above) / 2]);
  assert(short >= below && short < above && String(short).length <= 11, String(short));
  assertEquals(shorten([0.5, 0, -0.25, 1e-40, 12345]), [0.5, 0, -0.25, 1e-40, 12345]);
});

Deno.test("a forest in short thresholds decides on float32 values as before, also right beside its thresholds", () => {
  const random = new Random(5), rows = 200, features = 6;
  const x = Float32Array.from({ length: rows * features }, () => random.uniform() ** 4 - 0.1);
  const labels = Uint8Array.from({ length: rows }, (_, i) => x[i * features] + x[i * features + 1] > 0.2 ? 1 : 0);
  const forest = RandomForest.fit(x, labels, { features, classes: 2, trees: 20, seed: 1 });
  const json = forest.toJSON(), short = shortThresholds(json), again = RandomForest.fromJSON(short);
  assert(JSON.stringify(short).length < 0.85 * JSON.stringify(json).length);
  const edges = json.trees.flatMap(({ threshold }) => threshold);
  const beside = Float32Array.from({ length: 600 * features }, (_, i) => {
    const edge = edges[i % edges.length], step = Math.abs(edge) * 2 ** -24;
    return edge + (i % 3 - 1) * step; // rounded to the float32 below, at, or above it
  });
  for (const values of [x, beside]) {
    for (let row = 0; row < values.length; row += features) {
      const own = values.subarray(row, row + features);
      assertEquals(again.predictProbabilities(own), forest.predictProbabilities(own));
    }
  }
});
