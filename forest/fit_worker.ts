/**
 * A worker of `parallel.ts`: grows trees of one forest after the other, claiming their numbers one by one.
 *
 * @module
 */
import { parentPort } from "node:worker_threads";
import { fitTrees } from "./forest.ts";
import { claimTrees, type FitJob, type FitReport } from "./fit_messages.ts";

parentPort!.on("message", (job: FitJob) => {
  const numbers: number[] = [];
  let report: FitReport;
  try {
    const trees = fitTrees(job.x, job.y, job.options, claimTrees(job, numbers)).map(({ nodes }) => nodes);
    report = { job: job.job, numbers, trees };
  } catch (error) {
    report = { job: job.job, error: error instanceof Error ? error.message : String(error) };
  }
  parentPort!.postMessage(report);
});
