/**
 * What a crew (`crew.ts`) and its members (`member.ts`) send each other, and how jobs are claimed: by one word a job in shared memory,
 *
 *     claims [jobs]    0: nobody has it yet;   m > 0: member m has it;   -1: the starter has it;   -2: nobody will do it
 *
 * Claiming needs no message: whoever is ready takes the next job, so that all are busy until the last one, however long each is.
 * Who has a job is known from the moment of its claim, so a member that dies with one in hand is never overlooked.
 */
import { OptionError } from "../base/option_error.ts";

/** The starter's mark in a claim. */
export const STARTER = -1;

const NOBODY = 0, STOPPED = -2;

/** What a member is sent: jobs, or that it should stop those that it was sent before. */
export type Order<Setup, Job> =
  | { work: number; setup: Setup; jobs: readonly Job[]; claims: Int32Array; member: number }
  | { stop: number; reason: string };

/** What a member sends: of a job that it did or failed in, what happens meanwhile, or that it claims no more. */
export type Report<Result, News> =
  & { work: number }
  & ({ job: number; result: Result } | { job: number; error: SentError } | { news: News } | { over: true });

/** An error as it is sent: a message would lose what an {@link OptionError} knows. */
export interface SentError {
  /** For people. */
  message: string;
  /** Of an {@link OptionError}. */
  fault?: Pick<OptionError, "option" | "required" | "found">;
}

/** Memory for so many claims: shared, where a page's host lets it have such. */
export function makeClaims(jobs: number): Int32Array {
  return new Int32Array(new (globalThis.SharedArrayBuffer ?? ArrayBuffer)(4 * jobs));
}

/** Claims jobs one at a time, and gives their numbers, rising, until none is left. */
export function* claimJobs(claims: Int32Array, member: number): Generator<number> {
  for (let job = 0; job < claims.length; job++) {
    if (Atomics.compareExchange(claims, job, NOBODY, member) === NOBODY) yield job;
  }
}

/** Takes back what nobody has claimed. */
export function stopClaims(claims: Int32Array): void {
  for (let job = 0; job < claims.length; job++) Atomics.compareExchange(claims, job, NOBODY, STOPPED);
}

/** An error, ready to be sent. */
export function sendError(error: unknown): SentError {
  if (!(error instanceof Error)) return { message: String(error) };
  const { message } = error;
  if (!(error instanceof OptionError)) return { message };
  return { message, fault: { option: error.option, required: error.required, found: error.found } };
}

/** The error that was sent. */
export function receiveError({ message, fault }: SentError): Error {
  if (fault === undefined) return new Error(message);
  return Object.assign(new OptionError(fault), { message });
}
