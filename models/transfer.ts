/**
 * A model on another corpus: only the emotions that both have can be judged, so decisions are made between those alone, and
 * utterances of other emotions are left out. What the model would have said freely is counted besides.
 */
import { confusionMatrix, unweightedAccuracy, weightedAccuracy } from "../refinery/metrics.ts";
import { argmax } from "../refinery/relabel.ts";

/** What a model said of an utterance. */
export interface HeardUtterance {
  /** Its emotion, by the corpus. */
  emotion: string;
  /** The model's probabilities, in the order of its emotions. */
  probabilities: ArrayLike<number>;
}

/** How right it is; accuracies are fractions of 1. */
export interface Transfer {
  /** The emotions that both have, in the model's order. */
  emotions: string[];
  /** Utterances judged. */
  utterances: number;
  /** Share of them right, between the shared emotions. */
  weightedAccuracy: number;
  /** Mean of that over the shared emotions that occur. */
  unweightedAccuracy: number;
  /** Utterances by true emotion (rows) and the model's (columns). */
  confusion: number[][];
  /** Share of utterances of which the model, left free, would have said an emotion that the corpus does not have. */
  strayed: number;
}

/** The emotions that a model and a corpus share, in the model's order. */
export function sharedEmotions(model: readonly string[], corpus: readonly string[]): string[] {
  return model.filter((emotion) => corpus.includes(emotion));
}

/**
 * Judges a model on what it said.
 *
 * @param emotions the model's
 * @param shared those that the corpus has too, at least two
 * @param heard utterances of shared emotions, at least one
 * @throws {RangeError} for fewer
 */
export function judgeTransfer(
  emotions: readonly string[],
  shared: readonly string[],
  heard: readonly HeardUtterance[],
): Transfer {
  if (shared.length < 2 || heard.length === 0) {
    throw new RangeError(
      `Transfer: expected at least two shared emotions and one utterance, found ${shared.length} and ${heard.length}`,
    );
  }
  const columns = shared.map((emotion) => emotions.indexOf(emotion));
  const truth = heard.map(({ emotion }) => shared.indexOf(emotion));
  const decided = heard.map(({ probabilities }) => argmax(columns.map((column) => probabilities[column])));
  const strayed = heard.filter(({ probabilities }) => !columns.includes(argmax(probabilities)));
  const confusion = confusionMatrix(truth, decided, shared.length);
  return {
    emotions: [...shared],
    utterances: heard.length,
    weightedAccuracy: weightedAccuracy(confusion),
    unweightedAccuracy: unweightedAccuracy(confusion),
    confusion,
    strayed: strayed.length / heard.length,
  };
}
