/**
 * The paper: emotion profiles, their refinery in stages, cross-validation, and the forest that decides. To read it from the top:
 *
 *     cross_validation.ts   the folds (section 4.1 of the paper)
 *     fold.ts, chain.ts     a fold's chain of networks: labels, a network, profiles, better labels, stage after stage
 *     relabel.ts            the labels of a stage, from the profiles of the stage before (sections 4.2 to 4.4)
 *     statistics.ts         from a profile to a row of numbers
 *     forests.ts, judge.ts  the forests that decide on the held-out utterances, and their accuracy
 *     paper.ts              the paper's tables
 *     settings.ts           every choice of the paper, and ours
 *
 * @module
 */
export { calibrate, type Calibration, type ReliabilityBin } from "./calibration.ts";
export type { LabelSource, Method, Scaling, Split } from "./choices.ts";
export { type CorpusRecord, CrossValidation, type UtteranceRecord } from "./cross_validation.ts";
export { segmentation } from "./derived_settings.ts";
export { runFold } from "./fold.ts";
export type { FittedNetwork, FoldHooks, FoldMemory, FoldProgress, KeptNetwork, StageOutput } from "./fold_hooks.ts";
export { assignFolds, type FoldCandidate } from "./folds.ts";
export { crossValidate, fitForest, type FoldForest } from "./forests.ts";
export { type Interval, wilsonInterval } from "./intervals.ts";
export { judge, type Judgement } from "./judge.ts";
export { compareStages, type Comparison } from "./mcnemar.ts";
export { confusionMatrix, unweightedAccuracy, weightedAccuracy } from "./metrics.ts";
export { type PresetName, PRESETS } from "./presets.ts";
export { pseudoLabels, refineLabels, type UtteranceLabel } from "./relabel.ts";
export type { FoldResult, FoldStage, Results, StageFigures, StageResult } from "./results.ts";
export { SegmentDataset, SegmentStore, type Standardisation, type Teacher } from "./segment_dataset.ts";
export type {
  ChoiceSetting,
  RealSetting,
  SettingValue,
  SettingWords,
  SwitchSetting,
  WholeSetting,
} from "./setting_kinds.ts";
export { type SettingName, SETTINGS, type Settings, type SettingsTable } from "./settings.ts";
export { profileStatistics } from "./statistics.ts";
