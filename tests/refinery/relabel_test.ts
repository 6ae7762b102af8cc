/** The four relabellings against the paper's own example and hand-made rows. */
import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import {
  argmax,
  meanEntropy,
  meanRow,
  pseudoLabels,
  refineLabels,
  smooth,
  temper,
  type UtteranceLabel,
} from "../../refinery/relabel.ts";
import { METHODS } from "../../refinery/choices.ts";

const utterances: UtteranceLabel[] = [
  { firstSegment: 0, segmentCount: 2, emotion: 0 },
  { firstSegment: 3, segmentCount: 1, emotion: 2 }, // segment 2 is of a held-out utterance
];
const profiles = Float32Array.from([
  ...[0.6, 0.1, 0.1, 0.2],
  ...[0.2, 0.5, 0.2, 0.1],
  ...[0.7, 0.1, 0.1, 0.1],
  ...[0.25, 0.25, 0.25, 0.25],
]);
const rows = (values: Float32Array) =>
  Array.from({ length: 4 }, (_, s) => [...values.subarray(4 * s, 4 * s + 4)].map((v) => +v.toFixed(5)));

Deno.test("pseudoLabels() gives every segment its utterance's emotion", () => {
  assertEquals(rows(pseudoLabels(utterances, 4, 4)), [[1, 0, 0, 0], [1, 0, 0, 0], [0, 0, 0, 0], [0, 0, 1, 0]]);
});

Deno.test("pEPR averages profile and one-hot label: the paper's example of section 4.4", () => {
  const [first, second] = rows(refineLabels("pEPR", profiles, utterances, 4));
  assertEquals(first, [0.8, 0.05, 0.05, 0.1]); // the paper's [0.6, 0.1, 0.1, 0.2] with [1, 0, 0, 0]
  assertEquals(second, [0.6, 0.25, 0.1, 0.05]);
});

Deno.test("uniform, the control, is half the one-hot label and half the uniform distribution", () => {
  const [first, second, , last] = rows(refineLabels("uniform", profiles, utterances, 4));
  assertEquals([first, second, last], [[0.625, 0.125, 0.125, 0.125], [0.625, 0.125, 0.125, 0.125], [
    0.125,
    0.125,
    0.625,
    0.125,
  ]]);
});

Deno.test("temper() equals a softmax of divided logits, smooth() spreads a share", () => {
  const logits = [1, -2, 0.5, 3, 0, 0, 2, -1],
    softmax = (t: number) =>
      [0, 4].flatMap((at) => {
        const powers = logits.slice(at, at + 4).map((z) => Math.exp(z / t)), sum = powers.reduce((a, b) => a + b);
        return powers.map((power) => power / sum);
      });
  const p = Float32Array.from(softmax(1));
  for (const t of [0.5, 2, 3]) {
    temper(p, 4, t).forEach((value, i) => assert(Math.abs(value - softmax(t)[i]) < 1e-6));
  }
  assertStrictEquals(temper(p, 4, 1), p);
  assertEquals([...smooth(Float32Array.of(1, 0, 0, 0), 4, 0.2)].map((v) => +v.toFixed(5)), [
    0.85,
    0.05,
    0.05,
    0.05,
  ]);
});

Deno.test("sEPR, hard-dynamic and soft-static are p, its argmax, and its mean over the utterance", () => {
  assertEquals(rows(refineLabels("sEPR", profiles, utterances, 4)).slice(0, 2), [[0.6, 0.1, 0.1, 0.2], [
    0.2,
    0.5,
    0.2,
    0.1,
  ]]);
  const hard = rows(refineLabels("hard-dynamic", profiles, utterances, 4));
  assertEquals([hard[0], hard[1], hard[3]], [[1, 0, 0, 0], [0, 1, 0, 0], [1, 0, 0, 0]]); // the first of equals
  const fixed = rows(refineLabels("soft-static", profiles, utterances, 4));
  assertEquals([fixed[0], fixed[1]], [[0.4, 0.3, 0.15, 0.15], [0.4, 0.3, 0.15, 0.15]]);
});

Deno.test("no method labels a segment of an utterance outside its input, and every label is a distribution", () => {
  for (const method of METHODS) {
    const labels = rows(refineLabels(method, profiles, utterances, 4));
    assertEquals(labels[2], [0, 0, 0, 0], method);
    for (const s of [0, 1, 3]) assert(Math.abs(labels[s].reduce((a, b) => a + b) - 1) < 1e-4, method);
  }
});

Deno.test("meanEntropy() is 0 for one-hot rows and log K for flat ones", () => {
  assertEquals(meanEntropy(pseudoLabels(utterances, 4, 4), [0, 1, 3], 4), 0);
  assert(Math.abs(meanEntropy(profiles, [3], 4) - Math.log(4)) < 1e-12);
});

Deno.test("argmax() takes the first of equals; meanRow() averages rows", () => {
  assertEquals(argmax([1, 3, 3]), 1);
  assertEquals([...meanRow(Float32Array.from([1, 2, 3, 4, 100, 100]), 0, 2, 2)], [2, 3]);
});

Deno.test("pseudoLabels() gives the listeners' votes where that is known, and pEPR halves it with the profile", () => {
  const voted = [
    { firstSegment: 0, segmentCount: 2, emotion: 1, votes: [0.1, 0.6, 0.3] },
    { firstSegment: 2, segmentCount: 1, emotion: 2 },
  ];
  const close = (actual: Float32Array, expected: number[]) => {
    assertEquals(actual.length, expected.length);
    actual.forEach((value, i) => assert(Math.abs(value - expected[i]) <= 1e-6, `${i}: ${value} for ${expected[i]}`));
  };
  close(pseudoLabels(voted, 3, 3), [0.1, 0.6, 0.3, 0.1, 0.6, 0.3, 0, 0, 1]);
  const profiles = Float32Array.of(0.5, 0.5, 0, 0, 0, 1, 0.2, 0.2, 0.6);
  close(refineLabels("pEPR", profiles, voted, 3), [0.3, 0.55, 0.15, 0.05, 0.3, 0.65, 0.1, 0.1, 0.8]);
  const third = 1 / 6;
  close(
    refineLabels("uniform", profiles, voted, 3),
    [third + 0.05, third + 0.3, third + 0.15, third + 0.05, third + 0.3, third + 0.15, third, third, third + 0.5],
  );
});
