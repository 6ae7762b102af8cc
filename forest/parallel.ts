/**
 * Grows forests in several threads. Each tree has a separate stream of random numbers (`forest.ts`), so the thread does not
 * matter: the forest equals that of `RandomForest.fit`, bit for bit.
 *
 * Every worker sees the table in shared memory and ranks it itself, which is as fast as waiting for one worker to rank it for
 * all. Workers claim trees one by one (`workers/crew.ts`), so all of them end at about the same time.
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
  /** number of worker threads, 1 to 64; default: the number of processors */
  threads?: number;
  /** the worker's program; tests replace it */
  worker?: URL;
}

/**
 * Threads that grow one forest after the other. They start with the pool (about 70 ms) and become faster over their first
 * forests, as the engine compiles their code: keep a pool for as long as there are forests to grow. If no thread can
 * start, the pool grows forests on the current thread.
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
   * Starts the threads. They end with {@link ForestPool.close}, or with the program.
   *
   * @throws RangeError if `threads` is not a whole number from 1 to 64
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
   * Grows the same forest as {@link RandomForest.fit}. Concurrent calls run one after the other.
   *
   * @param x [n, features], row-major, finite; may be changed as soon as this returns
   * @param y [n]; may be changed as soon as this returns
   * @param signal aborts the fit: the promise then rejects with the signal's reason
   * @throws RangeError as {@link RandomForest.fit}; Error if a thread died or hung after claiming trees of this forest, or if the pool
   *   is closed
   */
  async fit(x: Float32Array, y: Labels, options: ForestOptions, signal?: AbortSignal): Promise<RandomForest> {
    const { features, classes, trees = 100, maxFeatures = "sqrt", maxDepth = Infinity } = options;
    wantWhole("trees", trees, 1);
    checkLabels(y, countRows(x, features), classes);
    if (maxDepth !== Infinity) wantWhole("maxDepth", maxDepth, 0);
    countMaxFeatures(maxFeatures, features);
    // a page may have no shared memory, and then no threads
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

  /** Ends the threads. An unfinished forest raises an error. */
  async close(): Promise<void> {
    await this.#crew.close();
  }
}
