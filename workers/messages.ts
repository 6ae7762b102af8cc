/**
 * The messages between a crew (`crew.ts`) and its members (`member.ts`), and how jobs are claimed: one word per job in shared memory.
 *
 *     claims [jobs]    0: nobody has it yet;   m > 0: member m has it;   -1: the starter has it;   -2: nobody will do it
 *
 * Claiming needs no message: whoever is ready takes the next job, so all stay busy until the last one, however long each takes. The
 * claim records who has a job, so the death of a member that has one is always noticed.
 */
import { OptionError } from "../base/option_error.ts";

/** The starter's mark in a claim. */
export const STARTER = -1;

const NOBODY = 0, STOPPED = -2;

/** Messages to a member: do these jobs, or stop the jobs sent before. */
export type Order<Setup, Job> =
  | { work: number; setup: Setup; jobs: readonly Job[]; claims: Int32Array; member: number }
  | { stop: number; reason: string };

/** Messages from a member: a job done or failed, news, or no more claims. */
export type MemberReport<Result, News> =
  & { work: number }
  & ({ job: number; result: Result } | { job: number; error: SentError } | { news: News } | { over: true });

/** An error as it is sent. A plain message would lose the fields of an {@link OptionError}. */
export interface SentError {
  /** The text for people. */
  message: string;
  /** The fields of an {@link OptionError}. */
  fault?: Pick<OptionError, "option" | "required" | "found">;
}

/** Memory for the claims of this many jobs; shared if the page's host allows it. */
export function makeClaims(jobs: number): Int32Array {
  return new Int32Array(new (globalThis.SharedArrayBuffer ?? ArrayBuffer)(4 * jobs));
}

/** Claims jobs one at a time and yields their numbers, in rising order, until none is left. */
export function* claimJobs(claims: Int32Array, member: number): Generator<number> {
  for (let job = 0; job < claims.length; job++) {
    if (Atomics.compareExchange(claims, job, NOBODY, member) === NOBODY) yield job;
  }
}

/** Takes back all unclaimed jobs. */
export function stopClaims(claims: Int32Array): void {
  for (let job = 0; job < claims.length; job++) Atomics.compareExchange(claims, job, NOBODY, STOPPED);
}

/** Converts an error for sending. */
export function sendError(error: unknown): SentError {
  if (!(error instanceof Error)) return { message: String(error) };
  const { message } = error;
  if (!(error instanceof OptionError)) return { message };
  return { message, fault: { option: error.option, required: error.required, found: error.found } };
}

/** Restores a sent error. */
export function receiveError({ message, fault }: SentError): Error {
  if (fault === undefined) return new Error(message);
  return Object.assign(new OptionError(fault), { message });
}
