/** Jobs that a crew (`crew.ts`) was given together: who has which, what came of them, and how they end. */
import { claimJobs, makeClaims, type Order, STARTER, stopClaims } from "./messages.ts";

/** What a crew is given. */
export interface WorkOptions<Setup, Job, Result, News> {
  /** What every member is sent before its first job. Shared memory in it is shared. */
  setup: Setup;
  /** The jobs. */
  jobs: readonly Job[];
  /** Does a job on the starter's thread, which works too as long as there is no member, and then to the end. */
  here?: (job: Job) => Result | Promise<Result>;
  /** Whether, when the work is stopped, members are told (`Desk.signal`) and waited for; if not, they are left to themselves. */
  settle?: boolean;
  /** Receives each result as it comes, and the number of its job. */
  onResult?: (result: Result, job: number) => void;
  /** Receives what members tell. */
  onNews?: (news: News) => void;
  /** Stops the work. */
  signal?: AbortSignal;
}

/** How long the starter's event loop waits at most, ms: a Ctrl-C is heard within it and one job's time. */
const YIELD_EVERY = 50;

/** Jobs under way. */
export class Work<Setup, Job, Result, News> {
  readonly #number: number;
  readonly #options: WorkOptions<Setup, Job, Result, News>;
  readonly #send: (member: number, order: Order<Setup, Job>) => void;
  readonly #claims: Int32Array;
  readonly #results: Result[];
  readonly #finished: Uint8Array;
  /** Members that may still have jobs of it in hand. */
  readonly #present = new Set<number>();
  readonly #end = Promise.withResolvers<Result[]>();
  #left: number;
  #failure?: { error: unknown };
  #busyHere = false;

  /** Jobs that nobody has claimed. @param send sends a member an order */
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

  /** In the order of the jobs. */
  get results(): Promise<Result[]> {
    return this.#end.promise;
  }

  /** Whether the starter can do its jobs. */
  get canBeDoneHere(): boolean {
    return this.#options.here !== undefined;
  }

  /** Whether the starter is at one of its jobs. */
  get busyHere(): boolean {
    return this.#busyHere;
  }

  /** Gives the jobs to a member. */
  give(member: number): void {
    const { setup, jobs } = this.#options;
    this.#present.add(member);
    this.#send(member, { work: this.#number, setup, jobs, claims: this.#claims, member });
  }

  /** The job that a member has in hand; without a member, one that is claimed and not done, or else the first that is left. */
  heldBy(member?: number): Job | undefined {
    const { jobs } = this.#options, open = [...jobs.keys()].filter((job) => !this.#finished[job]);
    const held = open.find((job) => {
      const holder = Atomics.load(this.#claims, job);
      return member === undefined ? holder > 0 : holder === member;
    });
    if (held !== undefined) return jobs[held];
    return member === undefined && open.length > 0 ? jobs[open[0]] : undefined;
  }

  /** A job is done. */
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

  /** A member has news. */
  hear(news: News): void {
    try {
      this.#options.onNews?.(news);
    } catch (error) {
      this.stop(error);
    }
  }

  /** A member claims no more. */
  leave(member: number): void {
    this.#present.delete(member);
    if (this.#failure !== undefined && this.#present.size === 0) this.#end.reject(this.#failure.error);
  }

  /** Stops: jobs that nobody has are left, and the first error is what the work ends with. */
  stop(error: unknown): void {
    if (this.#failure !== undefined) return;
    this.#failure = { error };
    stopClaims(this.#claims);
    if (!this.#options.settle || this.#present.size === 0) return this.#end.reject(error);
    const reason = error instanceof Error ? error.message : String(error);
    for (const member of this.#present) if (member !== STARTER) this.#send(member, { stop: this.#number, reason });
  }

  /** Ends at once, without waiting for anybody. */
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
