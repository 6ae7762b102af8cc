/** Compares a model's results under conditions with those on unchanged recordings, paired by utterance. */
import { compareStages } from "../refinery/mcnemar.ts";
import { argmax } from "../refinery/relabel.ts";
import { judgeTransfer, type Transfer, type UtterancePrediction } from "../models/transfer.ts";
import { formatTable, percent } from "../report/table.ts";

/** A row of the table; accuracies are fractions of 1. */
export interface UnderCondition extends Pick<Transfer, "weightedAccuracy" | "unweightedAccuracy" | "confusion"> {
  /** As requested on the command line. */
  condition: string;
  /** Change of the weighted accuracy compared with unchanged recordings. */
  change: number;
  /** Number of utterances that are correct only under the condition, and only without it. */
  won: number;
  lost: number;
  /** Probability of a difference at least as large if the condition has no effect (McNemar, exact). */
  p: number;
}

/**
 * Judges each condition.
 *
 * @param clean the model's results for the unchanged recordings
 * @param changed its results under each condition, with the utterances in the same order
 */
export function compareConditions(
  names: readonly string[],
  emotions: readonly string[],
  shared: readonly string[],
  clean: readonly UtterancePrediction[],
  changed: readonly (readonly UtterancePrediction[])[],
): UnderCondition[] {
  const columns = shared.map((emotion) => emotions.indexOf(emotion));
  const right = (predictions: readonly UtterancePrediction[]) =>
    predictions.map(({ emotion, probabilities }) =>
      Number(shared[argmax(columns.map((column) => probabilities[column]))] === emotion)
    );
  const before = right(clean), { weightedAccuracy: whole } = judgeTransfer(emotions, shared, clean);
  return changed.map((predictions, c) => {
    const { weightedAccuracy, unweightedAccuracy, confusion } = judgeTransfer(emotions, shared, predictions);
    const { onlyFirst: lost, onlySecond: won, p } = compareStages(before, right(predictions));
    const change = weightedAccuracy - whole;
    return { condition: names[c], weightedAccuracy, unweightedAccuracy, confusion, change, won, lost, p };
  });
}

/** The table: one row for the unchanged recordings, and one per condition. */
export function conditionsTable(clean: Transfer, under: readonly UnderCondition[]): string {
  const { emotions } = clean;
  const row = (
    name: string,
    { weightedAccuracy, unweightedAccuracy, confusion }: Pick<
      Transfer,
      "weightedAccuracy" | "unweightedAccuracy" | "confusion"
    >,
  ) => {
    const decided = emotions.map((_, k) => confusion.reduce((sum, own) => sum + own[k], 0)), most = argmax(decided);
    const share = decided[most] / decided.reduce((a, b) => a + b, 0);
    return [name, percent(weightedAccuracy), percent(unweightedAccuracy), `${emotions[most]} ${percent(share)}`];
  };
  return formatTable(
    ["under", "WA", "UA", "most often", "change", "won", "lost", "p"],
    [
      [...row("clean", clean), "", "", "", ""],
      ...under.map((own) => [
        ...row(own.condition, own),
        `${own.change < 0 ? "-" : "+"}${(100 * Math.abs(own.change)).toFixed(1)}`,
        own.won,
        own.lost,
        own.p < 0.001 ? "< 0.001" : own.p.toFixed(3),
      ]),
    ],
  );
}
