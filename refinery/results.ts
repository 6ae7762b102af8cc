/** What an experiment gives: the contents of `results.json`, and what each fold hands to it. */
import type { EpochRecord } from "../nn/fit.ts";

/** One network of one fold's chain. */
export interface FoldStage {
  /** Its number in the chain. */
  stage: number;
  /** Probabilities for the segments of the fold's held-out utterances, in the corpus's order: [segments, emotions]. */
  profiles: Float32Array;
  /** How the network was fitted. */
  epochs: EpochRecord[];
  /** The epoch whose weights it has. */
  bestEpoch: number;
  /** Mean entropy, in nats, of the labels that it was trained on. */
  labelEntropy: number;
  /** Mean Brier score of those labels against the segments' true emotions; where the corpus knows them. */
  labelError?: number;
  /** The same of labels in which a uniform distribution takes the place of the last stage's profiles; of later stages. */
  labelErrorUniform?: number;
}

/** One fold's chain of networks. */
export interface FoldResult {
  /** Which. */
  fold: number;
  /** In order. */
  stages: FoldStage[];
}

/** Figures of one stage over all folds; accuracies are fractions of 1. */
export interface StageFigures {
  /** Share of utterances that the forest gets right (WA). */
  weightedAccuracy: number;
  /** Mean over the emotions of the share of their utterances that it gets right (UA). */
  unweightedAccuracy: number;
  /** Utterances by true emotion (rows) and the forest's (columns). */
  confusion: number[][];
  /** Share of segments whose likeliest emotion is that of their utterance. */
  segmentAccuracy: number;
  /** Share of utterances whose mean profile is highest at their emotion. */
  meanVoteAccuracy: number;
  /** The mean of that over the emotions; undefined in runs that are older than it. */
  meanVoteUnweightedAccuracy?: number;
  /** Share of segments whose likeliest emotion is their own true one; where the corpus knows that. */
  trueSegmentAccuracy?: number;
  /** Mean entropy, in nats, of the labels that the stage was trained on. */
  labelEntropy: number;
  /**
   * How far those labels were from the truth, where the corpus knows it: the mean over segments of the squared distance
   * between label and one-hot true emotion (Brier 1950): 0 is perfect, 2 certain and wrong.
   */
  labelError?: number;
  /**
   * The control: the same of labels in which a uniform distribution takes the place of the last stage's profiles. What refinery is below it, the
   * networks have found; what is above it, any flat label earns. Of later stages, where the corpus knows the truth.
   */
  labelErrorUniform?: number;
}

/** The same in `results.json`. */
export interface StageResult extends StageFigures {
  /** The stage's ordinal: 1 for the first. */
  stage: number;
}

/** The whole experiment: `results.json`. */
export interface Results {
  /** Which corpus. */
  corpus: string;
  /** How labels were refined. */
  method: string;
  /** Which preset the settings began from. */
  preset: string;
  /** What random choices were keyed by. */
  seed: number;
  /** What it ran on. */
  device: string;
  /** In the order of rows and columns. */
  emotions: string[];
  /** How many were used. */
  utterances: number;
  /** How many were used. */
  segments: number;
  /** Folds of the cross-validation. */
  folds: number;
  /** In order. */
  stages: StageResult[];
  /** How long the whole took. */
  seconds: number;
}
