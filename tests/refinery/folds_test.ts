/** Folds and validation sets: stratified, disjoint, drawn by the seed, whole speakers where that is asked for. */
import { assert, assertEquals, assertNotEquals, assertStrictEquals } from "@std/assert";
import { assignFolds, countGroups, drawValidation } from "../../refinery/folds.ts";
import type { Split } from "../../refinery/choices.ts";
import { assertOptionError } from "../option_errors.ts";

const EMOTIONS = ["anger", "fear", "neutral"];
// 30 angry, 20 afraid, 13 neutral utterances, by five speakers in turn
const utterances = [30, 20, 13].flatMap((count, emotion) =>
  Array.from({ length: count }, (_, i) => ({ emotion, speaker: `s${i % 5}` }))
);
const settings = { folds: 4, split: "utterance", seed: 1, validationShare: 0.1 } as const;
const count = <T>(items: Iterable<T>) => [...Map.groupBy(items, (x) => x).values()].map((group) => group.length);

Deno.test("assignFolds() spreads each emotion and all utterances evenly, to one utterance", () => {
  const folds = assignFolds(utterances, EMOTIONS, settings);
  for (const [k] of EMOTIONS.entries()) {
    const sizes = count(folds.filter((_, i) => utterances[i].emotion === k));
    assertEquals(sizes.length, 4);
    assert(Math.max(...sizes) - Math.min(...sizes) <= 1, `${EMOTIONS[k]}: ${sizes}`);
  }
  const all = count(folds);
  assert(Math.max(...all) - Math.min(...all) <= 1);
});

Deno.test("assignFolds() depends on the seed and on the draw", () => {
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

Deno.test("assignFolds() reports how many folds are possible", async () => {
  const draw = (own: { folds: number; split?: Split }) => () =>
    assignFolds(utterances, EMOTIONS, { ...settings, ...own });
  await assertOptionError(draw({ folds: 14 }), "folds", /'neutral' for each of 14, found 13; at most `folds: 13`/);
  await assertOptionError(
    draw({ folds: 6, split: "speaker" }),
    "folds",
    /at most 5, the number of speakers, .*found 6/,
  );
  await assertOptionError(draw({ folds: 1 }), "folds", />= 2, found 1/);
});

Deno.test("drawValidation() takes a tenth of each emotion, from the training utterances only", () => {
  const training = utterances.flatMap((_, i) => i % 4 === 0 ? [] : [i]);
  const { learning, validation } = drawValidation(utterances, training, settings, 0);
  assertEquals([...learning, ...validation].sort((a, b) => a - b), training);
  for (const [k] of EMOTIONS.entries()) {
    const of = (indices: number[]) => indices.filter((i) => utterances[i].emotion === k).length;
    assertStrictEquals(of(validation), Math.max(1, Math.round(0.1 * of(training))));
  }
  assertNotEquals(drawValidation(utterances, training, settings, 1).validation, validation);
});

Deno.test("drawValidation() takes whole speakers under split 'speaker', if there are enough", () => {
  const everyone = utterances.map((_, i) => i);
  const { learning, validation } = drawValidation(utterances, everyone, { ...settings, split: "speaker" }, 0);
  const speakers = (indices: number[]) => new Set(indices.map((i) => utterances[i].speaker));
  assertEquals(speakers(validation).size, 1);
  assert(speakers(learning).isDisjointFrom(speakers(validation)));
  const three = everyone.filter((i) => ["s0", "s1", "s2"].includes(utterances[i].speaker)); // too few to lose one
  assertEquals(speakers(drawValidation(utterances, three, { ...settings, split: "speaker" }, 0).learning).size, 3);
});

/** 24 utterances: 4 speakers in 3 sessions, 4 texts, 3 emotions, folds of the corpus's own named 1, 2 and 10. */
const recorded = Array.from({ length: 24 }, (_, i) => ({
  id: `u${i}`,
  emotion: i % 3,
  speaker: `s${i % 4}`,
  session: `d${Math.floor(i / 8)}`,
  text: `t${Math.floor(i / 2) % 4}`,
  fold: ["10", "2", "1"][i % 3],
}));

Deno.test("assignFolds() holds out whole sessions and whole texts, in at most as many folds as there are", async () => {
  for (const [split, groups] of [["session", 3], ["text", 4], ["speaker", 4]] as const) {
    const drawn = assignFolds(recorded, EMOTIONS, { ...settings, folds: 3, split });
    const together = Map.groupBy(recorded.keys(), (i) => recorded[i][split]);
    assertEquals(together.size, groups);
    for (const own of together.values()) assertEquals(new Set(own.map((i) => drawn[i])).size, 1, split);
    assertEquals(new Set(drawn).size, 3, split);
    assertEquals(countGroups(recorded, split), groups);
    const most = new RegExp(`at most ${groups}, the number of ${split}s, for \`split: ${split}\`, found 5`);
    await assertOptionError(() => assignFolds(recorded, EMOTIONS, { ...settings, folds: 5, split }), "folds", most);
  }
});

Deno.test("assignFolds() uses the corpus's official folds, in the order of their numbers, and refuses another count", async () => {
  const drawn = assignFolds(recorded, EMOTIONS, { ...settings, folds: 3, split: "official" });
  assertEquals([...drawn], recorded.map(({ fold }) => ["1", "2", "10"].indexOf(fold)));
  await assertOptionError(
    () => assignFolds(recorded, EMOTIONS, { ...settings, folds: 5, split: "official" }),
    "folds",
    /expected 3 for `split: official`, the corpus's official folds \(1, 2, 10\), found 5/,
  );
});

Deno.test("assignFolds() counts the utterances that lack what the split requires", async () => {
  for (const [split, what] of [["session", "session"], ["text", "text"], ["official", "official fold"]] as const) {
    const field = split === "official" ? "fold" : split;
    const none = recorded.map((own) => ({ ...own, [field]: undefined }));
    const some = recorded.map((own, i) => i < 2 ? { ...own, [field]: "" } : own);
    const draw = (of: typeof recorded) => () => assignFolds(of, EMOTIONS, { ...settings, folds: 3, split });
    const says = `names the ${what} of every utterance for \`split: ${split}\``;
    await assertOptionError(draw(none as typeof recorded), "split", new RegExp(`${says}, found none for any(; |$)`));
    await assertOptionError(draw(some), "split", new RegExp(`${says}, found 2 of 24 without, the first u0`));
  }
});

Deno.test("duplicates are never in two folds, nor both learned and validated, whatever the split", async () => {
  const copies = recorded.map((own, i) => i === 5 || i === 16 ? { ...own, copyOf: "u0" } : own);
  for (const split of ["utterance", "speaker", "session", "text"] as const) {
    for (let seed = 1; seed <= 20; seed++) {
      const own = { folds: 2, split, seed, validationShare: 0.25 };
      const drawn = assignFolds(copies, EMOTIONS, own);
      assertEquals([drawn[5], drawn[16]], [drawn[0], drawn[0]], `${split} ${seed}`);
      assertEquals(new Set(drawn).size, 2);
      const training = [...copies.keys()].filter((i) => drawn[i] === drawn[0]);
      const { validation } = drawValidation(copies, training, own, 0);
      assertEquals(new Set([0, 5, 16].map((i) => validation.includes(i))).size, 1, `${split} ${seed}`);
    }
  }
  await assertOptionError(
    () => assignFolds(copies, EMOTIONS, { ...settings, folds: 3, split: "official" }),
    "split",
    /found u5 in fold 1 and its copy u0 in fold 10/,
  );
});

Deno.test("folds by utterance and by speaker are drawn as in earlier versions", () => {
  const drawn = {
    utterance: "133103230131011200302212320102230110213022103103233130012120232",
    speaker: "012330123301233012330123301233012330123301233012330123301233012",
  };
  for (const split of ["utterance", "speaker"] as const) {
    assertEquals(assignFolds(utterances, EMOTIONS, { ...settings, split }).join(""), drawn[split]);
  }
});
