/** A set of jobs that a crew (`crew.ts`) does together: who has which job, the results, and how the work ends. */
import { claimJobs, makeClaims, type Order, STARTER, stopClaims } from "./messages.ts";

/** Options of a crew's work. */
export interface WorkOptions<Setup, Job, Result, News> {
  /** Sent to every member before its first job. Shared memory stays shared. */
  setup: Setup;
  /** The jobs. */
  jobs: readonly Job[];
  /** Does a job on the starter's thread. The starter works while there is no member, and then until the end. */
  here?: (job: Job) => Result | Promise<Result>;
  /**
   * Whether to notify members (`Desk.signal`) and wait for them when the work is stopped; if not, they are abandoned.
   */
  settle?: boolean;
  /** Receives each result as it arrives, and its job's number. */
  onResult?: (result: Result, job: number) => void;
  /** Receives the members' news. */
  onNews?: (news: News) => void;
  /** Stops the work. */
  signal?: AbortSignal;
}

/** Longest time in ms that the starter's event loop waits: Ctrl-C takes effect within this time and one job. */
const YIELD_EVERY = 50;

/** Jobs under way. */
export class Work<Setup, Job, Result, News> {
  readonly #number: number;
  readonly #options: WorkOptions<Setup, Job, Result, News>;
  readonly #send: (member: number, order: Order<Setup, Job>) => void;
  readonly #claims: Int32Array;
  readonly #results: Result[];
  readonly #finished: Uint8Array;
  /** Members that may still have jobs of this work. */
  readonly #present = new Set<number>();
  readonly #end = Promise.withResolvers<Result[]>();
  #left: number;
  #failure?: { error: unknown };
  #busyHere = false;

  /** Creates the work, with every job unclaimed. @param send sends a member an order */
  constructor(
    number: number,
    options: WorkOptions<Setup, Job, Result, News>,
    send: (member: number, order: Order<Setup, Job>) => void,
  ) {
    const { length } = options.jobs;
    [this.#number, this.#options, this.#send, this.#left] = [number, options, send, length];
    this.#claims = makeClaims(length);
    this.#results = new Array<Result>(length);
    this.#finished = new Uint8Array(length);
  }

  /** Results in the order of the jobs. */
  get results(): Promise<Result[]> {
    return this.#end.promise;
  }

  /** Whether the starter can do the jobs. */
  get canBeDoneHere(): boolean {
    return this.#options.here !== undefined;
  }

  /** Whether the starter is doing a job. */
  get busyHere(): boolean {
    return this.#busyHere;
  }

  /** Offers the jobs to a member. */
  give(member: number): void {
    const { setup, jobs } = this.#options;
    this.#present.add(member);
    this.#send(member, { work: this.#number, setup, jobs, claims: this.#claims, member });
  }

  /** The job that a member has. Without a member: a job that is claimed and not done, or else the first one left. */
  heldBy(member?: number): Job | undefined {
    const { jobs } = this.#options, open = [...jobs.keys()].filter((job) => !this.#finished[job]);
    const held = open.find((job) => {
      const holder = Atomics.load(this.#claims, job);
      return member === undefined ? holder > 0 : holder === member;
    });
    if (held !== undefined) return jobs[held];
    return member === undefined && open.length > 0 ? jobs[open[0]] : undefined;
  }

  /** Records a finished job. */
  finish(job: number, result: Result): void {
    if (this.#finished[job]) return;
    this.#finished[job] = 1;
    this.#results[job] = result;
    this.#left--;
    try {
      this.#options.onResult?.(result, job);
    } catch (error) {
      return this.stop(error);
    }
    if (this.#left === 0) this.#end.resolve(this.#results);
  }

  /** Passes on a member's news. */
  report(news: News): void {
    try {
      this.#options.onNews?.(news);
    } catch (error) {
      this.stop(error);
    }
  }

  /** Notes that a member claims no more. */
  leave(member: number): void {
    this.#present.delete(member);
    if (this.#failure !== undefined && this.#present.size === 0) this.#end.reject(this.#failure.error);
  }

  /** Stops: unclaimed jobs are dropped, and the work ends with the first error. */
  stop(error: unknown): void {
    if (this.#failure !== undefined) return;
    this.#failure = { error };
    stopClaims(this.#claims);
    if (!this.#options.settle || this.#present.size === 0) return this.#end.reject(error);
    const reason = error instanceof Error ? error.message : String(error);
    for (const member of this.#present) if (member !== STARTER) this.#send(member, { stop: this.#number, reason });
  }

  /** Ends at once, without waiting for anyone. */
  abandon(error: unknown): void {
    this.#failure ??= { error };
    stopClaims(this.#claims);
    this.#end.reject(error);
  }

  /** Does jobs on this thread until none is left. */
  async doHere(): Promise<void> {
    if (this.#present.has(STARTER)) return;
    this.#present.add(STARTER);
    const { here, jobs } = this.#options;
    let yielded = performance.now();
    try {
      for (const job of claimJobs(this.#claims, STARTER)) {
        this.#busyHere = true;
        const result = await here!(jobs[job]);
        this.#busyHere = false;
        this.finish(job, result);
        if (performance.now() - yielded > YIELD_EVERY) {
          await new Promise((resolve) => setTimeout(resolve, 0));
          yielded = performance.now();
        }
      }
    } catch (error) {
      this.stop(error);
    }
    this.#busyHere = false;
    this.leave(STARTER);
  }
}
