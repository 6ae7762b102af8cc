/** A worker thread of `parallel.ts`: grows trees for one forest after the other. */
import { serve } from "../workers/member.ts";
import type { TreeNodes } from "./builder.ts";
import type { Labels } from "./columns.ts";
import { type ForestOptions, treeGrower } from "./forest.ts";

/** A forest to grow. */
export interface ForestSetup {
  /** [n, features], shared */
  x: Float32Array;
  /** [n], shared */
  y: Labels;
  /** the forest's options */
  options: ForestOptions;
}

serve<ForestSetup, number, TreeNodes>(({ x, y, options }) => {
  const grow = treeGrower(x, y, options);
  return { run: (tree) => grow(tree).nodes };
});
