/**
 * The paper: emotion profiles, their refinery in stages, cross-validation, and the forest that decides.
 *
 * @module
 */
export { calibrate, type Calibration, type ReliabilityBin } from "./calibration.ts";
export { CrossValidation, type Judged, type JudgedUtterance } from "./cross_validation.ts";
export { runFold } from "./fold.ts";
export type { FittedNetwork, FoldHooks, FoldMemory, FoldProgress, KeptNetwork, StageOutput } from "./fold_hooks.ts";
export { assignFolds, type Drawn } from "./folds.ts";
export { type Interval, wilsonInterval } from "./intervals.ts";
export { crossValidate, fitForest, type FoldForest } from "./forests.ts";
export { judge, type Judgement } from "./judge.ts";
export { compareStages, type Comparison } from "./mcnemar.ts";
export { confusionMatrix, unweightedAccuracy, weightedAccuracy } from "./metrics.ts";
export { type Labelled, pseudoLabels, refineLabels } from "./relabel.ts";
export type { FoldResult, FoldStage, Results, StageFigures, StageResult } from "./results.ts";
export { SegmentDataset, SegmentStore, type Standardisation, type Teacher } from "./segment_dataset.ts";
export {
  type ChoiceSetting,
  type LabelSource,
  type Method,
  type PresetName,
  PRESETS,
  type RealSetting,
  type Scaling,
  segmentation,
  type SettingName,
  SETTINGS,
  type Settings,
  type SettingsTable,
  type SettingValue,
  type SettingWords,
  type Split,
  type SwitchSetting,
  type WholeSetting,
} from "./settings.ts";
export { profileStatistics } from "./statistics.ts";
