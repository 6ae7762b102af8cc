/** Other statistics and forests than the paper's. */
import { assert, assertEquals } from "@std/assert";
import { type CorpusRecord, CrossValidation } from "../../refinery/cross_validation.ts";
import { decideBy, DECIDERS } from "../../refinery/deciders.ts";
import { PRESETS } from "../../refinery/presets.ts";
import { profileStatistics } from "../../refinery/statistics.ts";

/** Six segments of two emotions. */
const profile = Float32Array.of(0.05, 0.95, 0.15, 0.85, 0.25, 0.75, 0.35, 0.65, 0.55, 0.45, 0.95, 0.05);
const named = (words: RegExp) => DECIDERS.find(({ name }) => words.test(name))!;
const numbers = (words: RegExp) => Array.from(named(words).statistics(profile, 2), (x) => Number(x.toFixed(4)));

Deno.test("each decider computes the numbers that its name promises", () => {
  assertEquals(DECIDERS[0].statistics(profile, 2), profileStatistics(profile, 2));
  const [mean, other] = [2.3 / 6, 3.7 / 6].map((x) => Number(x.toFixed(4)));
  assertEquals(numbers(/above 0\.1/), [0.95, 0.05, mean, 0.8333, 0.95, 0.05, other, 0.8333]);
  assertEquals(numbers(/above 0\.5/), [0.95, 0.05, mean, 0.3333, 0.95, 0.05, other, 0.6667]);
  assertEquals(numbers(/^mean alone/), [mean, other]);
  assertEquals(numbers(/^maximum and mean/), [0.95, mean, 0.95, other]);
  // numpy.quantile(x, [0.25, 0.5, 0.75])
  assertEquals(numbers(/quartiles/).slice(8), [0.175, 0.3, 0.5, 0.5, 0.7, 0.825]);
});

Deno.test("every decider is right if the profiles are, and at chance if they carry no information", () => {
  const K = 3,
    utterances = Array.from({ length: 60 }, (_, i) => ({
      id: String(i),
      emotion: i % K,
      speaker: "a",
      firstSegment: 5 * i,
      segmentCount: 5,
    }));
  const features: CorpusRecord = { emotions: ["x", "y", "z"], utterances },
    settings = { ...PRESETS.quick, trees: 20, folds: 5 };
  const cv = new CrossValidation(features, settings);
  const clear = Float32Array.from({ length: 300 * K }, (_, i) => i % K === Math.floor(i / K / 5) % K ? 0.8 : 0.1);
  const noise = Float32Array.from({ length: 300 * K }, (_, i) => 0.5 + 0.5 * Math.sin(12.9898 * i * i));
  for (const decider of DECIDERS) {
    const right = (profiles: Float32Array) =>
      decideBy(decider, cv, profiles, 0).filter((emotion, i) => emotion === i % K).length;
    assertEquals(right(clear), 60, decider.name);
    assert(right(noise) < 36, `${decider.name}: ${right(noise)} of 60`);
  }
});
