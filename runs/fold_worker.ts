/**
 * A worker thread of `jobs.ts`: opens its own device, then runs the folds that it claims one after the other, and reports its
 * progress. The results are in the run folder.
 *
 * @module
 */
import { openDevice, type OpenDeviceOptions } from "../kernels/open_device.ts";
import { serve } from "../workers/member.ts";
import { identify } from "./begin.ts";
import { DeviceKeeper } from "./device_keeper.ts";
import { runKeptFold } from "./kept_fold.ts";
import type { Experiment, ExperimentHooks } from "./plan.ts";
import { RunFolder } from "./run_folder.ts";

/** The work's setup. */
export interface FoldSetup {
  /** Without the parts that can't be sent: a worker opens its own device. */
  experiment: Omit<Experiment, "device" | "reopen"> & { device: { kind: string; description: string } };
  /** The run folder. */
  out: string;
  /** The device to open. */
  device: OpenDeviceOptions;
}

/** A call of one of the experiment's hooks. */
export interface FoldNews {
  /** The hook's name. */
  hook: "onProgress" | "onEpoch" | "onNote";
  /** The hook's argument. */
  of: unknown;
}

serve<FoldSetup, number, number, FoldNews>(async ({ experiment: sent, out, device: options }, { signal, tell }) => {
  const device = await openDevice(options);
  const experiment: Experiment = { ...sent, device };
  const devices = new DeviceKeeper(device, () => openDevice(options));
  const kept = { experiment, identity: identify(experiment), folder: await RunFolder.at(out), devices };
  const on = (hook: FoldNews["hook"]) => (of: unknown) => tell({ hook, of });
  const hooks: ExperimentHooks = {
    signal,
    onProgress: on("onProgress"),
    onEpoch: on("onEpoch"),
    onNote: on("onNote"),
  };
  return {
    run: async (fold) => (await runKeptFold(kept, fold, hooks)).fold,
    end: () => devices.device.close(),
  };
});
