/** A worker whose jobs name their own fate: for the tests of the crew. */
import process from "node:process";
import { OptionError } from "../../base/option_error.ts";
import { serve } from "../../workers/member.ts";

/** What a job is. */
export type OddJob =
  | { double: number }
  | { wait: number }
  | { until: "stopped" }
  | { fail: string }
  | { option: string }
  | { end: "exit" | "throw" | "never" };

/** What it gives: the number, and how many jobs this member has had of the work. */
export interface OddResult {
  /** Twice the job's number. */
  value: number;
  /** From 1. */
  turn: number;
  /** 8 bytes that move. */
  bytes: Uint8Array<ArrayBuffer>;
}

serve<{ factor: number; ended: Int32Array }, OddJob, OddResult, string>(({ factor, ended }, { signal, tell }) => {
  if (factor === 0) throw new Error("no setup");
  let turn = 0;
  return {
    async run(job) {
      turn++;
      if ("fail" in job) throw new Error(job.fail);
      if ("option" in job) throw new OptionError({ option: job.option, required: "another", found: 3, where: "here" });
      if ("wait" in job) await new Promise((resolve) => setTimeout(resolve, job.wait));
      if ("until" in job) {
        tell("waiting");
        if (!signal.aborted) await new Promise((resolve) => signal.addEventListener("abort", resolve));
        tell(`kept: ${signal.reason.message}`);
        throw signal.reason;
      }
      if ("end" in job) {
        if (job.end === "exit") process.exit(1); // the worker alone
        if (job.end === "throw") setTimeout(() => fail("out of luck"), 0);
        await new Promise(() => {});
      }
      return { value: factor * ("double" in job ? job.double : 0), turn, bytes: new Uint8Array(8) };
    },
    end: () => void Atomics.add(ended, 0, 1),
  };
}, ({ bytes }) => [bytes.buffer]);

function fail(message: string): never {
  throw new Error(message);
}
