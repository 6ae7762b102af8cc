/**
 * Worker threads that do jobs of one kind: read recordings, grow trees, run folds. This file manages their life cycle. It does not know
 * what a job is: the worker's program defines that (`member.ts`).
 *
 *     crew.start(4)                          4 threads of one program, which end with the program that started them
 *     crew.run({ setup, jobs, ... })         each member sets up once, then claims jobs one at a time (`messages.ts`)
 *
 * No wait is endless. If a member dies while it has a job, the crew throws an error that names the job. It also throws if no member has
 * answered for too long. A member that dies or fails to start without a job does no harm: the others do its share. If no thread can start
 * (in a page, or at the system's limit), the starter does the jobs itself, provided that it has `here`.
 *
 * The CPU device's threads (`kernels/cpu/ring.ts`) are different: they share one memory and start a new phase every few microseconds, too
 * often for messages.
 */
import { Worker } from "node:worker_threads";
import { type MemberReport, type Order, receiveError } from "./messages.ts";
import { Work, type WorkOptions } from "./work.ts";

/** The largest number of threads that may be requested. */
export const MOST_THREADS = 64;

/** Worker threads that failed as such: none could start, one died with a job, or none answered. What a job throws is not one. */
export class CrewError extends Error {
  /** The class name. */
  override name = "CrewError";
  /** The name of the job that is not done. */
  readonly job: string | undefined;

  /** Puts the job before the fault. */
  constructor(job: string | undefined, fault: string) {
    super(job === undefined ? fault : `${job}: ${fault}`);
    this.job = job;
  }
}

/** Options of a crew. */
export interface CrewOptions<Job> {
  /** The program that each member runs. */
  program: URL;
  /** A job's name in errors: "Fold 3". */
  name: (job: Job) => string;
  /** Seconds without an answer after which members count as hung; default: 120. */
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

  /** Creates a crew without members. */
  constructor(options: CrewOptions<Job>) {
    this.#options = options;
  }

  /** Whether {@link start} was called. */
  get started(): boolean {
    return this.#hired > 0;
  }

  /** Starts members, even while jobs run. If the system's limit is reached, fewer start. */
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
   * Does jobs. Concurrent calls run one after the other.
   *
   * @returns the results, in the order of the jobs
   * @throws whatever a job, `onResult` or `onNews` throws; the signal's reason
   * @throws {CrewError} if a member died while it had a job, if no member answered for too long, or if there is no thread and no `here`
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

  /** Terminates the members at once. Unfinished jobs raise an error. */
  async close(): Promise<void> {
    this.#fail(new Error("The crew of worker threads is closed"));
    const workers = [...this.#members.values()];
    this.#members.clear();
    for (const worker of workers) worker.removeAllListeners().on("error", () => {});
    await Promise.all(workers.map((worker) => worker.terminate()));
  }

  #add(member: number, worker: Worker): void {
    // node:worker_threads because of unref(): a web Worker would keep the program alive
    worker.unref();
    this.#members.set(member, worker);
    let fault = "";
    worker.on("message", (report: MemberReport<Result, News>) => this.#take(member, report));
    worker.on("error", (error: Error) => fault = ` (${error.message})`);
    worker.on("exit", () => {
      this.#members.delete(member);
      setTimeout(() => this.#bury(member, fault), 0); // its error may arrive after its exit
    });
    for (const work of this.#works.values()) work.give(member);
  }

  #take(member: number, report: MemberReport<Result, News>): void {
    this.#quiet = 0;
    const work = this.#works.get(report.work);
    if (work === undefined) return; // stopped without waiting
    if ("over" in report) work.leave(member);
    else if ("news" in report) work.report(report.news);
    else if ("error" in report) work.stop(receiveError(report.error));
    else work.finish(report.job, report.result);
  }

  #bury(member: number, fault: string): void {
    this.#fault = fault;
    for (const work of this.#works.values()) {
      const job = work.heldBy(member);
      if (job !== undefined) work.stop(new CrewError(this.#options.name(job), `its worker thread died${fault}`));
      work.leave(member);
      if (this.#members.size === 0) this.#doHere(work);
    }
  }

  #doHere(work: Work<Setup, Job, Result, News>): void {
    if (work.canBeDoneHere) return void work.doHere();
    const job = work.heldBy();
    if (job === undefined) return;
    work.stop(new CrewError(this.#options.name(job), `no worker thread could start, or is left${this.#fault}`));
  }

  /** Counts the time without an answer. A timer is required anyway: unref'd members would let the program exit. */
  #watch(): void {
    if (this.#timer !== undefined) return;
    const { patience = 120, name } = this.#options, every = Math.min(1000, 250 * patience);
    let last = performance.now();
    this.#quiet = 0;
    this.#timer = setInterval(() => {
      const now = performance.now();
      // a suspended program or a sleeping machine must not count as a hung member: one gap counts for two intervals at
      // most
      this.#quiet += Math.min(now - last, 2 * every);
      last = now;
      const works = [...this.#works.values()];
      if (works.some(({ busyHere }) => busyHere)) this.#quiet = 0;
      if (this.#quiet <= 1000 * patience) return;
      const job = works.map((work) => work.heldBy()).find((job) => job !== undefined);
      const fault = `no answer from a worker thread for ${patience} s`;
      this.#fail(new CrewError(job === undefined ? undefined : name(job), fault));
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
