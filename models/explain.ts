/**
 * Why a recording has the emotion that it has: the statistics of its profile, what the forest's trees asked of them and how they voted,
 * and the stretches that decided.
 *
 *   a stretch's weight = probability of the emotion - that probability without the stretch's segments
 *
 * so a stretch decided if the emotion is less likely without it (occlusion; Zeiler & Fergus 2014 do so with parts of pictures).
 * What the forest makes of a profile without the stretch is computed, not estimated; the weights need not add up.
 */
import { segmentStartSeconds } from "../dsp/segments.ts";
import { explainForest, type ForestExplanation } from "../forest/explain.ts";
import { decideProfile, type SpeechPrediction, speechRows } from "./judge_speech.ts";
import type { Model } from "./model.ts";
import { profileStatistics, STATISTICS } from "../refinery/statistics.ts";

/** A row of segments. */
export interface SegmentRange {
  /** Its first segment. */
  firstSegment: number;
  /** How many there are. */
  segmentCount: number;
}

/** What a stretch did for the emotion of the whole. */
export interface StretchWeight extends SegmentRange {
  /** The emotion's probability without it; not set: nothing would be left. */
  without?: number;
}

/** Why. */
export interface Explanation extends ForestExplanation {
  /** Of the segments that were judged: [emotions, 4], in the order of {@link STATISTICS}. What the trees ask about. */
  statistics: Float32Array;
  /** When the segment begins that has the maximum of each emotion, and the minimum: seconds, [emotions]. */
  moments: { maximum: number[]; minimum: number[] };
  /** What each stretch did, in order of time. */
  stretches: StretchWeight[];
}

/** What a column of the statistics is called: "mean anger". */
export function statisticName(feature: number, emotions: readonly string[]): string {
  return `${STATISTICS[feature % STATISTICS.length]} ${emotions[Math.floor(feature / STATISTICS.length)]}`
    .replace(/^share above 0\.2 /, "share above 0.2 of ");
}

/**
 * Explains what the forest decided.
 *
 * @param prediction with the segments marked that were judged
 * @param stretches of segments, those with speech
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
