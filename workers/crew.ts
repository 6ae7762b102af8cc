/**
 * Worker threads that do jobs of one kind: read recordings, grow trees, run folds. This file knows their life and death, and nothing
 * of what a job is; that is said by the worker's own program (`member.ts`).
 *
 *     crew.start(4)                          4 threads of one program, which end with the program that started them
 *     crew.run({ setup, jobs, ... })         each member sets up once, then claims jobs one at a time (`messages.ts`)
 *
 * A wait is never endless: a member that dies with a job in hand is an error that names the job, and so is a crew from which nothing
 * has come for too long. A member that dies, or never starts, without a job is not missed: others do them all. Where no thread
 * can start (in a page, or where the system allows no more), the starter does the jobs itself, if it was told how.
 *
 * The CPU device's threads (`kernels/cpu/ring.ts`) are of another kind: they share one memory and take a new phase each few microseconds,
 * which is no time for a message.
 */
import { Worker } from "node:worker_threads";
import { type Order, receiveError, type Report } from "./messages.ts";
import { Work, type WorkOptions } from "./work.ts";

/** The most threads that anybody may ask for. */
export const MOST_THREADS = 64;

/** What a crew is. */
export interface CrewOptions<Job> {
  /** The program of its members. */
  program: URL;
  /** What errors call a job: "Fold 3". */
  name: (job: Job) => string;
  /** Seconds without any answer after which its members count as hung; 120 if not given. */
  patience?: number;
}

/** Worker threads over jobs of one kind. */
export class Crew<Setup, Job, Result, News = never> {
  readonly #options: CrewOptions<Job>;
  readonly #members = new Map<number, Worker>();
  readonly #works = new Map<number, Work<Setup, Job, Result, News>>();
  #hired = 0;
  #count = 0;
  #failure?: Error;
  #fault = "";
  #timer?: ReturnType<typeof setInterval>;
  #quiet = 0; // milliseconds without an answer

  /** A crew without members yet. */
  constructor(options: CrewOptions<Job>) {
    this.#options = options;
  }

  /** Whether {@link start} was called. */
  get started(): boolean {
    return this.#hired > 0;
  }

  /** Starts members, also while jobs are being done. Where the system allows no more, there are fewer. */
  start(members: number): void {
    for (let i = 0; i < members; i++) {
      const member = ++this.#hired;
      try {
        this.#add(member, new Worker(this.#options.program));
      } catch (error) {
        this.#fault = ` (${(error as Error).message})`;
        return;
      }
    }
  }

  /**
   * Does jobs. Works that are asked for at once are done one after the other.
   *
   * @returns the results, in the order of the jobs
   * @throws {Error} what a job throws; where a member died with a job in hand, nothing came from any for too long, or no thread is there
   * and the starter has no `here`; what `onResult` or `onNews` throws; the signal's reason
   */
  async run(options: WorkOptions<Setup, Job, Result, News>): Promise<Result[]> {
    const { signal, jobs } = options;
    signal?.throwIfAborted();
    if (this.#failure !== undefined) throw this.#failure;
    if (jobs.length === 0) return [];
    const number = ++this.#count,
      send = (member: number, order: Order<Setup, Job>) => this.#members.get(member)?.postMessage(order);
    const work = new Work(number, options, send);
    const stop = () => work.stop(signal!.reason);
    signal?.addEventListener("abort", stop);
    this.#works.set(number, work);
    this.#watch();
    try {
      for (const member of this.#members.keys()) work.give(member);
      if (this.#members.size === 0) this.#doHere(work);
      return await work.results;
    } finally {
      signal?.removeEventListener("abort", stop);
      this.#works.delete(number);
      if (this.#works.size === 0) this.#rest();
    }
  }

  /** Ends the members, whatever they are at; jobs that are not done are an error. */
  async close(): Promise<void> {
    this.#fail(new Error("The crew of worker threads is closed"));
    const workers = [...this.#members.values()];
    this.#members.clear();
    for (const worker of workers) worker.removeAllListeners().on("error", () => {});
    await Promise.all(workers.map((worker) => worker.terminate()));
  }

  #add(member: number, worker: Worker): void {
    // node:worker_threads and unref(), since a Worker of the web keeps the program from ending
    worker.unref();
    this.#members.set(member, worker);
    let fault = "";
    worker.on("message", (report: Report<Result, News>) => this.#take(member, report));
    worker.on("error", (error: Error) => fault = ` (${error.message})`);
    worker.on("exit", () => {
      this.#members.delete(member);
      setTimeout(() => this.#bury(member, fault), 0); // its error may come after its end
    });
    for (const work of this.#works.values()) work.give(member);
  }

  #take(member: number, report: Report<Result, News>): void {
    this.#quiet = 0;
    const work = this.#works.get(report.work);
    if (work === undefined) return; // stopped, and not waited for
    if ("over" in report) work.leave(member);
    else if ("news" in report) work.hear(report.news);
    else if ("error" in report) work.stop(receiveError(report.error));
    else work.finish(report.job, report.result);
  }

  #bury(member: number, fault: string): void {
    this.#fault = fault;
    for (const work of this.#works.values()) {
      const job = work.heldBy(member);
      if (job !== undefined) work.stop(new Error(`${this.#options.name(job)}: its worker thread died${fault}`));
      work.leave(member);
      if (this.#members.size === 0) this.#doHere(work);
    }
  }

  #doHere(work: Work<Setup, Job, Result, News>): void {
    if (work.canBeDoneHere) return void work.doHere();
    const job = work.heldBy();
    if (job === undefined) return;
    work.stop(new Error(`${this.#options.name(job)}: no worker thread could start, or is left${this.#fault}`));
  }

  /** Counts the time without an answer. The timer is needed anyway: members that are unref'd would let the program end. */
  #watch(): void {
    if (this.#timer !== undefined) return;
    const { patience = 120, name } = this.#options, every = Math.min(1000, 250 * patience);
    let last = performance.now();
    this.#quiet = 0;
    this.#timer = setInterval(() => {
      const now = performance.now();
      // a stopped program or a sleeping machine is no hung member: no single gap counts for more than two looks
      this.#quiet += Math.min(now - last, 2 * every);
      last = now;
      const works = [...this.#works.values()];
      if (works.some(({ busyHere }) => busyHere)) this.#quiet = 0;
      if (this.#quiet <= 1000 * patience) return;
      const job = works.map((work) => work.heldBy()).find((job) => job !== undefined);
      this.#fail(
        new Error(`${job === undefined ? "" : `${name(job)}: `}no answer from a worker thread for ${patience} s`),
      );
    }, every);
  }

  #rest(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    for (const work of this.#works.values()) work.abandon(this.#failure);
  }
}
