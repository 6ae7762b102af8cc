/**
 * From out-of-fold profiles to decisions: statistics of each utterance's profile, a random forest over them (`forests.ts`), and
 * their accuracy.
 */
import { ordinal } from "../base/numbering.ts";
import type { CorpusRecord, CrossValidation } from "./cross_validation.ts";
import { crossValidate } from "./forests.ts";
import { mean } from "./intervals.ts";
import { confusionMatrix, unweightedAccuracy, weightedAccuracy } from "./metrics.ts";
import { judgeProfiles } from "./profile_figures.ts";
import { meanRow } from "./relabel.ts";
import type { FoldResult, StageFigures } from "./results.ts";
import { segmentsOf } from "./segment_dataset.ts";

/** Results of all folds together. */
export interface Judgement {
  /** Statistics of each stage. */
  stages: StageFigures[];
  /** Out-of-fold profiles of each stage: [segments, emotions]. */
  profiles: Float32Array[];
  /** The forest's decision on each utterance, by stage. */
  decisions: Int32Array[];
  /** The most likely emotion of each utterance's mean profile, by stage: a decision without a forest. */
  votes: Int32Array[];
}

/**
 * Judges every stage.
 *
 * @throws RangeError if a fold's result is missing
 */
export function judge(cv: CrossValidation, results: readonly FoldResult[]): Judgement {
  const { utterances, emotions, segmentTruth } = cv.corpus, truth = utterances.map(({ emotion }) => emotion);
  const judgement: Judgement = { stages: [], profiles: [], decisions: [], votes: [] };
  for (const [stage, profiles] of outOfFoldProfiles(cv, results).entries()) {
    const decisions = decide(cv, profiles, stage);
    const own = results.map((fold) => fold.stages[stage]);
    const confusion = confusionMatrix(truth, decisions, emotions.length);
    judgement.profiles.push(profiles);
    judgement.decisions.push(decisions);
    const figures = judgeProfiles(utterances, profiles, emotions.length, segmentTruth);
    const voted = confusionMatrix(truth, figures.votes, emotions.length);
    judgement.votes.push(figures.votes);
    judgement.stages.push({
      weightedAccuracy: weightedAccuracy(confusion),
      unweightedAccuracy: unweightedAccuracy(confusion),
      confusion,
      segmentAccuracy: figures.segmentsRight / figures.segments,
      meanVoteAccuracy: weightedAccuracy(voted),
      meanVoteUnweightedAccuracy: unweightedAccuracy(voted),
      ...(figures.segmentsTrulyRight !== undefined &&
        { trueSegmentAccuracy: figures.segmentsTrulyRight / figures.segments }),
      labelEntropy: mean(own.map((s) => s.labelEntropy)),
      ...(segmentTruth && { labelError: mean(own.map((s) => s.labelError ?? NaN)) }),
      ...(own.every((s) => s.labelErrorUniform !== undefined) &&
        { labelErrorUniform: mean(own.map((s) => s.labelErrorUniform!)) }),
    });
  }
  return judgement;
}

/**
 * Every utterance's profile at each stage, [segments, emotions], from the fold that held it out. With `averageStages`, the mean
 * of the profiles of the stages so far.
 *
 * @throws RangeError if a fold's result is missing
 */
export function outOfFoldProfiles(cv: CrossValidation, results: readonly FoldResult[]): Float32Array[] {
  const stages = Array.from({ length: cv.settings.stages }, (_, stage) => gather(cv, results, stage));
  if (!cv.settings.averageStages) return stages;
  const sum = new Float32Array(stages[0].length);
  return stages.map((single, stage) => {
    single.forEach((p, at) => sum[at] += p);
    return sum.map((total) => total / (stage + 1));
  });
}

/** The profiles of one stage. */
function gather(cv: CrossValidation, results: readonly FoldResult[], stage: number): Float32Array {
  const { corpus, settings } = cv, K = corpus.emotions.length;
  const profiles = new Float32Array(countSegments(corpus) * K);
  for (let fold = 0; fold < settings.folds; fold++) {
    const own = results.find((r) => r.fold === fold)?.stages[stage];
    if (!own) {
      throw new RangeError(`Fold ${ordinal(fold)}, stage ${ordinal(stage)} is missing: all folds are needed to judge`);
    }
    segmentsOf(corpus, cv.heldOut(fold)).forEach((s, row) =>
      profiles.set(own.profiles.subarray(row * K, (row + 1) * K), s * K)
    );
  }
  return profiles;
}

/** Cross-validated decisions of the forest. */
function decide(cv: CrossValidation, profiles: Float32Array, stage: number): Int32Array {
  const decisions = new Int32Array(cv.corpus.utterances.length);
  for (const { forest, held, x } of crossValidate(cv, profiles, stage)) {
    forest.predict(x).forEach((emotion, row) => decisions[held[row]] = emotion);
  }
  return decisions;
}

/**
 * The mean profile of each utterance, [utterances, emotions]. Without a forest, its most likely emotion is the
 * decision.
 */
export function meanProfiles(
  { utterances, emotions: { length: K } }: CorpusRecord,
  profiles: Float32Array,
): Float32Array {
  const means = new Float32Array(utterances.length * K);
  utterances.forEach(({ firstSegment, segmentCount }, u) =>
    means.set(meanRow(profiles, firstSegment, segmentCount, K), u * K)
  );
  return means;
}

/** The emotion of the utterance of each segment. */
export function segmentLabels(corpus: CorpusRecord): Int32Array {
  const labels = new Int32Array(countSegments(corpus));
  for (const { emotion, firstSegment, segmentCount } of corpus.utterances) {
    labels.fill(emotion, firstSegment, firstSegment + segmentCount);
  }
  return labels;
}

function countSegments({ utterances }: CorpusRecord): number {
  return utterances.reduce((sum, { segmentCount }) => sum + segmentCount, 0);
}
