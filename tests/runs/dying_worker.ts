/** A worker of `jobs.ts` that dies as soon as it is given a fold. */
import process from "node:process";
import { parentPort } from "node:worker_threads";

parentPort!.on("message", (message: { fold?: number }) => {
  if (message.fold !== undefined) process.exit(1); // the worker alone
});
