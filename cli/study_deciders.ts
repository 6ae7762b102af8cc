/** `deno task study --run`: tries statistics and forests other than the paper's, on the profiles of finished runs. */
import { ordinal } from "../base/numbering.ts";
import { decideBy, DECIDERS } from "../refinery/deciders.ts";
import { mean } from "../refinery/intervals.ts";
import { compareStages, type Comparison } from "../refinery/mcnemar.ts";
import { confusionMatrix, unweightedAccuracy, weightedAccuracy } from "../refinery/metrics.ts";
import { readRun } from "../report/read_run.ts";
import { formatTable } from "../report/table.ts";
import { printJson, say, UsageError } from "./common.ts";

/** The result of one decider. */
interface Row {
  decider: string;
  /** Means over the runs. */
  weightedAccuracy: number;
  unweightedAccuracy: number;
  /** Comparison with the paper's decider, paired by utterance. */
  comparison: Comparison;
}

/**
 * Compares deciders.
 *
 * @param runs folders
 * @param stage the stage whose profiles are used; default: the last of each run
 */
export async function studyDeciders(
  runs: readonly string[],
  { stage, json = false, signal }: { stage?: number; json?: boolean; signal: AbortSignal },
): Promise<void> {
  const views = [];
  for (const run of runs) {
    const { cv, profiles, config: { settings } } = await readRun(run), own = stage ?? settings.stages - 1;
    if (own >= settings.stages) throw new UsageError(`--stage ${ordinal(own)}: ${run} has ${settings.stages} stages`);
    views.push({ cv, profiles: profiles[own], stage: own });
  }
  const ids = views.map(({ cv }) => cv.corpus.utterances.map(({ id }) => id).join("\n"));
  const other = ids.findIndex((own) => own !== ids[0]);
  if (other >= 0) {
    throw new UsageError(
      `--run: expected runs on the same utterances, found others in ${runs[other]} than in ${runs[0]}`,
    );
  }
  say(`${runs.length} runs, ${stage === undefined ? "the last stage" : `stage ${ordinal(stage)}`} of each`);
  const rows: Row[] = [];
  let papers: number[] = [];
  for (const decider of DECIDERS) {
    signal.throwIfAborted();
    const weighted: number[] = [], unweighted: number[] = [];
    const right = views[0].cv.corpus.utterances.map(() => 0);
    for (const { cv, profiles, stage } of views) {
      const truth = cv.corpus.utterances.map(({ emotion }) => emotion);
      const decisions = decideBy(decider, cv, profiles, stage);
      const confusion = confusionMatrix(truth, decisions, cv.corpus.emotions.length);
      weighted.push(weightedAccuracy(confusion));
      unweighted.push(unweightedAccuracy(confusion));
      truth.forEach((emotion, i) => right[i] += decisions[i] === emotion ? 1 : 0);
    }
    if (rows.length === 0) papers = right;
    rows.push({
      decider: decider.name,
      weightedAccuracy: mean(weighted),
      unweightedAccuracy: mean(unweighted),
      comparison: compareStages(papers, right),
    });
  }
  if (json) return printJson(rows);
  const percent = (share: number) => (100 * share).toFixed(1);
  console.log(formatTable(
    ["WA", "UA", "better", "worse", "p", "statistics and forest"],
    rows.map((row) => [
      percent(row.weightedAccuracy),
      percent(row.unweightedAccuracy),
      String(row.comparison.onlySecond),
      String(row.comparison.onlyFirst),
      row.comparison.p.toFixed(3),
      row.decider,
    ]),
  ));
}
