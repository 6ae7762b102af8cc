/** Why a forest decides as it does: computed by hand, and compared with its own probabilities. */
import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { frontEnd } from "../../dsp/settings.ts";
import { explainForest } from "../../forest/explain.ts";
import { RandomForest } from "../../forest/forest.ts";
import { Random } from "../../kernels/random.ts";
import { explain, statisticName } from "../../models/explain.ts";
import { profileStatistics } from "../../refinery/statistics.ts";
import { explanationJson, explanationText, stretchesToWeigh } from "../../report/explanation.ts";
import { stretchesOf } from "../../report/stretches.ts";

/** The example of chapter 6: numbers 0 to 3 are the statistics of anger, 4 to 7 of sadness. */
const trees = [
  { feature: [2, -1, -1], threshold: [0.4], leaves: [[1, 2], [0, 3]] },
  { feature: [4, -1, 3, -1, -1], threshold: [0.8, 0.5], leaves: [[0, 4], [1, 1], [0, 1, 1, 2]] },
  { feature: [5, -1, -1], threshold: [0.3], leaves: [[0, 2], [1, 3]] },
];
const forest = RandomForest.fromJSON({ format: "epr-forest", version: 1, features: 8, classes: 2, trees });
const profile = Float32Array.of(0.9, 0.1, 0.6, 0.4, 0.3, 0.7, 0.1, 0.9);
const emotions = ["anger", "sadness"];

const near = (a: number, b: number) => assert(Math.abs(a - b) < 1e-6, `${a}, expected ${b}`);

Deno.test("explainForest() gives the paths and votes computed by hand (the textbook's example)", () => {
  const { trees: paths, votes } = explainForest(forest, profileStatistics(profile, 2));
  const asked = paths.map(({ path }) =>
    path.map(({ feature, value, atMost }) => [statisticName(feature, emotions), Number(value.toFixed(3)), atMost])
  );
  assertEquals(asked, [
    [["mean anger", 0.475, false]],
    [["maximum sadness", 0.9, false], ["share above 0.2 of anger", 0.75, false]],
    [["minimum sadness", 0.1, true]],
  ]);
  assertEquals(paths.map(({ vote }) => [...vote]), [[1, 0], [1 / 3, 2 / 3], [1, 0]]);
  near(votes[0], 7 / 3);
  near(votes[1], 2 / 3);
  assertThrows(
    () => explainForest(forest, new Float32Array(7)),
    Error,
    "Expected one sample of 8 features, found 7 numbers",
  );
});

Deno.test("explain() leaves out each stretch and decides again, as computed by hand", () => {
  // 0.475 and the rest, of the chapter; a fifth segment has no speech and would change every statistic
  const prediction = {
    emotion: "anger",
    probability: 7 / 9,
    probabilities: Float64Array.of(7 / 9, 2 / 9),
    profile: Float32Array.of(...profile, 0, 1),
    speech: Uint8Array.of(1, 1, 1, 1, 0),
    segmentHop: 10,
    seconds: 0.8,
  };
  const model = { forest, description: { emotions, frontEnd } } as Parameters<typeof explain>[0];
  const stretches = stretchesOf(prediction, 0.8, model.description).filter(({ emotion }) => emotion !== undefined);
  const explanation = explain(model, prediction, stretches);
  // without 0.9 and 0.6: means 0.2 and 0.8, anger's share 0.5, sadness's minimum 0.7: all three trees decide for sadness.
  // without 0.3 and 0.1: mean anger 0.75, maximum of sadness 0.4, its minimum 0.1: all decide for anger
  assertEquals(explanation.stretches, [
    { firstSegment: 0, segmentCount: 2, without: 0 },
    { firstSegment: 2, segmentCount: 2, without: 1 },
  ]);
  const moments = explanation.moments;
  assertEquals([moments.maximum, moments.minimum], [[0, 0.3], [0.3, 0]]);
  const text = explanationText({ explanation, stretches, emotion: "anger", probability: 7 / 9 }, emotions);
  for (
    const line of [
      /^anger {4}0\.900 at 0\.00 s {2}0\.100 at 0\.30 s {2}0\.475 {5}75\.0 % {2}2\.333333$/m,
      /^0\.00 to 0\.32 s +anger +75\.0 % +0\.0 % +-77\.8$/m,
      /^ {2}tree 2: anger 0\.333333, sadness 0\.666667 since maximum sadness 0\.900 > 0\.800, share above 0\.2 of anger 0\.750 > 0\.500$/m,
      /^ {2}mean anger \(1 tree\), minimum sadness \(1 tree\)$/m,
    ]
  ) {
    assertMatch(text, line);
  }
  // a stretch that is all there is can't be taken out
  const alone = explain(model, { ...prediction, speech: Uint8Array.of(1, 1, 0, 0, 0) }, [{
    firstSegment: 0,
    segmentCount: 2,
  }]);
  assertEquals(alone.stretches, [{ firstSegment: 0, segmentCount: 2 }]);
  const json = explanationJson({ explanation, stretches, emotion: "anger", probability: 7 / 9 }, emotions);
  assertEquals(Object.keys(json), ["statistics", "votes", "stretches", "trees"]);
});

Deno.test("of many stretches the longest with speech are weighed, in temporal order", () => {
  const many = Array.from({ length: 50 }, (_, i) => ({
    start: i,
    end: i + 1,
    firstSegment: 10 * i,
    segmentCount: i === 3 ? 40 : i % 7,
    ...(i % 2 === 1 && { emotion: "anger", probability: 0.5 }),
  }));
  const chosen = stretchesToWeigh(many), starts = chosen.map(({ start }) => start);
  assertEquals(chosen.length, 20);
  assertEquals(starts, [...starts].sort((a, b) => a - b));
  assert(starts.includes(3) && chosen.every(({ emotion, segmentCount }) => emotion === "anger" && segmentCount > 0));
});

Deno.test("a forest's votes divided by its trees are its probabilities, and each path ends at its leaf", () => {
  const random = new Random(3), n = 200, features = 6, classes = 3;
  const x = Float32Array.from({ length: n * features }, () => random.normal());
  const y = Uint8Array.from({ length: n }, (_, i) => x[features * i] > 0.5 ? 2 : x[features * i + 1] > 0 ? 1 : 0);
  for (const maxDepth of [Infinity, 2]) { // grown out, and with leaves that are mixed
    const grown = RandomForest.fit(x, y, { features, classes, trees: 25, maxDepth, seed: 4 });
    for (let i = 0; i < 20; i++) {
      const sample = Float32Array.from({ length: features }, () => random.normal());
      const { votes, trees } = explainForest(grown, sample), wanted = grown.predictProbabilities(sample);
      votes.forEach((vote, c) => near(vote / trees.length, wanted[c]));
      for (const { path } of trees) {
        assert(path.length <= maxDepth);
        for (const { feature, value, threshold, atMost } of path) {
          assertEquals([value, atMost], [sample[feature], sample[feature] <= threshold]);
        }
      }
    }
  }
});
