/** The report's definitions, each compared with another way to compute the same. */
import { assert, assertEquals } from "@std/assert";
import { calibrate } from "../../refinery/calibration.ts";
import { profileChange } from "../../refinery/change.ts";
import { permutationImportance } from "../../refinery/importance.ts";
import { mean, meanHalfWidth, wilsonInterval } from "../../refinery/intervals.ts";
import { type CorpusRecord, CrossValidation } from "../../refinery/cross_validation.ts";
import { compareStages } from "../../refinery/mcnemar.ts";
import { countNetworks, PAPER_TABLES, paperChains, type PaperCorpus } from "../../refinery/paper.ts";
import { rankCorrelation } from "../../refinery/rank_correlation.ts";
import { PRESETS } from "../../refinery/presets.ts";
import { STATISTICS } from "../../refinery/statistics.ts";

const close = (found: number, wanted: number, tolerance = 1e-9) =>
  assert(Math.abs(found - wanted) <= tolerance * Math.max(1, Math.abs(wanted)), `${found}, wanted ${wanted}`);

Deno.test("wilsonInterval() ends where the observed share is 1.96 standard errors from the true one", () => {
  for (const [right, n] of [[0, 20], [3, 7], [444, 535], [54, 54]]) {
    const share = right / n, { low, high } = wilsonInterval(share, n);
    for (const p of [low, high]) close((share - p) ** 2, 1.959964 ** 2 * p * (1 - p) / n, 1e-9);
    assert(low <= share + 1e-12 && share <= high + 1e-12 && low > -1e-12 && high < 1 + 1e-12);
  }
});

Deno.test("meanHalfWidth() agrees with scipy.stats.t.interval, for few runs and for many", () => {
  // scipy.stats: sem(x) * t.ppf(0.975, n - 1)
  close(meanHalfWidth([0.628, 0.611, 0.643]), 0.03977207140466367, 1e-5);
  close(meanHalfWidth([1, 2, 4, 8, 16]), 7.573132563278903, 1e-4);
  const many = Array.from({ length: 40 }, (_, i) => i);
  close(meanHalfWidth(many), 1.959964 * Math.sqrt((40 * 40 - 1) / 12 * 40 / 39 / 40), 1e-6);
});

Deno.test("compareStages() is the exact binomial test on the utterances that only one stage has right", () => {
  for (const [lost, won] of [[0, 5], [3, 3], [10, 17], [40, 12], [0, 0]]) {
    const n = lost + won;
    // the same in whole numbers: C(n, k) by Pascal's triangle
    let row = [1n];
    for (let i = 0; i < n; i++) row = [1n, ...row.slice(1).map((c, k) => c + row[k]), 1n];
    const far = row.filter((_, k) => Math.abs(k - n / 2) >= Math.abs(lost - n / 2)).reduce((a, b) => a + b, 0n);
    const agreed = [1, 1, 0]; // has no information
    const first = [...Array(lost).fill(1), ...Array(won).fill(0), ...agreed];
    const second = [...Array(lost).fill(0), ...Array(won).fill(1), ...agreed];
    const { onlyFirst, onlySecond, p } = compareStages(first, second);
    assertEquals([onlyFirst, onlySecond], [lost, won]);
    close(p, Number(far) / 2 ** n, 1e-12);
  }
  assert(compareStages(Array(2000).fill(0), Array(2000).fill(1)).p < 1e-300, "2,000 coins don't overflow");
});

Deno.test("rankCorrelation() is 1 - 6 sum d^2 / (n^3 - n) without ties; tied values share their ranks", () => {
  const a = [3, 1, 4, 15, 9, 2, 6, 5], b = [2, 7, 1, 8, 28, 18, 4, 5];
  const rank = (values: number[]) => values.map((v) => 1 + values.filter((w) => w < v).length);
  const [x, y] = [rank(a), rank(b)], n = a.length;
  close(rankCorrelation(a, b).rho, 1 - 6 * x.reduce((sum, r, i) => sum + (r - y[i]) ** 2, 0) / (n ** 3 - n));
  // ranks 1, 2.5, 2.5, 4 against 1, 2, 3, 4: 4.5 / sqrt(4.5 x 5)
  const { rho, low, high } = rankCorrelation([10, 20, 20, 30], [1, 2, 3, 4]);
  close(rho, 4.5 / Math.sqrt(4.5 * 5));
  assert(low < rho && rho < high);
});

Deno.test("calibrate() is 0 if the share of right decisions equals the probabilities, else the gap between them", () => {
  const even = new Float32Array(40).map((_, i) => i % 2 === 0 ? 0.75 : 0.25);
  const truth = (right: number) => Array.from({ length: 20 }, (_, i) => i < right ? 0 : 1);
  close(calibrate(even, truth(15), 2).error, 0);
  close(calibrate(even, truth(5), 2).error, 0.5);
  const { bins, error } = calibrate(Float32Array.of(1, 0, 0.5, 0.5), [0, 1], 2); // certainty has a bin too
  assertEquals(bins.map(({ count, accuracy }) => [count, accuracy]), [[1, 0], [1, 1]]);
  close(error, 0.25);
});

Deno.test("profileChange() is the mean over stages of the share of probability that moves", () => {
  const utterance = { firstSegment: 1, segmentCount: 2 };
  const before = Float32Array.of(9, 9, 0.5, 0.5, 1, 0), after = Float32Array.of(0, 0, 0.25, 0.75, 1, 0);
  close(profileChange([before, after], utterance, 2), 0.125);
  close(profileChange([before, after, after], utterance, 2), 0.0625);
  assertEquals(profileChange([before], utterance, 2), 0);
});

Deno.test("permutationImportance() is 0 for a constant statistic, and 0.5 for the only informative one", () => {
  const emotions = ["anger", "sadness"], n = 60;
  const utterances = Array.from({ length: n }, (_, i) => {
    return { id: String(i), emotion: i % 2, speaker: "a", firstSegment: 3 * i, segmentCount: 3 };
  });
  const corpus: CorpusRecord = { emotions, utterances }, settings = { ...PRESETS.quick, folds: 4, trees: 20 };
  // anger's maximum is always 0.9, its minimum 0.1, and a third of its segments is above 0.2: only its mean has information
  const profiles = Float32Array.from({ length: 6 * n }, (_, i) => {
    return [0.9, 0, 0.1, 0, utterances[Math.floor(i / 6)].emotion === 0 ? 0.15 : 0.19, 0][i % 6];
  });
  const losses = permutationImportance(new CrossValidation(corpus, settings), profiles, 0);
  assertEquals(losses.length, emotions.length * STATISTICS.length);
  const mean = STATISTICS.indexOf("mean");
  assert(Math.abs(losses[mean] - 0.5) < 0.1, String(losses));
  assertEquals([...losses].filter((_, i) => i !== mean), Array(7).fill(0));
});

Deno.test("the paper's tables contain the figures of its abstract, and their shared rows are equal", () => {
  const best: Record<PaperCorpus, [from: number[], to: number[]]> = {
    casia: [[93.10, 93.10], [94.83, 94.83]],
    emodb: [[83.00, 82.36], [88.04, 87.78]],
    savee: [[70.63, 69.88], [77.08, 74.64]],
  };
  const [, , pEPR] = PAPER_TABLES;
  for (const [corpus, [from, to]] of Object.entries(best) as [PaperCorpus, [number[], number[]]][]) {
    for (const { rows } of PAPER_TABLES) assertEquals([...rows[0].accuracies[corpus]], from);
    const top = [0, 1].map((a) => Math.max(...pEPR.rows.map(({ accuracies }) => accuracies[corpus][a])));
    assertEquals(top, to);
  }
  assertEquals(PAPER_TABLES[1].rows[3].accuracies, PAPER_TABLES[0].rows[1].accuracies);
  assertEquals(paperChains(), [
    { method: "pEPR", stages: 5 },
    { method: "sEPR", stages: 3 },
    { method: "hard-dynamic", stages: 2 },
    { method: "soft-static", stages: 2 },
  ]);
  assertEquals(paperChains([pEPR], 3), [{ method: "pEPR", stages: 3 }]);
  assertEquals([paperChains(), paperChains([pEPR], 3)].map(countNetworks), [9, 3]);
  assertEquals(mean([1, 2, 6]), 3);
});
