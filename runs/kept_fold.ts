/**
 * Runs one fold so that it survives interruptions: it holds a lease, saves its state in the run folder, and resumes on
 * another device if one is lost.
 */
import { ordinal } from "../base/numbering.ts";
import { OptionError } from "../base/option_error.ts";
import { runFold } from "../refinery/fold.ts";
import type { StageOutput } from "../refinery/fold_hooks.ts";
import type { FoldResult } from "../refinery/results.ts";
import type { DeviceKeeper } from "./device_keeper.ts";
import { FoldFiles } from "./fold_files.ts";
import type { Identity } from "./identity.ts";
import { Lease } from "./lease.ts";
import { foldName } from "./names.ts";
import { crossValidationOf, type Experiment, type ExperimentHooks, since } from "./plan.ts";
import type { RunFolder } from "./run_folder.ts";

/** What a fold needs to run. */
export interface KeptFold {
  /** The experiment. */
  experiment: Experiment;
  /** The identity of its run. */
  identity: Identity;
  /** The run folder. */
  folder: RunFolder;
  /** The devices to run on. */
  devices: DeviceKeeper;
}

/**
 * Runs a fold, or the remaining part of it.
 *
 * @throws {Error} if another process runs it, or began it and this process is not to resume it
 * @throws the signal's reason if aborted, after the fold is saved
 */
export async function runKeptFold(kept: KeptFold, fold: number, hooks: ExperimentHooks): Promise<FoldResult> {
  const { experiment, identity, folder, devices } = kept, { features } = experiment, cv = crossValidationOf(experiment);
  const called = `fold ${ordinal(fold)}`;
  const note = (line: string) => {
    folder.log({ event: "note", fold, text: line });
    hooks.onNote?.(line);
  };
  const lease = await Lease.take(folder.in("locks"), foldName(fold), {
    what: `Fold ${ordinal(fold)} of ${folder.path}`,
    signal: hooks.signal,
    onWatch: ({ host, pid }, seconds) =>
      note(`${called} was held by process ${pid} on ${host}: waiting up to ${seconds} s to see whether it lives`),
    ...experiment.lease,
  });
  const began = performance.now();
  try {
    const open = () =>
      FoldFiles.open(folder, fold, {
        identity,
        emotions: features.emotions,
        check: () => lease.check(),
        onNote: note,
        onCheckpoint: (kept) => folder.log({ event: "checkpoint", fold, ...kept, seconds: round(kept.seconds) }),
      });
    let files = await open();
    if (files.begun && experiment.start !== "resume") {
      throw new OptionError({
        option: "out",
        where: folder.path,
        required: `a run whose ${called} has not started`,
        found: "one that has",
        help: "`resume: true` resumes it",
      });
    }
    files.sweep();
    for (;; files = await open()) {
      let stageBegan = performance.now();
      try {
        const result = await runFold(cv, fold, devices.device, {
          signal: hooks.signal ? AbortSignal.any([hooks.signal, lease.lost]) : lease.lost,
          memory: files,
          saveEvery: experiment.saveEvery,
          onProgress: (progress) => {
            const { stage, phase, epoch, part, loss } = progress;
            const place = { stage: ordinal(stage), phase, epoch: ordinal(epoch) }; // people read leases, so it counts from 1
            lease.tell({ ...place, part: round(part), loss: loss && round(loss) });
            hooks.onProgress?.(progress);
          },
          onEpoch: (record) => {
            const { stage, epoch, ...figures } = record;
            folder.log({ event: "epoch", ...figures, fold, stage, epoch });
            hooks.onEpoch?.(record);
          },
          onStage: async (output) => {
            await saveStage(kept, output, files, since(stageBegan));
            stageBegan = performance.now();
          },
        });
        folder.log({ event: "fold", fold, seconds: since(began) });
        return result;
      } catch (error) {
        const lost = await devices.replace(error); // rethrows the error if the device is not lost
        note(`${lost}; ${called} resumes from its last checkpoint`);
      }
    }
  } finally {
    lease.release();
  }
}

/** Saves a finished stage and logs it. */
async function saveStage(
  { experiment, folder, devices }: KeptFold,
  output: StageOutput,
  files: FoldFiles,
  seconds: number,
): Promise<void> {
  const { fold, result: { profiles, ...figures }, weights, shapes, standardisation: { mean, deviation } } = output;
  const { features: { emotions, segmentHop, utterances: all } } = experiment;
  const utterances = crossValidationOf(experiment).heldOut(fold).map((i) => all[i]);
  const metadata = { emotions: emotions.join(" "), mean: String(mean), deviation: String(deviation) };
  await files.finish({
    record: { ...figures, device: devices.device.description, seconds },
    profiles: { utterances, segmentHop, emotions, profiles },
    network: { weights, shapes, metadata },
  });
  const { stage, epochs, bestEpoch, labelEntropy, labelError } = figures;
  const told = { epochs: epochs.length, bestEpoch, labelEntropy, labelError };
  folder.log({ event: "stage", fold, stage, ...told, seconds });
}

const round = (x: number) => Math.round(1000 * x) / 1000;
