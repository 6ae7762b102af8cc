/**
 * Explains the decision on a recording: the statistics of its profile, the forest's questions about them and the trees' votes, and the
 * decisive stretches.
 *
 *   a stretch's weight = probability of the emotion - that probability without the stretch's segments
 *
 * so a stretch is decisive if the emotion is less likely without it (occlusion; Zeiler & Fergus 2014 do this with parts of pictures).
 * The forest is evaluated on the profile without the stretch, so this is exact, not an estimate. The weights need not add up.
 */
import { segmentStartSeconds } from "../dsp/segments.ts";
import { explainForest, type ForestExplanation } from "../forest/explain.ts";
import { decideProfile, type SpeechPrediction, speechRows } from "./judge_speech.ts";
import type { Model } from "./model.ts";
import { profileStatistics, STATISTICS } from "../refinery/statistics.ts";

/** A range of consecutive segments. */
export interface SegmentRange {
  /** Its first segment. */
  firstSegment: number;
  /** Number of segments. */
  segmentCount: number;
}

/** The effect of a stretch on the emotion of the whole. */
export interface StretchWeight extends SegmentRange {
  /** The emotion's probability without the stretch; undefined if nothing would remain. */
  without?: number;
}

/** The explanation of a decision. */
export interface Explanation extends ForestExplanation {
  /** Statistics of the judged segments: [emotions, 4], in the order of {@link STATISTICS}. The trees test these. */
  statistics: Float32Array;
  /** Start of the segment with the maximum of each emotion, and of that with the minimum: seconds, [emotions]. */
  moments: { maximum: number[]; minimum: number[] };
  /** The effect of each stretch, in order of time. */
  stretches: StretchWeight[];
}

/** The name of a column of the statistics: "mean anger". */
export function statisticName(feature: number, emotions: readonly string[]): string {
  return `${STATISTICS[feature % STATISTICS.length]} ${emotions[Math.floor(feature / STATISTICS.length)]}`
    .replace(/^share above 0\.2 /, "share above 0.2 of ");
}

/**
 * Explains the forest's decision.
 *
 * @param prediction a prediction in which the judged segments are marked
 * @param stretches ranges of segments with speech
 */
export function explain(
  model: Pick<Model, "description" | "forest">,
  prediction: SpeechPrediction,
  stretches: readonly SegmentRange[],
): Explanation {
  const { forest, description: { emotions, frontEnd } } = model, K = emotions.length;
  const { profile, speech, segmentHop } = prediction, judged = [...speech.keys()].filter((s) => speech[s] === 1);
  const statistics = profileStatistics(speechRows(profile, speech), K);
  const momentOf = (k: number, sign: number) => {
    const best = judged.reduce((best, s) => sign * profile[s * K + k] > sign * profile[best * K + k] ? s : best);
    return segmentStartSeconds(best, segmentHop, frontEnd);
  };
  const of = emotions.indexOf(prediction.emotion);
  return {
    statistics,
    moments: {
      maximum: emotions.map((_, k) => momentOf(k, 1)),
      minimum: emotions.map((_, k) => momentOf(k, -1)),
    },
    ...explainForest(forest, statistics),
    stretches: stretches.map(({ firstSegment, segmentCount }) => {
      const rest = speech.map((one, s) => s >= firstSegment && s < firstSegment + segmentCount ? 0 : one);
      const without = rest.includes(1) ? decideProfile(model, speechRows(profile, rest))[of] : undefined;
      return { firstSegment, segmentCount, ...(without !== undefined && { without }) };
    }),
  };
}
