/**
 * A worker of `jobs.ts`: opens a device of its own, then runs the folds that it is given, one after the other, and tells how far
 * it is. Results stay in the run folder.
 *
 * @module
 */
import { parentPort } from "node:worker_threads";
import { openDevice, type OpenDeviceOptions } from "../kernels/open_device.ts";
import { identify } from "./begin.ts";
import { DeviceKeeper } from "./device_keeper.ts";
import { type KeptFold, runKeptFold } from "./kept_fold.ts";
import type { Experiment, ExperimentHooks } from "./plan.ts";
import { RunFolder } from "./run_folder.ts";

/** What a worker is sent at its start. */
export interface FoldWorkerStart {
  /** Less what can't be sent: it opens its own device. */
  experiment: Omit<Experiment, "device" | "reopen"> & { device: { kind: string; description: string } };
  /** The run folder. */
  out: string;
  /** Which device to open. */
  device: OpenDeviceOptions;
}

/** What a worker is sent afterwards: a fold, or that it has to stop. */
export type FoldOrder = { fold: number } | { stop: string };

/** Hooks that a worker's news are handed on to. */
export type ToldHook = "onProgress" | "onEpoch" | "onNote";

/** What a worker answers. */
export type FoldAnswer = { tell: ToldHook; of: unknown } | { done: number } | { failed: string };

const abort = new AbortController();
let kept: Promise<KeptFold> | undefined;

const answer = (message: FoldAnswer) => parentPort!.postMessage(message);
const tell = (hook: ToldHook) => (of: unknown) => answer({ tell: hook, of });
const hooks: ExperimentHooks = {
  signal: abort.signal,
  onProgress: tell("onProgress"),
  onEpoch: tell("onEpoch"),
  onNote: tell("onNote"),
};

parentPort!.on("message", async (message: FoldWorkerStart | FoldOrder) => {
  try {
    if ("experiment" in message) kept = begin(message);
    else if ("stop" in message) abort.abort(new Error(message.stop));
    else {
      await runKeptFold(await kept!, message.fold, hooks);
      answer({ done: message.fold });
    }
  } catch (error) {
    answer({ failed: error instanceof Error ? error.message : String(error) });
  }
});

async function begin({ experiment: sent, out, device: options }: FoldWorkerStart): Promise<KeptFold> {
  const device = await openDevice(options);
  const experiment: Experiment = { ...sent, device };
  const devices = new DeviceKeeper(device, () => openDevice(options));
  return { experiment, identity: identify(experiment), folder: await RunFolder.at(out), devices };
}
