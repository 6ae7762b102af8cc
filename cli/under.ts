/** What conditions do to a model, beside the recordings as they are, paired by utterance. */
import { compareStages } from "../refinery/mcnemar.ts";
import { argmax } from "../refinery/relabel.ts";
import { type HeardUtterance, judgeTransfer, type Transfer } from "../models/transfer.ts";
import { formatTable, percent } from "../report/table.ts";

/** A row of the table; accuracies are fractions of 1. */
export interface UnderCondition extends Pick<Transfer, "weightedAccuracy" | "unweightedAccuracy" | "confusion"> {
  /** As it was asked for. */
  condition: string;
  /** Weighted accuracy, less that of the recordings as they are. */
  change: number;
  /** Utterances that are right only so, and those that are right only as they are. */
  won: number;
  lost: number;
  /** Chance of a difference as large, or larger, if it makes none (McNemar, exact). */
  p: number;
}

/**
 * Judges each condition.
 *
 * @param clean what the model said of the recordings as they are
 * @param changed what it said under each condition, utterances in the same order
 */
export function compareConditions(
  names: readonly string[],
  emotions: readonly string[],
  shared: readonly string[],
  clean: readonly HeardUtterance[],
  changed: readonly (readonly HeardUtterance[])[],
): UnderCondition[] {
  const columns = shared.map((emotion) => emotions.indexOf(emotion));
  const right = (heard: readonly HeardUtterance[]) =>
    heard.map(({ emotion, probabilities }) =>
      Number(shared[argmax(columns.map((column) => probabilities[column]))] === emotion)
    );
  const before = right(clean), { weightedAccuracy: whole } = judgeTransfer(emotions, shared, clean);
  return changed.map((heard, c) => {
    const { weightedAccuracy, unweightedAccuracy, confusion } = judgeTransfer(emotions, shared, heard);
    const { onlyFirst: lost, onlySecond: won, p } = compareStages(before, right(heard));
    const change = weightedAccuracy - whole;
    return { condition: names[c], weightedAccuracy, unweightedAccuracy, confusion, change, won, lost, p };
  });
}

/** The table: a row for the recordings as they are, and one a condition. */
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
