/**
 * Forests grown by several threads. A tree draws from random numbers of its own (`forest.ts`), so it does not matter who grows
 * it: the forest is the same, to the bit, as `RandomForest.fit` gives.
 *
 * Every worker has the table in shared memory and ranks it for itself, which is as quick as waiting for one that ranks it for
 * all. Trees are claimed one by one from a shared counter, so that all workers end at about the same time.
 *
 * @module
 */
import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { checkLabels, countRows, type Labels, wantWhole } from "./columns.ts";
import type { FitJob, FitReport } from "./fit_messages.ts";
import { type ForestOptions, RandomForest } from "./forest.ts";
import { countMaxFeatures, DecisionTree } from "./tree.ts";

/** What {@link ForestPool} is told. */
export interface PoolOptions {
  /** worker threads, 1 to 64; as many as the machine has processors if not said */
  threads?: number;
  /** seconds without a tree begun or a report after which the workers count as hung; 120 if not said */
  patience?: number;
  /** the worker's own file; tests give others */
  worker?: URL;
}

interface Pending {
  x: Float32Array;
  y: Labels;
  options: ForestOptions;
  claimed: Int32Array;
  trees: DecisionTree[];
  left: number;
  resolve: (forest: RandomForest) => void;
  reject: (error: unknown) => void;
}

const MOST_THREADS = 64;

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
  readonly #patience: number;
  readonly #threads: number;
  readonly #workers = new Map<number, Worker>();
  readonly #pending = new Map<number, Pending>();
  #jobs = 0;
  #failure?: Error;
  #timer?: ReturnType<typeof setInterval>;

  /**
   * Starts the threads; they end with {@link ForestPool.close}, or with the program.
   *
   * @throws RangeError where `threads` is no whole number from 1 to 64
   */
  constructor(options: PoolOptions = {}) {
    const { patience = 120, worker: url = new URL("./fit_worker.ts", import.meta.url) } = options;
    const threads = options.threads ?? Math.min(MOST_THREADS, availableParallelism());
    if (!(Number.isInteger(threads) && threads >= 1 && threads <= MOST_THREADS)) {
      throw new RangeError(`threads is ${threads}; wanted is a whole number from 1 to ${MOST_THREADS}`);
    }
    this.#patience = patience;
    this.#threads = threads;
    for (let member = 1; member <= threads; member++) {
      try {
        this.#add(member, new Worker(url));
      } catch {
        break; // the system allows no more
      }
    }
  }

  #add(member: number, worker: Worker): void {
    // node:worker_threads and unref(), since a Worker of the web keeps the program from ending
    worker.unref();
    this.#workers.set(member, worker);
    let said = "";
    worker.on("message", (report: FitReport) => this.#take(report));
    worker.on("error", (error: Error) => said = `: ${error.message}`);
    worker.on("exit", () => {
      this.#workers.delete(member);
      // later, since its error may come after its end
      setTimeout(() => {
        // where it has claimed nothing it is not missed
        for (const { claimed, reject } of this.#pending.values()) {
          if (Atomics.load(claimed, member) > 0) reject(new Error(`A thread that grew trees has died${said}`));
        }
        if (this.#workers.size === 0) this.#fitHere();
      }, 0);
    });
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
    signal?.throwIfAborted();
    if (this.#failure !== undefined) throw this.#failure;
    // without threads nothing is shared: a page may have no shared memory
    const Memory = this.#workers.size > 0 ? SharedArrayBuffer : ArrayBuffer;
    const job = this.#jobs++, claimed = new Int32Array(new Memory(4 + 4 * this.#threads));
    const sharedX = new Float32Array(new Memory(x.byteLength));
    const sharedY = new Int32Array(new Memory(4 * y.length));
    sharedX.set(x);
    sharedY.set(y);
    const stop = () => {
      Atomics.store(claimed, 0, trees);
      this.#pending.get(job)?.reject(signal!.reason);
    };
    signal?.addEventListener("abort", stop);
    try {
      return await new Promise<RandomForest>((resolve, reject) => {
        const shared = { x: sharedX, y: sharedY, options, claimed };
        this.#pending.set(job, { ...shared, trees: [], left: trees, resolve, reject });
        for (const [member, worker] of this.#workers) {
          worker.postMessage({ job, ...shared, trees, member } satisfies FitJob);
        }
        if (this.#workers.size === 0) this.#fitHere();
        this.#watch();
      });
    } finally {
      signal?.removeEventListener("abort", stop);
      this.#pending.delete(job);
      if (this.#pending.size === 0) this.#rest();
    }
  }

  /** Ends the threads; a forest that is not grown yet is an error. */
  async close(): Promise<void> {
    this.#fail(new Error("The pool of threads that grow trees is closed"));
    const workers = [...this.#workers.values()];
    for (const worker of workers) worker.removeAllListeners().on("error", () => {});
    await Promise.all(workers.map((worker) => worker.terminate()));
  }

  #take(report: FitReport): void {
    const pending = this.#pending.get(report.job);
    if (pending === undefined) return; // aborted
    if ("error" in report) return pending.reject(new Error(`A thread that grows trees failed: ${report.error}`));
    const { features, classes } = pending.options;
    report.numbers.forEach((tree, i) => {
      pending.trees[tree] = new DecisionTree(report.trees[i], features, classes);
    });
    pending.left -= report.numbers.length;
    if (pending.left === 0) pending.resolve(new RandomForest(pending.trees));
  }

  /** Grows what is pending on this thread: no other could be started. */
  #fitHere(): void {
    for (const { x, y, options, resolve, reject } of this.#pending.values()) {
      try {
        resolve(RandomForest.fit(x, y, options));
      } catch (error) {
        reject(error);
      }
    }
  }

  /** Looks at the workers now and then. A timer is needed anyway: workers that are unref'd would let the program end. */
  #watch(): void {
    let before = "", since = performance.now();
    this.#timer ??= setInterval(() => {
      const state = JSON.stringify([...this.#pending].map(([job, { claimed, left }]) => [job, claimed[0], left]));
      if (state !== before) [before, since] = [state, performance.now()];
      else if (performance.now() - since > 1000 * this.#patience) {
        this.#fail(new Error(`The threads that grow trees have not moved for ${this.#patience} s`));
      }
    }, Math.min(1000, 250 * this.#patience));
  }

  #rest(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    for (const { reject } of this.#pending.values()) reject(this.#failure);
  }
}
