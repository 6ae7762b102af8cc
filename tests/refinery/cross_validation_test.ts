/** Cross-validation as one object: who is held out, learned from and validated by, and over which folds forests judge. */
import { assert, assertEquals, assertNotEquals, assertStrictEquals } from "@std/assert";
import { type CorpusRecord, CrossValidation } from "../../refinery/cross_validation.ts";
import { PRESETS } from "../../refinery/presets.ts";
import type { Settings } from "../../refinery/settings.ts";

// 30 angry, 20 afraid, 13 neutral utterances, by five speakers in turn, of two segments each
const utterances = [30, 20, 13].flatMap((count, emotion) =>
  Array.from({ length: count }, (_, i) => ({ emotion, speaker: `s${i % 5}`, fold: String(i % 3) }))
).map((own, i) => ({ ...own, id: `u${i}`, firstSegment: 2 * i, segmentCount: 2 }));
const corpus: CorpusRecord = { emotions: ["anger", "fear", "neutral"], utterances };
const settings: Settings = { ...PRESETS.quick, folds: 4, validationShare: 0.1, forestFolds: "anew" };
const everyone = utterances.map((_, i) => i);
const sorted = (...parts: Iterable<number>[]) => parts.flatMap((part) => [...part]).sort((a, b) => a - b);

Deno.test("each utterance is held out once; of the others a few validate and the rest are for learning", () => {
  const cv = new CrossValidation(corpus, settings), folds = [0, 1, 2, 3];
  assertEquals(sorted(...folds.map((fold) => cv.heldOut(fold))), everyone);
  for (const fold of folds) {
    assertEquals(sorted(cv.heldOut(fold), cv.training(fold)), everyone);
    const { learning, validation } = cv.divide(fold);
    assertEquals(sorted(learning, validation), cv.training(fold));
    assert(validation.length > 0 && validation.length < 10, `${validation.length}`);
    const parts = cv.parts(fold, 4);
    assertEquals(sorted(parts.keys()), cv.training(fold));
    assertEquals(sorted(new Set(parts.values())), [0, 1, 2, 3]);
  }
  assertEquals(cv.folds, new CrossValidation(corpus, settings).folds);
  assertNotEquals(cv.folds, new CrossValidation(corpus, { ...settings, seed: 2 }).folds);
});

Deno.test("a cross-validation that holds out nothing learns from everything in its first fold", () => {
  const cv = CrossValidation.holdingNoneOut(corpus, settings);
  assertEquals([cv.heldOut(0), cv.training(0)], [[], everyone]);
});

Deno.test("forests are judged over the same folds or over ten new ones; official folds are never redrawn", () => {
  const anew = new CrossValidation(corpus, settings), own = anew.forForests();
  assertEquals(sorted(new Set(own.folds)), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  for (let fold = 0; fold < 10; fold++) {
    // each has its share of every emotion: 3 of 30, 2 of 20, 1 or 2 of 13
    const counts = [0, 1, 2].map((e) => own.heldOut(fold).filter((i) => utterances[i].emotion === e).length);
    assert(counts[0] === 3 && counts[1] === 2 && (counts[2] === 1 || counts[2] === 2), `${counts}`);
  }
  const five = new CrossValidation(corpus, { ...settings, split: "speaker" }).forForests();
  assertEquals(sorted(new Set(five.folds)), [0, 1, 2, 3, 4]); // no more than there are speakers
  for (const kept of [{ forestFolds: "same" }, { split: "official", folds: 3 }] as Partial<Settings>[]) {
    const cv = new CrossValidation(corpus, { ...settings, ...kept });
    assertStrictEquals(cv.forForests(), cv);
  }
});

Deno.test("unlearned() names an emotion whose utterances are all held out by one fold", () => {
  // s0 alone is afraid
  const lone = utterances.filter(({ emotion, speaker }) => emotion !== 1 || speaker === "s0");
  const own: Settings = { ...settings, folds: 5, split: "speaker", validationShare: 0 };
  const cv = new CrossValidation({ ...corpus, utterances: lone }, own);
  const only = cv.folds[lone.findIndex(({ emotion }) => emotion === 1)];
  for (let fold = 0; fold < 5; fold++) assertEquals(cv.unlearned(fold), fold === only ? [1] : []);
  const stratified = new CrossValidation({ ...corpus, utterances: lone }, { ...own, split: "utterance", folds: 4 });
  assertEquals([0, 1, 2, 3].map((fold) => stratified.unlearned(fold)), [[], [], [], []]);
});
