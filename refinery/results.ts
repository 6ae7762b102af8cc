/** The results of an experiment: the contents of `results.json`, and each fold's contribution. */
import type { EpochRecord } from "../nn/fit.ts";

/** One network of one fold's chain. */
export interface FoldStage {
  /** Its stage in the chain. */
  stage: number;
  /** Probabilities for the segments of the fold's held-out utterances, in the corpus's order: [segments, emotions]. */
  profiles: Float32Array;
  /** Record of the network's fit. */
  epochs: EpochRecord[];
  /** The epoch whose weights it has. */
  bestEpoch: number;
  /** Mean entropy, in nats, of the labels that it was trained on. */
  labelEntropy: number;
  /** Mean Brier score of those labels against the segments' true emotions, if the corpus knows them. */
  labelError?: number;
  /** The same for labels in which a uniform distribution replaces the last stage's profiles; for later stages only. */
  labelErrorUniform?: number;
}

/** One fold's chain of networks. */
export interface FoldResult {
  /** The fold's index. */
  fold: number;
  /** Its stages in order. */
  stages: FoldStage[];
}

/** Statistics of one stage over all folds; accuracies are fractions of 1. */
export interface StageFigures {
  /** Share of utterances that the forest classifies correctly (WA). */
  weightedAccuracy: number;
  /** Mean recall of the forest over the emotions (UA). */
  unweightedAccuracy: number;
  /** Utterances by true emotion (rows) and the forest's decision (columns). */
  confusion: number[][];
  /** Share of segments whose most likely emotion is that of their utterance. */
  segmentAccuracy: number;
  /** Share of utterances whose mean profile is highest at their emotion. */
  meanVoteAccuracy: number;
  /** Mean of this share over the emotions; undefined in runs that predate it. */
  meanVoteUnweightedAccuracy?: number;
  /** Share of segments whose most likely emotion is their true one, if the corpus knows that. */
  trueSegmentAccuracy?: number;
  /** Mean entropy, in nats, of the labels that the stage was trained on. */
  labelEntropy: number;
  /**
   * The distance of those labels from the truth, if the corpus knows it: the mean over segments of the squared distance
   * between label and one-hot true emotion (Brier 1950): 0 is perfect, 2 is certain and wrong.
   */
  labelError?: number;
  /**
   * The control: the same for labels in which a uniform distribution replaces the last stage's profiles. If refinery is below this value,
   * the networks made the difference; any flat label earns the rest. For later stages, if the corpus knows the truth.
   */
  labelErrorUniform?: number;
}

/** A stage in `results.json`. */
export interface StageResult extends StageFigures {
  /** The stage's ordinal: 1 for the first. */
  stage: number;
}

/** The whole experiment: `results.json`. */
export interface Results {
  /** The corpus's name. */
  corpus: string;
  /** How labels were refined. */
  method: string;
  /** The preset that the settings started from. */
  preset: string;
  /** The seed of all random choices. */
  seed: number;
  /** The device that computed it. */
  device: string;
  /** In the order of rows and columns. */
  emotions: string[];
  /** Number of utterances used. */
  utterances: number;
  /** Number of segments used. */
  segments: number;
  /** Folds of the cross-validation. */
  folds: number;
  /** Results of the stages in order. */
  stages: StageResult[];
  /** Duration of the whole experiment. */
  seconds: number;
}
