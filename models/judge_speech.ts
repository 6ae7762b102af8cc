/**
 * Judges a recording by its speech alone. Segments without speech stay in the profile, are marked, and do not count.
 */
import type { Model } from "./model.ts";
import type { DecisionRule, Prediction } from "./predictor.ts";
import { argmax, meanRow } from "../refinery/relabel.ts";
import { profileStatistics } from "../refinery/statistics.ts";

/** A prediction with marked segments. */
export interface SpeechPrediction extends Prediction {
  /** [segments]: 1 for a segment with speech, which was judged, and 0 for the others. */
  speech: Uint8Array;
}

/** The rows of a profile that are speech. @param profile [segments, emotions] @param speech [segments] @returns [speech segments, emotions] */
export function speechRows(profile: Float32Array, speech: Uint8Array): Float32Array {
  const K = profile.length / speech.length;
  return profile.filter((_, i) => speech[Math.floor(i / K)] === 1);
}

/**
 * The probabilities of a whole recording, from its profile. @param profile [segments, emotions], at least one segment
 */
export function decideProfile(
  { description: { emotions }, forest }: Pick<Model, "description" | "forest">,
  profile: Float32Array,
  decide: DecisionRule = "forest",
): Float64Array {
  const K = emotions.length;
  return decide === "mean"
    ? meanRow(profile, 0, profile.length / K, K)
    : forest.predictProbabilities(profileStatistics(profile, K));
}

/**
 * Judges a recording by its segments with speech.
 *
 * @param prediction a prediction from all segments
 * @param speech [segments], 1 or 0, at least one of them 1
 * @throws {RangeError} if no segment has speech, or the number of segments differs
 */
export function judgeSpeech(
  model: Pick<Model, "description" | "forest">,
  prediction: Prediction,
  speech: Uint8Array,
  decide: DecisionRule = "forest",
): SpeechPrediction {
  const { emotions } = model.description, segments = prediction.profile.length / emotions.length;
  if (speech.length !== segments) {
    throw new RangeError(`Expected marks of ${segments} segments, found ${speech.length}`);
  }
  if (!speech.includes(1)) throw new RangeError("Expected a segment with speech, found none");
  if (!speech.includes(0)) return { ...prediction, speech };
  const probabilities = decideProfile(model, speechRows(prediction.profile, speech), decide);
  const likeliest = argmax(probabilities);
  const probability = probabilities[likeliest], threshold = model.description.certainty?.[decide];
  return {
    ...prediction,
    emotion: emotions[likeliest],
    probability,
    probabilities,
    speech,
    ...(threshold && { unsure: probability < threshold.probability }),
  };
}
