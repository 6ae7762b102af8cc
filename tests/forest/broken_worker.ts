/** A worker that claims a tree and then dies, or says nothing more, as the forest's seed has it: for the tests. */
import { parentPort } from "node:worker_threads";
import { claimTrees, type FitJob } from "../../forest/fit_messages.ts";

parentPort!.on("message", (job: FitJob) => {
  claimTrees(job, []).next();
  if (job.options.seed === 1) throw new Error("out of luck");
});
