/** Statistics, metrics and the judge, against scikit-learn's figures and profiles made by hand. */
import { assert, assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import type { Features } from "../../corpora/features.ts";
import { Random } from "../../kernels/random.ts";
import { CrossValidation } from "../../refinery/cross_validation.ts";
import { judge } from "../../refinery/judge.ts";
import { confusionMatrix, unweightedAccuracy, weightedAccuracy } from "../../refinery/metrics.ts";
import type { FoldResult } from "../../refinery/results.ts";
import { segmentsOf } from "../../refinery/segment_dataset.ts";
import { PRESETS } from "../../refinery/presets.ts";
import { profileStatistics } from "../../refinery/statistics.ts";

Deno.test("confusion matrix, WA and UA are scikit-learn's", async () => {
  const { metrics } = JSON.parse(await Deno.readTextFile(new URL("../golden/forest.json", import.meta.url)));
  const confusion = confusionMatrix(metrics.truth, metrics.prediction, 7);
  assertEquals(confusion, metrics.confusion_rows_true);
  assert(Math.abs(weightedAccuracy(confusion) - metrics.weighted_accuracy) < 1e-12);
  assert(Math.abs(unweightedAccuracy(confusion) - metrics.unweighted_accuracy) < 1e-12);
});

Deno.test("unweightedAccuracy() leaves out an emotion that never occurs", () => {
  assertEquals(unweightedAccuracy([[3, 1, 0], [0, 0, 0], [0, 0, 2]]), (0.75 + 1) / 2);
});

Deno.test("profileStatistics() are maximum, minimum, mean and the share above 0.2, emotion by emotion", () => {
  const profile = Float32Array.from([0.9, 0.1, 0.3, 0.7, 0.15, 0.85, 0.25, 0.75]); // four segments, two emotions
  const expected = [0.9, 0.15, 0.4, 0.75, 0.85, 0.1, 0.6, 0.75];
  profileStatistics(profile, 2).forEach((value, i) => assert(Math.abs(value - expected[i]) < 1e-6, `${i}: ${value}`));
});

/** 40 utterances of 3 segments in two emotions; no frames are needed to judge. */
function makeFeatures(): Features {
  const utterances = Array.from({ length: 40 }, (_, i) => ({
    id: `u${i}`,
    emotion: i % 2,
    speaker: "s",
    text: "t",
    digest: "",
    seconds: 1,
    firstFrame: 0,
    frameCount: 34,
    firstSegment: 3 * i,
    segmentCount: 3,
  }));
  return {
    emotions: ["anger", "neutral"],
    frames: new Float32Array(0),
    utterances,
    segmentHop: 1,
    segmentFrames: 32,
    padded: 0,
    seconds: 40,
    skipped: [],
    segmentStart: new Int32Array(120),
    segmentUtterance: Int32Array.from({ length: 120 }, (_, s) => Math.floor(s / 3)),
    segmentTruth: Uint8Array.from({ length: 120 }, (_, s) => s % 3 === 0 ? 1 : Math.floor(s / 3) % 2), // begins neutral
  };
}

/** Fold results whose profiles `p(segment)` gives: the probability of anger. */
function foldsOf(features: Features, folds: Int32Array, p: (segment: number) => number): FoldResult[] {
  return [...new Set(folds)].map((fold) => {
    const heldOut = features.utterances.flatMap((_, i) => folds[i] === fold ? [i] : []);
    const profiles = Float32Array.from([...segmentsOf(features, heldOut)].flatMap((s) => [p(s), 1 - p(s)]));
    return { fold, stages: [{ stage: 0, profiles, epochs: [], bestEpoch: 0, labelEntropy: fold, labelError: 0.5 }] };
  });
}

const settings = { ...PRESETS.quick, folds: 4, stages: 1, trees: 30, seed: 1 };

Deno.test("judge() is right if the profiles are, and compares segments with the utterance's label and with the truth", () => {
  const features = makeFeatures(), cv = new CrossValidation(features, settings), { folds } = cv;
  const truth = features.segmentTruth!;
  const { stages: [stage], profiles, decisions } = judge(
    cv,
    foldsOf(features, folds, (s) => truth[s] === 0 ? 0.9 : 0.2),
  );
  assertEquals([...decisions[0]], features.utterances.map((u) => u.emotion));
  assertEquals(stage.confusion, [[20, 0], [0, 20]]);
  assertEquals(stage.meanVoteAccuracy, 1); // angry: one of three segments neutral
  assertEquals(stage.trueSegmentAccuracy, 1);
  assert(Math.abs(stage.segmentAccuracy - 100 / 120) < 1e-12);
  assertEquals(stage.labelEntropy, 1.5); // mean over folds 0..3
  truth.forEach((emotion, s) => assertStrictEquals(profiles[0][2 * s] > 0.5, emotion === 0)); // back in the corpus's order
});

Deno.test("judge() is at chance if profiles carry no information, so its forest has not learned the utterance it judges", () => {
  const features = makeFeatures(), cv = new CrossValidation(features, settings), { folds } = cv;
  const random = new Random(5), noise = Array.from({ length: 120 }, () => random.uniform());
  for (const forestFolds of ["same", "anew"] as const) {
    const { stages } = judge(
      new CrossValidation(features, { ...settings, forestFolds }, folds),
      foldsOf(features, folds, (s) => noise[s]),
    );
    const wa = stages[0].weightedAccuracy;
    assert(wa > 0.2 && wa < 0.8, `${forestFolds}: ${wa}`); // 0.5 +- 4 sigma; 1.0 if it had seen its test rows
  }
});

Deno.test("judge() names a missing fold", () => {
  const features = makeFeatures(), cv = new CrossValidation(features, settings), { folds } = cv;
  const results = foldsOf(features, folds, () => 0.5).filter(({ fold }) => fold !== 2);
  assertThrows(() => judge(cv, results), Error, "Fold 3, stage 1 is missing");
});
