/** Packed forests: the bytes that the format says, no other decision on float32 values, damage by its place. */
import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { RandomForest } from "../../forest/forest.ts";
import { packForest, unpackForest } from "../../forest/packed.ts";
import { Random } from "../../kernels/random.ts";

const small = { format: "epr-forest", version: 1, features: 300, classes: 3 } as const;
const tree = {
  feature: [299, -1, 0, -1, -1],
  threshold: [0.1, 0.5],
  leaves: [[0, 1], [1, 300, 2, 7], [2, 2 ** 31 - 1]],
};

Deno.test("a packed tree is the bytes that the format says", () => {
  const { version, trees: [packed] } = packForest({ ...small, trees: [tree] });
  assertEquals(version, 2);
  const bytes = (text: string) => [...Uint8Array.fromBase64(text)];
  assertEquals(bytes(packed.feature), [0b10101100, 0b10, 0, 1, 0, 0]); // 300 = 0b10_0101100
  // 0.1 lies between the float32 0x3dcccccc and 0x3dcccccd: the lower is not above it
  assertEquals(bytes(packed.threshold), [0xcc, 0xcc, 0xcc, 0x3d, 0, 0, 0, 0x3f]);
  assertEquals(bytes(packed.leaves), [1, 0, 1, 2, 1, 0b10101100, 0b10, 2, 7, 1, 2, 255, 255, 255, 255, 7]);
});

Deno.test("a packed forest is read with the same nodes and counts", () => {
  const again = RandomForest.fromJSON(unpackForest(packForest({ ...small, trees: [tree, tree] }))).toJSON();
  const threshold = [0.0999999940395355224609375, 0.5]; // the float32 0x3dcccccc
  assertEquals(again, { ...small, trees: [{ ...tree, threshold }, { ...tree, threshold }] });
});

Deno.test("a packed forest decides on float32 values as before, also right beside its thresholds", () => {
  const random = new Random(5), rows = 200, features = 6;
  const x = Float32Array.from({ length: rows * features }, () => random.uniform() ** 4 - 0.1);
  const labels = Uint8Array.from({ length: rows }, (_, i) => x[i * features] + x[i * features + 1] > 0.2 ? 1 : 0);
  const forest = RandomForest.fit(x, labels, { features, classes: 2, trees: 20, seed: 1 });
  const json = forest.toJSON(), packed = packForest(json), again = RandomForest.fromJSON(unpackForest(packed));
  assert(JSON.stringify(packed).length < 0.5 * JSON.stringify(json).length);
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

Deno.test("the damaged part of a packed forest is named", () => {
  const base64 = (...bytes: number[]) => Uint8Array.from(bytes).toBase64();
  const cases: [Record<string, unknown>, RegExp][] = [
    [{ feature: "a~b" }, /^trees\[0\]\.feature: expected base64, found "a~b"$/],
    [{ leaves: [[0, 1]] }, /^trees\[0\]\.leaves: expected base64, found \[\[0,1\]\]$/],
    [{ threshold: undefined }, /^trees\[0\]\.threshold: expected base64, found nothing$/],
    [{ threshold: base64(1, 2, 3) }, /^trees\[0\]\.threshold: expected four bytes a number, found 3 bytes$/],
    [{ threshold: base64(0, 0, 128, 127, 0, 0, 0, 0) }, /^trees\[0\]\.threshold\[0\]: expected a number, found null$/],
    [{ threshold: base64(0, 0, 0, 0) }, /^trees\[0\]\.threshold: expected 2 entries, found 1$/],
    [{ feature: base64(0, 255) }, /^trees\[0\]\.feature: expected whole numbers, found one that is cut off$/],
    [{ feature: base64(255, 255, 255, 255, 255, 1) }, /^trees\[0\]\.feature\[0\]: expected five bytes, found more$/],
    [
      { feature: base64(173, 2, 0, 1, 0, 0) },
      /^trees\[0\]\.feature\[0\]: expected a whole number from -1 to 299, found 300$/,
    ],
    [{ leaves: base64(4, 0, 1, 1, 1, 2, 1, 0, 1) }, /^trees\[0\]\.leaves\[0\]: expected at most 3 classes, found 4$/],
    [
      { leaves: base64(1, 0, 1, 2, 1) },
      /^trees\[0\]\.leaves\[1\]: expected two numbers for each class, found the end$/,
    ],
    [
      { leaves: base64(1, 0, 1) },
      /^trees\[0\]: expected one leaf more than nodes that split, found 2 .* and 1 leaves$/,
    ],
  ];
  for (const [change, message] of cases) {
    const json = packForest({ ...small, trees: [tree] });
    const error = assertThrows(
      () => RandomForest.fromJSON(unpackForest({ ...json, trees: [{ ...json.trees[0], ...change }] })),
      Error,
    );
    assertMatch(error.message, message);
  }
});
