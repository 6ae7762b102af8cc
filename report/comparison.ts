/**
 * Predictions against each other, paired by utterance: the stages of one run, or two runs stage by stage, over one seed or several.
 * It only reads `predictions.csv`, so it works on runs of which nothing else was saved.
 */
import { ordinal } from "../base/numbering.ts";
import { join } from "@std/path";
import { parseCsv } from "../corpora/csv.ts";
import type { DecisionRule } from "../models/predictor.ts";
import { compareStages } from "../refinery/mcnemar.ts";
import { confusionMatrix, unweightedAccuracy, weightedAccuracy } from "../refinery/metrics.ts";
import type { ReportTable } from "./document.ts";
import { meanPercent, pValue, tenths } from "./format.ts";

/** The decisions of one run. */
export interface RunDecisions {
  /** The file that was read. */
  file: string;
  /** The labelled emotion of each utterance. */
  truth: Map<string, string>;
  /** The decisions of each stage, in the order of `truth`. */
  stages: string[][];
}

/**
 * Compares the stages of a run with its first; or, for two runs, each stage of one with the same stage of the other.
 *
 * @param sides one or two; each side lists run folders, or their `predictions.csv`, with the same settings and different seeds
 * @param decide how an utterance is decided: by the forest, or by its mean profile
 * @returns a table with one row per stage: WA and UA in percent (over several seeds: mean, half its 95 % t interval), utterances won and
 * lost, p of McNemar's exact test, uncorrected
 * @throws {Error} if a file is missing or does not contain predictions, or the runs did not judge the same utterances
 */
export async function comparePredictions(
  sides: readonly (readonly string[])[],
  decide: DecisionRule = "forest",
): Promise<ReportTable> {
  const read: RunDecisions[][] = [];
  for (const files of sides) read.push(await Promise.all(files.map((file) => readDecided(file, decide))));
  const [first, second] = read, all = read.flat();
  for (const other of all.slice(1)) requireSameUtterances(all[0], other);
  if (second && first.length !== second.length) {
    throw new Error(
      `Expected equally many runs on both sides, found ${first.length} and ${second.length}: an utterance counts for the side ` +
        "that has it right in more seeds",
    );
  }
  const stages = Math.min(...all.map((run) => run.stages.length)), seeds = first.length;
  const rows = Array.from({ length: stages }, (_, stage) => {
    const judged = second ?? first, own = accuracies(judged, stage);
    const base = rightCounts(first, second ? stage : 0), itself = !second && stage === 0;
    const { onlyFirst, onlySecond, p } = compareStages(base, rightCounts(judged, stage));
    return [
      String(ordinal(stage)),
      ...(second ? [meanPercent(accuracies(first, stage).weighted, tenths)] : []),
      meanPercent(own.weighted, tenths),
      ...(seeds > 1 ? [own.weighted.map(tenths).join(", ")] : []),
      meanPercent(own.unweighted, tenths),
      ...(itself ? ["", "", ""] : [String(onlySecond), String(onlyFirst), pValue(p)]),
    ];
  });
  return {
    kind: "table",
    id: "comparison",
    title: second ? "The second against the first, stage by stage" : "Every stage against the first",
    head: [
      "Stage",
      ...(second ? ["First's WA"] : []),
      "WA",
      ...(seeds > 1 ? ["of each seed"] : []),
      "UA",
      "Won",
      "Lost",
      "p",
    ],
    rows,
    note: `In percent, ${all[0].truth.size} utterances${decide === "mean" ? ", decided by the mean profile" : ""}` +
      (seeds > 1
        ? `, mean of ${seeds} seeds with half its 95 % t interval; an utterance counts as won where more seeds have it right. `
        : ". ") +
      "p: McNemar's exact two-sided test, uncorrected.",
  };
}

/** Reads the decisions from a run's `predictions.csv`. */
export async function readDecided(place: string, decide: DecisionRule): Promise<RunDecisions> {
  const file = place.endsWith(".csv") ? place : join(place, "predictions.csv");
  let text: string;
  try {
    text = await Deno.readTextFile(file);
  } catch (error) {
    const found = error instanceof Deno.errors.NotFound ? "no such file" : (error as Error).message;
    throw new Error(`${file}: expected a complete run, or its predictions.csv, found ${found}`, { cause: error });
  }
  const [header, ...rows] = parseCsv(text, file), names = header?.fields ?? [];
  const expected = ["utterance", "speaker", "emotion"];
  const columns = names.slice(expected.length), means = columns.filter((name) => name.startsWith("mean_"));
  const stages = columns.slice(0, columns.length - means.length);
  const numbered = (own: string[], name: string) => own.every((column, i) => column === `${name}_${ordinal(i)}`);
  const right = stages.length > 0 && numbered(stages, "stage") && numbered(means, "mean");
  if (expected.some((name, i) => names[i] !== name) || !right) {
    throw new Error(
      `${file}: expected columns utterance, speaker, emotion, stage_1, ..., found ` +
        (names.join(", ") || "nothing"),
    );
  }
  for (const { fields, line } of rows) {
    if (fields.length === names.length) continue;
    throw new Error(`${file}, line ${line}: expected ${names.length} fields, as in the header, found ${fields.length}`);
  }
  if (decide === "mean" && means.length === 0) {
    throw new Error(`${file}: expected columns mean_1, ..., found none: an older EPR wrote this run`);
  }
  const truth = new Map(rows.map(({ fields: [utterance, , emotion] }) => [utterance, emotion]));
  if (truth.size !== rows.length) {
    throw new Error(`${file}: expected each utterance once, found ${truth.size} in ${rows.length} rows`);
  }
  return {
    file,
    truth,
    stages: stages.map((_, s) => {
      const column = expected.length + s + (decide === "mean" ? stages.length : 0);
      return rows.map(({ fields }) => fields[column]);
    }),
  };
}

/** Throws an Error unless both judged the same utterances in the same order. */
export function requireSameUtterances(a: Omit<RunDecisions, "stages">, b: Omit<RunDecisions, "stages">): void {
  const [here, there] = [[...a.truth], [...b.truth]];
  const differ = here.findIndex(([utterance, emotion], i) => there[i]?.[0] !== utterance || there[i]?.[1] !== emotion);
  if (differ < 0 && here.length === there.length) return;
  const show = ([utterance, emotion]: [string, string] = ["nothing", ""]) => `${utterance} ${emotion}`.trim();
  const i = differ < 0 ? here.length : differ;
  throw new Error(
    `${b.file}: expected the utterances of ${a.file}: ${show(here[i])} in row ${i + 1}, found ${show(there[i])}`,
  );
}

/** WA and UA of a stage, by seed. */
function accuracies(runs: readonly RunDecisions[], stage: number): { weighted: number[]; unweighted: number[] } {
  const confusions = runs.map(({ truth, stages }) => {
    const emotions = [...new Set([...truth.values(), ...stages[stage]])];
    const indices = (names: Iterable<string>) => Array.from(names, (name) => emotions.indexOf(name));
    return confusionMatrix(indices(truth.values()), indices(stages[stage]), emotions.length);
  });
  return { weighted: confusions.map(weightedAccuracy), unweighted: confusions.map(unweightedAccuracy) };
}

/** How often each utterance was judged correctly, over the seeds. */
function rightCounts(runs: readonly RunDecisions[], stage: number): number[] {
  const counts = Array<number>(runs[0].truth.size).fill(0);
  for (const { truth, stages } of runs) {
    [...truth.values()].forEach((emotion, u) => counts[u] += stages[stage][u] === emotion ? 1 : 0);
  }
  return counts;
}
