/** A worker thread of the CPU device, in a program with `node:worker_threads`: see `work.ts`. */
import { parentPort } from "node:worker_threads";
import { runWorker } from "./work.ts";

parentPort!.once("message", runWorker);
