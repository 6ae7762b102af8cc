/** Folds and validation sets: stratified, disjoint, drawn by the seed, whole speakers where that is asked for. */
import { assert, assertEquals, assertMatch, assertNotEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { assignFolds, drawValidation } from "../../refinery/mod.ts";

const EMOTIONS = ["anger", "fear", "neutral"];
// 30 angry, 20 afraid, 13 neutral utterances, by five speakers in turn
const utterances = [30, 20, 13].flatMap((count, emotion) =>
  Array.from({ length: count }, (_, i) => ({ emotion, speaker: `s${i % 5}` }))
);
const settings = { folds: 4, split: "utterance", seed: 1, validationShare: 0.1 } as const;
const count = <T>(items: Iterable<T>) => [...Map.groupBy(items, (x) => x).values()].map((group) => group.length);

Deno.test("assignFolds() deals each emotion evenly, to one utterance, and the whole as well", () => {
  const folds = assignFolds(utterances, EMOTIONS, settings);
  for (const [k] of EMOTIONS.entries()) {
    const sizes = count(folds.filter((_, i) => utterances[i].emotion === k));
    assertEquals(sizes.length, 4);
    assert(Math.max(...sizes) - Math.min(...sizes) <= 1, `${EMOTIONS[k]}: ${sizes}`);
  }
  const all = count(folds);
  assert(Math.max(...all) - Math.min(...all) <= 1);
});

Deno.test("assignFolds() draws by the seed, and anew by the draw", () => {
  const [first, again, other, anew] = [
    assignFolds(utterances, EMOTIONS, settings),
    assignFolds(utterances, EMOTIONS, settings),
    assignFolds(utterances, EMOTIONS, { ...settings, seed: 2 }),
    assignFolds(utterances, EMOTIONS, settings, 1),
  ];
  assertEquals(first, again);
  assertNotEquals(first, other);
  assertNotEquals(first, anew);
});

Deno.test("assignFolds() keeps a speaker's utterances together under split 'speaker'", () => {
  const folds = assignFolds(utterances, EMOTIONS, { ...settings, split: "speaker" });
  const bySpeaker = Map.groupBy(folds.keys(), (i) => utterances[i].speaker);
  for (const own of bySpeaker.values()) assertEquals(new Set(own.map((i) => folds[i])).size, 1);
  assertEquals(new Set(folds).size, 4);
});

Deno.test("assignFolds() says how many folds there can be", () => {
  assertMatch(
    assertThrows(() => assignFolds(utterances, EMOTIONS, { ...settings, folds: 14 }), Error).message,
    /'neutral', found 13.*at most --folds 13/,
  );
  assertThrows(
    () => assignFolds(utterances, EMOTIONS, { ...settings, folds: 6, split: "speaker" }),
    Error,
    "there are 5 speakers",
  );
  assertThrows(() => assignFolds(utterances, EMOTIONS, { ...settings, folds: 1 }), Error, "2 or more; found 1");
});

Deno.test("drawValidation() takes a tenth of each emotion from the training utterances, and no other", () => {
  const training = utterances.flatMap((_, i) => i % 4 === 0 ? [] : [i]);
  const { learning, validation } = drawValidation(utterances, training, settings, 0);
  assertEquals([...learning, ...validation].sort((a, b) => a - b), training);
  for (const [k] of EMOTIONS.entries()) {
    const of = (indices: number[]) => indices.filter((i) => utterances[i].emotion === k).length;
    assertStrictEquals(of(validation), Math.max(1, Math.round(0.1 * of(training))));
  }
  assertNotEquals(drawValidation(utterances, training, settings, 1).validation, validation);
});

Deno.test("drawValidation() takes whole speakers under split 'speaker', where there are enough", () => {
  const everyone = utterances.map((_, i) => i);
  const { learning, validation } = drawValidation(utterances, everyone, { ...settings, split: "speaker" }, 0);
  const speakers = (indices: number[]) => new Set(indices.map((i) => utterances[i].speaker));
  assertEquals(speakers(validation).size, 1);
  assert(speakers(learning).isDisjointFrom(speakers(validation)));
  const three = everyone.filter((i) => ["s0", "s1", "s2"].includes(utterances[i].speaker)); // too few to lose one
  assertEquals(speakers(drawValidation(utterances, three, { ...settings, split: "speaker" }, 0).learning).size, 3);
});
