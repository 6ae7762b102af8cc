/**
 * The step from a profile to the emotion as ONNX nodes: the statistics of `refinery/statistics.ts`, and the forest of `forest/`.
 *
 *     profile [N, K] -> maximum, minimum, mean, share above 0.2 of each emotion [1, 4 K] -> trees -> probabilities [K], emotion [1]
 *
 * Both are exact. The statistics are float32 as in EPR, and a tree's test `x <= t` gives the same answer for the largest float32
 * that is not above t. Trees add up shares, not shares divided by the number of trees, so ties in EPR are ties here. In a tie, both
 * choose the first emotion.
 */
import type { RandomForest } from "../../forest/forest.ts";
import { notAbove } from "../../forest/packed.ts";
import type { Model } from "../model.ts";
import { STATISTICS, THRESHOLD } from "../../refinery/statistics.ts";
import { type AttributeValue, type OnnxGraph, TYPES } from "./graph.ts";

/** Adds statistics and forest. @param profile name of the float values, [segments, emotions] */
export function addDecision(graph: OnnxGraph, { description, forest }: Model, profile: string): void {
  addStatistics(graph, profile, description.emotions.length);
  const outputs = ["emotion", "votes"];
  graph.node("ai.onnx.ml.TreeEnsembleClassifier", ["statistics"], outputs, treeTables(forest, description.emotions));
  graph.constant("trees", Float32Array.of(forest.trees.length), []);
  graph.node("Div", ["votes", "trees"], "vote_shares");
  graph.whole("axis.recording", [0]);
  graph.node("Squeeze", ["vote_shares", "axis.recording"], "probabilities");
}

/** Float [1, 4 K]: the {@link STATISTICS} of one emotion after the other. */
function addStatistics(graph: OnnxGraph, profile: string, emotions: number): void {
  graph.whole("axis.statistic", [2]);
  graph.whole("shape.statistics", [1, STATISTICS.length * emotions]);
  graph.constant("threshold", Float32Array.of(notAbove(THRESHOLD)), []);
  const over = { axes: [0], keepdims: 1 };
  graph.node("ReduceMax", [profile], "maximum", over);
  graph.node("ReduceMin", [profile], "minimum", over);
  graph.node("Cast", [profile], "profile.double", { to: TYPES.double });
  graph.node("ReduceMean", ["profile.double"], "mean.double", over);
  graph.node("Cast", ["mean.double"], "mean_profile", { to: TYPES.float });
  graph.node("Greater", [profile, "threshold"], "above");
  graph.node("Cast", ["above"], "above.double", { to: TYPES.double });
  graph.node("ReduceMean", ["above.double"], "share.double", over);
  graph.node("Cast", ["share.double"], "share_above", { to: TYPES.float });
  const columns = ["maximum", "minimum", "mean_profile", "share_above"].map((name) =>
    graph.node("Unsqueeze", [name, "axis.statistic"], `${name}.column`) // [1, K, 1]
  );
  graph.node("Concat", columns, "statistics.by_emotion", { axis: 2 });
  graph.node("Reshape", ["statistics.by_emotion", "shape.statistics"], "statistics");
}

/**
 * The forest in ONNX's layout: a column for each property of the nodes, and one for each property of the leaves'
 * shares.
 */
function treeTables(forest: RandomForest, emotions: readonly string[]): Record<string, AttributeValue> {
  const nodes = { tree: [] as number[], id: [] as number[], feature: [] as number[], mode: [] as string[] };
  const [thresholds, yes, no]: number[][] = [[], [], []];
  const leaves = { tree: [] as number[], node: [] as number[], emotion: [] as number[], share: [] as number[] };
  for (const [tree, { nodes: { feature, threshold, left, right, value }, classes }] of forest.trees.entries()) {
    for (let node = 0; node < feature.length; node++) {
      const leaf = feature[node] < 0;
      nodes.tree.push(tree);
      nodes.id.push(node);
      nodes.feature.push(leaf ? 0 : feature[node]);
      nodes.mode.push(leaf ? "LEAF" : "BRANCH_LEQ");
      thresholds.push(leaf ? 0 : notAbove(threshold[node]));
      yes.push(leaf ? 0 : left[node]);
      no.push(leaf ? 0 : right[node]);
      if (!leaf) continue;
      const counts = value.subarray(node * classes, (node + 1) * classes);
      const sum = counts.reduce((a, b) => a + b, 0);
      for (const [emotion, count] of counts.entries()) {
        // the first leaf lists every emotion: a runtime treats a forest whose leaf lists one of two classes as another
        // kind
        if (count === 0 && (tree > 0 || leaves.tree.length >= classes)) continue;
        leaves.tree.push(tree);
        leaves.node.push(node);
        leaves.emotion.push(emotion);
        leaves.share.push(count / sum);
      }
    }
  }
  return {
    nodes_treeids: nodes.tree,
    nodes_nodeids: nodes.id,
    nodes_featureids: nodes.feature,
    nodes_modes: nodes.mode,
    nodes_values: Float32Array.from(thresholds),
    nodes_truenodeids: yes,
    nodes_falsenodeids: no,
    class_treeids: leaves.tree,
    class_nodeids: leaves.node,
    class_ids: leaves.emotion,
    class_weights: Float32Array.from(leaves.share),
    classlabels_strings: emotions,
    post_transform: "NONE",
  };
}
