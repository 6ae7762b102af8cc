/**
 * Several folds at once on one machine (`--jobs`): a worker thread each, with a device of its own and its share of the threads,
 * so that no fold waits for another. What each fold computes is the same as alone.
 */
import { ordinal } from "../base/numbering.ts";
import { Worker } from "node:worker_threads";
import type { OpenDeviceOptions } from "../kernels/open_device.ts";
import type { FoldResult } from "../refinery/results.ts";
import { identify } from "./begin.ts";
import type { FoldAnswer, FoldOrder, FoldWorkerStart } from "./fold_worker.ts";
import { readFold } from "./merge.ts";
import type { Experiment, ExperimentHooks, RunFolds } from "./plan.ts";
import type { RunFolder } from "./run_folder.ts";

/** How folds are run at once. */
export interface JobsOptions {
  /** How many at once, at most. */
  jobs: number;
  /** The device that each opens; its threads are each fold's own. */
  device: OpenDeviceOptions;
  /** The worker's own file; tests give others. */
  worker?: URL;
}

/** Runs folds of an experiment at once, for {@link runExperiment}. */
export function foldsAtOnce(experiment: Experiment, folder: RunFolder, options: JobsOptions): RunFolds {
  return async (folds, hooks) => {
    const left = [...folds];
    const abort = new AbortController();
    const signal = hooks.signal ? AbortSignal.any([hooks.signal, abort.signal]) : abort.signal;
    const jobs = Array.from({ length: Math.min(options.jobs, folds.length) }, async () => {
      const job = new Job(experiment, folder, options, { ...hooks, signal });
      try {
        for (let fold; (fold = left.shift()) !== undefined;) await job.run(fold);
      } catch (error) {
        abort.abort(error); // the others keep what they have
        throw error;
      } finally {
        await job.close();
      }
    });
    const ended = await Promise.allSettled(jobs);
    hooks.signal?.throwIfAborted();
    if (abort.signal.aborted) throw abort.signal.reason;
    for (const { status } of ended) if (status === "rejected") throw new Error("A job ended without its fold");
    const identity = identify(experiment), results: FoldResult[] = [];
    for (const fold of folds) results.push((await readFold(folder, fold, identity, experiment.features.emotions))!);
    return results;
  };
}

/** A worker, and the fold that it runs. */
class Job {
  readonly #worker: Worker;
  readonly #hooks: ExperimentHooks;
  #fold = -1;
  #end: { resolve: () => void; reject: (error: Error) => void } = { resolve: () => {}, reject: () => {} };
  #said = "";

  constructor(experiment: Experiment, folder: RunFolder, options: JobsOptions, hooks: ExperimentHooks) {
    this.#hooks = hooks;
    this.#worker = new Worker(options.worker ?? new URL("./fold_worker.ts", import.meta.url));
    this.#worker.on("message", (answer: FoldAnswer) => this.#hear(answer));
    this.#worker.on("error", (error: Error) => this.#said = `: ${error.message}`);
    // its error may come after its end
    this.#worker.on("exit", () => setTimeout(() => this.#end.reject(this.#died()), 0));
    const { device: { kind, description }, reopen: _, ...sent } = experiment;
    const start = { experiment: { ...sent, device: { kind, description } }, out: folder.path, device: options.device };
    this.#worker.postMessage(start satisfies FoldWorkerStart);
  }

  /** Runs a fold; when the signal is aborted, it is kept first, and the signal's reason is thrown. */
  async run(fold: number): Promise<void> {
    const { signal } = this.#hooks;
    signal?.throwIfAborted();
    this.#fold = fold;
    const ended = new Promise<void>((resolve, reject) => this.#end = { resolve, reject });
    const stop = () => this.#send({ stop: String((signal!.reason as Error).message) });
    signal?.addEventListener("abort", stop);
    try {
      this.#send({ fold });
      await ended;
    } finally {
      signal?.removeEventListener("abort", stop);
    }
  }

  /** Ends the worker. */
  async close(): Promise<void> {
    this.#worker.removeAllListeners().on("error", () => {});
    await this.#worker.terminate();
  }

  #send(order: FoldOrder): void {
    this.#worker.postMessage(order);
  }

  #hear(answer: FoldAnswer): void {
    if ("done" in answer) this.#end.resolve();
    else if ("failed" in answer) {
      const { signal } = this.#hooks;
      this.#end.reject(signal?.aborted ? signal.reason : new Error(answer.failed));
    } else (this.#hooks[answer.tell] as ((of: unknown) => void) | undefined)?.(answer.of);
  }

  #died(): Error {
    return new Error(`The worker that ran fold ${ordinal(this.#fold)} has died${this.#said}`);
  }
}
