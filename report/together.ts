/**
 * Combines several runs: averages the mean profiles of each utterance, and decides by the most likely emotion of the average,
 *
 *     decision(u) = argmax over emotions of  1/R sum over runs r of  mean over segments s of u of  p_r(s)
 *
 * Each run holds the utterance out in one of its folds, so none of the networks used was trained on it, although the runs drew
 * different folds. Only the folds' profiles are needed, so a packed run is sufficient.
 */
import { ordinal } from "../base/numbering.ts";
import { CrossValidation } from "../refinery/cross_validation.ts";
import { meanProfiles, outOfFoldProfiles } from "../refinery/judge.ts";
import { compareStages } from "../refinery/mcnemar.ts";
import { confusionMatrix, unweightedAccuracy, weightedAccuracy } from "../refinery/metrics.ts";
import { argmax } from "../refinery/relabel.ts";
import { requireRun } from "../runs/begin.ts";
import { identityOf } from "../runs/identity.ts";
import { readFolds } from "../runs/merge.ts";
import { readRunCorpus } from "../runs/read_corpus.ts";
import type { DecisionRule } from "../models/predictor.ts";
import { readDecided, requireSameUtterances } from "./comparison.ts";
import type { ReportTable } from "./document.ts";
import { pValue, tenths } from "./format.ts";

/** The combined result of runs. */
export interface Together {
  /** Every run alone and all together, one row each: accuracies, and comparisons with the first side's average. */
  comparison: ReportTable;
  /** The average's decisions at the last stage: utterances by true emotion (rows) and decision (columns). */
  confusion: ReportTable;
}

/** The mean profiles of a run. */
interface MeanProfiles {
  /** Its folder. */
  file: string;
  /** The labelled emotion of each utterance. */
  truth: Map<string, string>;
  /** In the order of columns. */
  emotions: readonly string[];
  /** [utterances, emotions] for each stage. */
  stages: Float32Array[];
}

/** The decisions of a row. */
interface Row {
  name: string;
  /** Whether the other rows are compared with it. */
  reference: boolean;
  /** The decision on each utterance, by stage. */
  stages: string[][];
}

/**
 * Judges runs together, and compares the result with each run alone and with other runs, paired by utterance.
 *
 * @param sides one or two; each side lists run folders of one corpus, whose profiles are averaged
 * @param decide how a run alone decides: by its mean profile, or by its forest
 * @returns tables: correct utterances, WA and UA in percent; utterances that the first side's average won from and lost to the row's
 * decisions, p of McNemar's exact test, uncorrected
 * @throws {Error} if a folder contains no run, or an unfinished one, or the runs did not judge the same utterances
 */
export async function judgeTogether(
  sides: readonly (readonly string[])[],
  decide: DecisionRule = "mean",
): Promise<Together> {
  const read: MeanProfiles[][] = [];
  for (const runs of sides) read.push(await Promise.all(runs.map(readMeanProfiles)));
  const all = read.flat(), [{ truth, emotions }] = all;
  for (const other of all.slice(1)) requireSameUtterances(all[0], other);
  const rows: Row[] = [];
  for (const [s, side] of read.entries()) {
    for (const run of side) {
      const stages = decide === "mean" ? decisionsOf([run]) : (await readDecided(run.file, decide)).stages;
      rows.push({ name: run.file, stages, reference: false });
    }
    const together = { name: `${side.length} together`, stages: decisionsOf(side), reference: s === 0 };
    if (side.length > 1 || together.reference) rows.push(together);
  }
  const together = rows.find(({ reference }) => reference)!.stages, labels = [...truth.values()];
  const stages = Math.min(...rows.map((row) => row.stages.length));
  const judge = (decisions: readonly string[]) => {
    const indices = (names: readonly string[]) => names.map((name) => emotions.indexOf(name));
    return confusionMatrix(indices(labels), indices(decisions), emotions.length);
  };
  const right = (decisions: readonly string[]) => labels.map((emotion, u) => decisions[u] === emotion ? 1 : 0);
  const cells = Array.from({ length: stages }, (_, stage) =>
    rows.map(({ name, stages, reference }) => {
      const confusion = judge(stages[stage]), own = right(stages[stage]);
      const { onlyFirst, onlySecond, p } = compareStages(own, right(together[stage]));
      return [
        String(ordinal(stage)),
        name,
        String(own.filter((hit) => hit === 1).length),
        tenths(weightedAccuracy(confusion)),
        tenths(unweightedAccuracy(confusion)),
        ...(reference ? ["", "", ""] : [String(onlySecond), String(onlyFirst), pValue(p)]),
      ];
    })).flat();
  const by = decide === "mean" ? "mean profile" : "forest";
  return {
    comparison: {
      kind: "table",
      id: "together",
      title: `${read[0].length} runs together: the average of their mean profiles decides`,
      head: ["Stage", "Run", "Right", "WA", "UA", "Won", "Lost", "p"],
      rows: cells,
      note:
        `Of ${truth.size} utterances; WA and UA in percent; a run alone decides by its ${by}. Won, lost: utterances that the ` +
        "first runs together have right and the row has wrong, and the reverse. p: McNemar's exact two-sided test, uncorrected.",
    },
    confusion: {
      kind: "table",
      id: "together-confusion",
      title: `What the first runs together decide at stage ${stages}`,
      head: ["true \\ decided", ...emotions],
      rows: judge(together[stages - 1]).map((row, k) => [emotions[k], ...row.map(String)]),
    },
  };
}

/** Reads a run's out-of-fold profiles, and averages them over the segments of each utterance. */
async function readMeanProfiles(out: string): Promise<MeanProfiles> {
  const { folder, config } = await requireRun(out), { settings, corpus: { emotions } } = config;
  const results = await readFolds(folder, identityOf(config), emotions);
  const { corpus } = await readRunCorpus(folder, config), { utterances } = corpus;
  const cv = new CrossValidation(corpus, settings);
  return {
    file: out,
    truth: new Map(utterances.map(({ id, emotion }) => [id, emotions[emotion]])),
    emotions,
    stages: outOfFoldProfiles(cv, results).map((profiles) => meanProfiles(corpus, profiles)),
  };
}

/** The most likely emotion of each utterance by the average of runs, for the stages that all of them have. */
function decisionsOf(runs: readonly MeanProfiles[]): string[][] {
  const [{ emotions, truth }] = runs, K = emotions.length;
  return Array.from({ length: Math.min(...runs.map(({ stages }) => stages.length)) }, (_, stage) => {
    const sum = new Float64Array(truth.size * K);
    for (const { stages } of runs) stages[stage].forEach((p, i) => sum[i] += p);
    return Array.from({ length: truth.size }, (_, u) => emotions[argmax(sum.subarray(u * K, (u + 1) * K))]);
  });
}
