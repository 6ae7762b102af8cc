/**
 * The paper: emotion profiles, their refinery in stages, cross-validation, and the forest that decides.
 *
 * @module
 */
export * from "./calibration.ts";
export { strideOf } from "./fold_data.ts";
export * from "./fold_hooks.ts";
export { countFits } from "./fold_work.ts";
export { rateOf } from "./network_fits.ts";
export * from "./change.ts";
export * from "./deciders.ts";
export * from "./fold.ts";
export * from "./folds.ts";
export * from "./fraction.ts";
export * from "./importance.ts";
export * from "./intervals.ts";
export * from "./judge.ts";
export * from "./mcnemar.ts";
export * from "./metrics.ts";
export * from "./paper.ts";
export * from "./profile_figures.ts";
export * from "./rank_correlation.ts";
export * from "./relabel.ts";
export * from "./results.ts";
export * from "./scaling.ts";
export * from "./segment_dataset.ts";
export * from "./settings.ts";
export * from "./statistics.ts";
export * from "./trial.ts";
export * from "./views.ts";
