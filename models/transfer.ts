/**
 * Judges a model on another corpus. Only emotions that both have can be judged, so the model decides between these alone,
 * and utterances with other emotions are left out. The model's unrestricted decisions are also counted.
 */
import { confusionMatrix, unweightedAccuracy, weightedAccuracy } from "../refinery/metrics.ts";
import { argmax } from "../refinery/relabel.ts";

/** A model's result for an utterance. */
export interface UtterancePrediction {
  /** Its emotion in the corpus. */
  emotion: string;
  /** The model's probabilities, in the order of its emotions. */
  probabilities: ArrayLike<number>;
}

/** Accuracy; values are fractions of 1. */
export interface Transfer {
  /** The shared emotions, in the model's order. */
  emotions: string[];
  /** Number of judged utterances. */
  utterances: number;
  /** Share of correct ones, between the shared emotions. */
  weightedAccuracy: number;
  /** Mean recall over the shared emotions that occur. */
  unweightedAccuracy: number;
  /** Utterances by true emotion (rows) and the model's decision (columns). */
  confusion: number[][];
  /** Share of utterances for which the unrestricted model chose an emotion that the corpus does not have. */
  strayed: number;
}

/** The emotions that a model and a corpus share, in the model's order. */
export function sharedEmotions(model: readonly string[], corpus: readonly string[]): string[] {
  return model.filter((emotion) => corpus.includes(emotion));
}

/**
 * Judges a model's results.
 *
 * @param emotions the model's emotions
 * @param shared the emotions that the corpus also has, at least two
 * @param predictions results for utterances of shared emotions, at least one
 * @throws {RangeError} for fewer
 */
export function judgeTransfer(
  emotions: readonly string[],
  shared: readonly string[],
  predictions: readonly UtterancePrediction[],
): Transfer {
  if (shared.length < 2 || predictions.length === 0) {
    throw new RangeError(
      `Transfer: expected at least two shared emotions and one utterance, found ${shared.length} and ${predictions.length}`,
    );
  }
  const columns = shared.map((emotion) => emotions.indexOf(emotion));
  const truth = predictions.map(({ emotion }) => shared.indexOf(emotion));
  const decided = predictions.map(({ probabilities }) => argmax(columns.map((column) => probabilities[column])));
  const strayed = predictions.filter(({ probabilities }) => !columns.includes(argmax(probabilities)));
  const confusion = confusionMatrix(truth, decided, shared.length);
  return {
    emotions: [...shared],
    utterances: predictions.length,
    weightedAccuracy: weightedAccuracy(confusion),
    unweightedAccuracy: unweightedAccuracy(confusion),
    confusion,
    strayed: strayed.length / predictions.length,
  };
}
