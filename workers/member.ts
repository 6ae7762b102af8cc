/** A worker thread of a crew (`crew.ts`). The worker's program calls {@link serve} and defines there what a job is. */
import { parentPort } from "node:worker_threads";
import { claimJobs, type MemberReport, type Order, sendError } from "./messages.ts";

/** What a member can use while it works. */
export interface Desk<News> {
  /** Aborted when the work stops and the crew waits for jobs under way (`settle`). */
  signal: AbortSignal;
  /** Sends news to the starter. */
  tell: (news: News) => void;
}

/** What a member does after its setup. */
export interface Trade<Job, Result> {
  /** Does a job. */
  run(job: Job): Result | Promise<Result>;
  /** Releases what the setup allocated, when no job is left. */
  end?(): void;
}

/**
 * Does the jobs that this member of a crew claims.
 *
 * @param begin receives the setup of each work before its first job; a member that gets no job does not set up
 * @param moved buffers of a result to transfer to the starter instead of copying
 */
export function serve<Setup, Job, Result, News = never>(
  begin: (setup: Setup, desk: Desk<News>) => Trade<Job, Result> | Promise<Trade<Job, Result>>,
  moved: (result: Result) => ArrayBuffer[] = () => [],
): void {
  const port = parentPort!, stops = new Map<number, AbortController>();
  const post = (report: MemberReport<Result, News>, buffers: ArrayBuffer[] = []) => port.postMessage(report, buffers);
  const work = async (order: Extract<Order<Setup, Job>, { jobs: unknown }>) => {
    const { work, setup, jobs, claims, member } = order;
    const desk = { signal: stops.get(work)!.signal, tell: (news: News) => post({ work, news }) };
    let trade: Trade<Job, Result> | undefined;
    for (const job of claimJobs(claims, member)) {
      try {
        trade ??= await begin(setup, desk);
        const result = await trade.run(jobs[job]);
        post({ work, job, result }, moved(result));
      } catch (error) {
        post({ work, job, error: sendError(error) });
        break;
      }
    }
    trade?.end?.();
    stops.delete(work);
    post({ work, over: true });
  };
  let before = Promise.resolve();
  // the listener stays: a worker without one may exit, which would count as a death
  port.on("message", (order: Order<Setup, Job>) => {
    if ("stop" in order) return stops.get(order.stop)?.abort(new Error(order.reason));
    stops.set(order.work, new AbortController());
    before = before.then(() => work(order));
  });
}
