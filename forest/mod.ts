/**
 * A decision tree and a random forest that classify tables of numbers, with scikit-learn 1.2's defaults and its algorithm
 * for growing trees, in plain TypeScript. It depends on no audio and no network.
 *
 * To read it bottom-up: `criterion.ts` (what a good split is), `columns.ts` and `rank_sorter.ts` (the table, and how a
 * node's samples are sorted), `splitter.ts` (the best split of a node), `builder.ts` (a tree grown split by split),
 * `tree.ts`, `forest.ts`, `parallel.ts` (the same forest in several threads).
 *
 * @module
 */
export type { TreeNodes } from "./builder.ts";
export type { Labels } from "./columns.ts";
export { gini } from "./criterion.ts";
export { explainForest, type ForestExplanation, type Question, type TreeVote } from "./explain.ts";
export { type ForestOptions, RandomForest } from "./forest.ts";
export type { ForestJSON, TreeJSON } from "./json.ts";
export { ForestPool } from "./parallel.ts";
export { DecisionTree, type MaxFeatures } from "./tree.ts";
