/**
 * Is the model uncertain about the same utterances as twenty people? Compares Emo-DB's listening test with the profiles.
 *
 * Only recordings recognised by over 80 % of the listeners were published, so the rates lie between 0.8 and 1, in steps of 1/20.
 * Twenty listeners determine a rate r only to within sqrt(r (1 - r) / 20). This noise is a large share of the rates' small
 * variance, and no certainty can correlate with noise. With error variance r (1 - r) / 19 (unbiased),
 *
 *     reliability = 1 - mean error variance / variance of the rates,    |correlation| <= sqrt(reliability)
 */
import { ordinal } from "../base/numbering.ts";
import { EMODB_LISTENERS, readEmodbListeners } from "../corpora/emodb_listeners.ts";
import { mean } from "../refinery/intervals.ts";
import { meanProfiles } from "../refinery/judge.ts";
import { type RankCorrelation, rankCorrelation } from "../refinery/rank_correlation.ts";
import type { ReportTable } from "./document.ts";
import { METHOD_NAMES } from "./format.ts";
import type { RunView } from "./read_run.ts";
import { stagesOf } from "./stage_tables.ts";
import type { Study } from "./study.ts";

/** One utterance: shares of 1. */
export interface ListenerRate {
  /** Share of listeners who recognised its emotion. */
  listeners: number;
  /** The mean profile's probability of that emotion. */
  meant: number;
  /** The mean profile's largest probability. */
  certainty: number;
  /** Its emotion. */
  emotion: string;
}

/** The recognition rates of a study's corpus, by utterance; undefined if there are none. */
export async function readListeners({ chains: [{ runs: [{ config: { corpus } }] }] }: Study) {
  if (corpus.name !== "emodb" || corpus.data === undefined) return undefined;
  return await readEmodbListeners(corpus.data);
}

/** Utterances with both the listeners' rates and a stage's results. */
export function pairListeners(
  { corpus, profiles }: RunView,
  stage: number,
  rates: Map<string, number>,
): ListenerRate[] {
  const means = meanProfiles(corpus, profiles[stage]), { emotions, utterances } = corpus, K = emotions.length;
  return utterances.flatMap(({ id, emotion }, u) => {
    const listeners = rates.get(id);
    if (listeners === undefined) return [];
    const profile = means.subarray(u * K, (u + 1) * K);
    return [{ listeners, meant: profile[emotion], certainty: Math.max(...profile), emotion: emotions[emotion] }];
  });
}

/** Share of the rates' variance that is not due to the small number of listeners; 0 if all of it may be. */
export function reliability(rates: readonly number[]): number {
  const middle = mean(rates);
  const variance = rates.reduce((sum, rate) => sum + (rate - middle) ** 2, 0) / (rates.length - 1);
  const noise = mean(rates.map((rate) => rate * (1 - rate) / (EMODB_LISTENERS - 1)));
  return Math.max(0, 1 - noise / variance);
}

/** Rank correlations of every stage, for the first seed. */
export function listenersTable({ chains }: Study, rates: Map<string, number>): ReportTable {
  const show = ({ rho, low, high }: RankCorrelation) => `${rho.toFixed(3)} (${low.toFixed(2)} to ${high.toFixed(2)})`;
  const rows = chains.flatMap(({ method, stages, runs }) =>
    stagesOf({ method, stages, runs }).map((stage) => {
      const pairs = pairListeners(runs[0], stage, rates), listeners = pairs.map((own) => own.listeners);
      return [
        METHOD_NAMES[method],
        String(ordinal(stage)),
        show(rankCorrelation(listeners, pairs.map(({ meant }) => meant))),
        show(rankCorrelation(listeners, pairs.map(({ certainty }) => certainty))),
      ];
    })
  );
  const known = pairListeners(chains[0].runs[0], 0, rates).map(({ listeners }) => listeners);
  const share = reliability(known);
  return {
    kind: "table",
    id: "listeners",
    title: "Listeners and profiles: Spearman's rank correlation",
    head: ["Chain", "Stage", "With the probability of the intended emotion", "With the largest probability"],
    rows,
    note: `With 95 % intervals, over ${known.length} utterances of seed ${chains[0].runs[0].config.settings.seed}. ` +
      `The recordings were chosen by these rates, which are between ${Math.min(...known).toFixed(2)} and ${
        Math.max(...known).toFixed(2)
      }. Of their variance ${(100 * (1 - share)).toFixed(0)} % is chance, as there were twenty listeners, so even ` +
      `a certainty equal to that of people could correlate to at most about ${Math.sqrt(share).toFixed(2)}.`,
  };
}
