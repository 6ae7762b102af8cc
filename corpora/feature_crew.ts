/**
 * Worker threads that read recordings. They and the thread that started them claim files by one counter in shared memory, so
 * all are busy until the last file, however long each is:
 *
 *     claims [1 + files]    0: the next file that nobody has;   1 + f: who has file f (0: the starter, or nobody yet)
 *
 * Claiming needs no message, hence the starter works while the workers are still starting (some 70 ms), and one that never
 * starts is not missed. A worker that dies with a file in hand is an error that names the file.
 *
 * @module
 */
import { Worker } from "node:worker_threads";
import type { Level } from "../dsp/levelling.ts";
import type { Span } from "./corpus.ts";
import { claim, type CrewReport, type CrewStart } from "./feature_messages.ts";

/** What a crew is given. */
export interface CrewOptions {
  /** hears of each file that a worker has read */
  onReport: (report: CrewReport) => void;
  /** the folder of the cache, if there is one */
  cacheDir?: string;
  /** whether each recording is brought to one level; none if not said */
  level?: Level;
  /** the part of each file that is to be read */
  spans?: readonly (Span | undefined)[];
  /** seconds without any report after which a worker counts as hung; 120 if not said */
  patience?: number;
  /** the worker's own file; tests give others */
  worker?: URL;
}

/** Workers over a list of files. */
export class Crew {
  readonly #files: readonly string[];
  readonly #options: CrewOptions;
  readonly #claims: Int32Array;
  readonly #workers: Worker[] = [];
  readonly #read: Uint8Array;
  #left: number;
  #alive = 0;
  #failure?: unknown;
  #wake: () => void = () => {};

  /** A crew without workers yet. @param files paths */
  constructor(files: readonly string[], options: CrewOptions) {
    this.#files = files;
    this.#options = options;
    this.#claims = new Int32Array(new SharedArrayBuffer(4 * (1 + files.length)));
    this.#read = new Uint8Array(files.length);
    this.#left = files.length;
  }

  /** Whether {@link start} was called. */
  get started(): boolean {
    return this.#workers.length > 0;
  }

  /** Starts workers. Where the system allows none, nothing happens: the starter claims all files itself. */
  start(workers: number): void {
    const { worker: url = new URL("./feature_worker.ts", import.meta.url), cacheDir, level, spans } = this.#options;
    for (let member = 1; member <= workers; member++) {
      let worker: Worker;
      try {
        worker = new Worker(url);
      } catch {
        return;
      }
      // node:worker_threads and unref(), since a Worker of the web keeps the program from ending
      worker.unref();
      this.#workers.push(worker);
      this.#alive++;
      worker.on("message", (report: CrewReport) => this.#take(report));
      let said = "";
      worker.on("error", (error: Error) => said = `: ${error.message}`);
      worker.on("exit", () => this.#lost(member, () => said));
      const files = this.#files, claims = this.#claims;
      worker.postMessage({ files, claims, member, cacheDir, level, spans } satisfies CrewStart);
    }
  }

  /** The next file for the starter to read, as an index; undefined where none is left. Throws what has failed. */
  claim(): number | undefined {
    this.#check();
    return claim(this.#claims, 0);
  }

  /** Says that the starter has read a file. */
  done(file: number): void {
    this.#read[file] = 1;
    this.#left--;
  }

  /**
   * Becomes fulfilled when every file is read.
   *
   * @throws {Error} where a worker has died or hung with a file in hand, or none could start and files are left; and what
   * `onReport` throws, and the signal's reason
   */
  async finish(signal?: AbortSignal): Promise<void> {
    const { patience = 120 } = this.#options;
    let before = this.#left, since = performance.now();
    // a timer, too, since workers that are unref'd would let the program end
    const timer = setInterval(() => {
      if (this.#left !== before) [before, since] = [this.#left, performance.now()];
      else if (performance.now() - since > 1000 * patience) {
        const file = this.#files[this.#read.indexOf(0)];
        this.#fail(new Error(`${file}: no answer from the thread that reads it for ${patience} s`));
      }
    }, Math.min(1000, 250 * patience));
    const wake = () => this.#wake();
    signal?.addEventListener("abort", wake);
    try {
      for (;;) {
        signal?.throwIfAborted();
        this.#check();
        if (this.#left === 0) return;
        if (this.#alive === 0) throw new Error(`No thread is left to read ${this.#files[this.#read.indexOf(0)]}`);
        await new Promise<void>((resolve) => this.#wake = resolve);
      }
    } finally {
      clearInterval(timer);
      signal?.removeEventListener("abort", wake);
    }
  }

  /** Ends the workers, whatever they are at. */
  async close(): Promise<void> {
    Atomics.store(this.#claims, 0, this.#files.length);
    for (const worker of this.#workers) worker.removeAllListeners().on("error", () => {});
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }

  #take(report: CrewReport): void {
    this.done(report.file);
    try {
      this.#options.onReport(report);
    } catch (error) {
      this.#fail(error);
    }
    this.#wake();
  }

  /** A worker has ended. Before its first file that is no loss: others read them all. */
  #lost(member: number, said: () => string): void {
    this.#alive--;
    // its error may come after its end
    setTimeout(() => {
      const claims = this.#claims;
      const held = this.#files.findLast((_, file) =>
        this.#read[file] === 0 && Atomics.load(claims, 1 + file) === member
      );
      if (held !== undefined) this.#fail(new Error(`${held}: the thread that read it has died${said()}`));
      this.#wake();
    }, 0);
  }

  #fail(error: unknown): void {
    this.#failure ??= error;
    this.#wake();
  }

  #check(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }
}
