/**
 * Forests grown by several threads. A tree draws from random numbers of its own (`forest.ts`), so it does not matter who grows
 * it: the forest is the same, to the bit, as `RandomForest.fit` gives.
 *
 * Every worker has the table in shared memory and ranks it for itself, which is as quick as waiting for one that ranks it for
 * all. Trees are claimed one by one (`workers/crew.ts`), so that all workers end at about the same time.
 *
 * @module
 */
import { availableParallelism } from "node:os";
import { Crew, MOST_THREADS } from "../workers/crew.ts";
import type { TreeNodes } from "./builder.ts";
import { checkLabels, countRows, type Labels, wantWhole } from "./columns.ts";
import type { ForestSetup } from "./fit_worker.ts";
import { type ForestOptions, RandomForest, treeGrower } from "./forest.ts";
import { countMaxFeatures, DecisionTree } from "./tree.ts";

/** Options of a {@link ForestPool}. */
export interface PoolOptions {
  /** worker threads, 1 to 64; as many as the machine has processors if not said */
  threads?: number;
  /** the worker's own file; tests give others */
  worker?: URL;
}

/**
 * Threads that grow forests, one after the other. They start with the pool (some 70 ms) and get quicker over their first
 * forests, as the engine compiles the code they run: keep a pool for as long as there are forests to grow. Where no thread
 * can be started, forests are grown on this one.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { RandomForest } from "./forest.ts";
 * const x = new Float32Array([1, 5, 2, 6, 3, 5, 10, 6, 11, 5, 12, 6]), y = new Uint8Array([0, 0, 0, 1, 1, 1]);
 * const options = { features: 2, classes: 2, seed: 7 };
 * const pool = new ForestPool({ threads: 2 });
 * assertEquals(await pool.fit(x, y, options), RandomForest.fit(x, y, options));
 * await pool.close();
 * ```
 */
export class ForestPool {
  readonly #crew: Crew<ForestSetup, number, TreeNodes>;

  /**
   * Starts the threads; they end with {@link ForestPool.close}, or with the program.
   *
   * @throws RangeError where `threads` is no whole number from 1 to 64
   */
  constructor(options: PoolOptions = {}) {
    const { worker: program = new URL("./fit_worker.ts", import.meta.url) } = options;
    const threads = options.threads ?? Math.min(MOST_THREADS, availableParallelism());
    if (!(Number.isInteger(threads) && threads >= 1 && threads <= MOST_THREADS)) {
      throw new RangeError(`threads: expected a whole number from 1 to ${MOST_THREADS}, found ${threads}`);
    }
    this.#crew = new Crew({ program, name: (tree) => `Tree ${tree + 1} of a forest` });
    this.#crew.start(threads);
  }

  /**
   * Grows a forest: the one that {@link RandomForest.fit} gives. Forests that are asked for at once are grown one after the
   * other.
   *
   * @param x [n, features], row-major, finite; may be changed as soon as this returns
   * @param y [n]; may be changed as soon as this returns
   * @param signal aborts: the promise then rejects with the signal's reason
   * @throws RangeError as {@link RandomForest.fit}; Error where a thread died or hung that had claimed trees of it, or the pool
   *   is closed
   */
  async fit(x: Float32Array, y: Labels, options: ForestOptions, signal?: AbortSignal): Promise<RandomForest> {
    const { features, classes, trees = 100, maxFeatures = "sqrt", maxDepth = Infinity } = options;
    wantWhole("trees", trees, 1);
    checkLabels(y, countRows(x, features), classes);
    if (maxDepth !== Infinity) wantWhole("maxDepth", maxDepth, 0);
    countMaxFeatures(maxFeatures, features);
    // a page may have no shared memory, and no threads then
    const Memory = globalThis.SharedArrayBuffer ?? ArrayBuffer;
    const setup = {
      x: new Float32Array(new Memory(x.byteLength)),
      y: new Int32Array(new Memory(4 * y.length)),
      options,
    };
    setup.x.set(x);
    setup.y.set(y);
    let grow: ReturnType<typeof treeGrower> | undefined;
    const here = (tree: number) => (grow ??= treeGrower(setup.x, setup.y, options))(tree).nodes;
    const jobs = [...Array(trees).keys()];
    const grown = await this.#crew.run({ setup, jobs, here, signal });
    return new RandomForest(grown.map((nodes) => new DecisionTree(nodes, features, classes)));
  }

  /** Ends the threads; a forest that is not grown yet is an error. */
  async close(): Promise<void> {
    await this.#crew.close();
  }
}
