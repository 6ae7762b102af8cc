/** The model in words. */
import type { ModelDescription } from "../../../refinery/model.ts";

/** What hears, and how far it is to be trusted. */
export function aboutModel({ name, training, accuracy }: ModelDescription): string {
  const { corpus, utterances, speakers } = training;
  const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
  return [
    `Heard by ${name}: learned from ${utterances} recordings of ${speakers} speakers (${corpus}).`,
    ...accuracy.map(({ weightedAccuracy, protocol }) =>
      `Right for ${percent(weightedAccuracy)} of them in ${protocol}.`
    ),
    corpus === "synthetic" ? "" : "The synthetic examples are made by rule: it has learned from nothing like them.",
  ].join(" ");
}
