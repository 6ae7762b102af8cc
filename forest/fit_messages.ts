/** What the thread of a forest pool (`parallel.ts`) and its workers (`fit_worker.ts`) tell each other, and how trees are claimed. */
import type { TreeNodes } from "./builder.ts";
import type { Labels } from "./columns.ts";
import type { ForestOptions } from "./forest.ts";

/** What a worker is sent for each forest. */
export interface FitJob {
  /** its number, which the report bears */
  job: number;
  /** [n, features], shared */
  x: Float32Array;
  /** [n], shared */
  y: Labels;
  /** what the forest is to be */
  options: ForestOptions;
  /** [1 + threads], shared: the next tree that nobody has, and how many each worker has claimed */
  claimed: Int32Array;
  /** the worker's number, from 1 */
  member: number;
  /** how many there are */
  trees: number;
}

/** What a worker sends when no tree is left to claim: those that it grew, and their numbers. */
export type FitReport = { job: number; numbers: number[]; trees: TreeNodes[] } | { job: number; error: string };

/** Claims trees, one at a time, and gives their numbers; each is noted in `numbers`. */
export function* claimTrees({ claimed, member, trees }: FitJob, numbers: number[]): Generator<number> {
  for (let tree; (tree = Atomics.add(claimed, 0, 1)) < trees;) {
    Atomics.add(claimed, member, 1);
    numbers.push(tree);
    yield tree;
  }
}
