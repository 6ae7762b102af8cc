/**
 * Starts, joins or resumes a run. The folder's `config.json` and `corpus.csv` define the run. If a process has other
 * settings or another corpus, an error lists the differences.
 */
import { FileError } from "../base/file_error.ts";
import { OptionError } from "../base/option_error.ts";
import { join } from "@std/path";
import { writeAtomically } from "../files/atomic.ts";
import type { Device } from "../kernels/device.ts";
import { findAdapter } from "../kernels/webgpu/adapter.ts";
import type { KernelChoices } from "../kernels/webgpu/choices.ts";
import { corpusTable, describeCorpusChange, differences, type Identity, identityOf, sha256 } from "./identity.ts";
import { Lease } from "./lease.ts";
import type { Experiment, Start } from "./plan.ts";
import type { RunConfig } from "./run_config.ts";
import { requireVacant, RunFolder } from "./run_folder.ts";
import { readStored, runKernels } from "./stored.ts";
import project from "../deno.json" with { type: "json" };

/** The parts of an experiment that define a run. The device may be given by name only. */
export type RunDescription = Pick<Experiment, "corpus" | "data" | "choices" | "preset" | "settings" | "features"> & {
  device: Pick<Device, "kind" | "description" | "precision">;
};

/** The identity of an experiment's run. */
export function identify(experiment: RunDescription): Identity {
  return identityOf(configOf(experiment));
}

/**
 * Opens an experiment's run folder, and creates it if required.
 *
 * @param onlyFold the only fold that this process runs
 * @throws {Error} if there is no run to resume, or it is another one: with each setting that differs, and the changes of the corpus
 */
export async function openRun(
  out: string,
  experiment: RunDescription,
  start: Start,
  { onlyFold, onNote = () => {} }: { onlyFold?: number; onNote?: (line: string) => void } = {},
): Promise<RunFolder> {
  if (start === "new") await requireVacant(out);
  if (start === "resume") await requireRun(out);
  const folder = await RunFolder.at(out, onlyFold);
  // several processes may start one run at once
  const lease = await Lease.take(folder.in("locks"), "setup", { what: `The run folder ${out}`, wait: true });
  try {
    const found = await folder.readConfig();
    if (found) {
      await requireSame(folder, found, experiment);
      await noteKernels(folder, experiment, onNote);
      return folder;
    }
    await requireVacant(out);
    const { features } = experiment;
    await writeAtomically(
      folder.in("corpus.csv"),
      corpusTable(features.utterances, features.emotions, experiment.settings.split),
    );
    await folder.writeKernels(kernelsOf(experiment.device));
    await folder.writeConfig(configOf(experiment)); // written last: the run exists from then on
    return folder;
  } finally {
    lease.release();
  }
}

/**
 * The configuration of a folder's run.
 *
 * @throws {FileError} if the folder contains no run
 */
export async function requireRun(out: string): Promise<{ folder: RunFolder; config: RunConfig }> {
  const there = await Deno.stat(out).then(({ isDirectory }) => isDirectory, () => false);
  const folder = there ? await RunFolder.at(out) : undefined;
  const config = await folder?.readConfig();
  if (!folder || !config) {
    throw new FileError({ file: out, expected: "the folder of a run", found: "no config.json in it" });
  }
  return { folder, config };
}

/** Throws an OptionError with the differences unless an experiment is the folder's run. */
async function requireSame(folder: RunFolder, found: RunConfig, experiment: RunDescription): Promise<void> {
  const there = identityOf(found), here = identify(experiment);
  const differ = differences(there, here);
  if (differ.length > 0) {
    throw new OptionError({
      option: "out",
      where: folder.path,
      required: "a run with these settings",
      found: `another: ${differ.join("; ")}`,
      help: "resume it with its own settings, or name a new folder",
    });
  }
  if (there.recordings === here.recordings) return;
  const { utterances, emotions } = experiment.features;
  const before = await Deno.readTextFile(folder.in("corpus.csv"));
  const change = describeCorpusChange(before, corpusTable(utterances, emotions, experiment.settings.split));
  throw new OptionError({
    option: "data",
    where: folder.path,
    required: "the corpus that the run started with",
    found: `utterances that are ${change}`,
    help: "restore the recordings, or name a new folder (`out`)",
  });
}

function configOf({ corpus, data, choices, preset, settings, features, device }: RunDescription): RunConfig {
  const voted = features.utterances.filter(({ votes }) => votes !== undefined).length;
  return {
    versions: { epr: project.version, deno: Deno.version.deno, v8: Deno.version.v8 },
    started: new Date().toISOString(),
    corpus: {
      name: corpus,
      ...(data !== undefined && { data }),
      emotions: features.emotions,
      utterances: features.utterances.length,
      segments: features.segmentStart.length,
      seconds: features.seconds,
      skipped: features.skipped.length,
      digest: sha256(corpusTable(features.utterances, features.emotions, settings.split)),
      ...(choices && Object.keys(choices).length > 0 && { choices }),
      ...(voted > 0 && { voted }),
    },
    preset,
    settings,
    device: {
      kind: device.kind,
      description: device.description,
      ...(device.precision === "f16" && { precision: device.precision }),
    },
  };
}

/**
 * The kernel choices for products when the folder's run began, for `openDevice`: the new device then computes in the same
 * way. Undefined if there is no run, or none on the current adapter.
 */
export async function keptChoices(out: string): Promise<KernelChoices | undefined> {
  const found = await readStored<{ adapter?: string; choices?: KernelChoices }>(join(out, "kernels.json"), runKernels);
  return found?.choices && found.adapter === (await findAdapter())?.name ? found.choices : undefined;
}

/** A device's current kernel choices for products; undefined if it has no choice. */
export function choicesOf(device: RunDescription["device"]): KernelChoices | undefined {
  return (device as { kernelChoices?: KernelChoices }).kernelChoices;
}

/** What a device computes with: the CPU's instructions, or the GPU's name and kernel choices. */
function kernelsOf(device: RunDescription["device"]): Record<string, unknown> {
  const { simd, adapterName, features } = device as {
    simd?: string;
    adapterName?: string;
    features?: { subgroups?: { min: number; max: number } };
  };
  const { min, max } = features?.subgroups ?? {};
  const subgroups = min === undefined ? undefined : `${min} to ${max} lanes`;
  return { device: device.kind, simd, adapter: adapterName, subgroups, choices: choicesOf(device) };
}

/** Notes if this device computes differently from the device on which the run began. */
async function noteKernels(
  folder: RunFolder,
  { device }: RunDescription,
  onNote: (line: string) => void,
): Promise<void> {
  const there = await readStored<Record<string, unknown>>(folder.in("kernels.json"), runKernels);
  if (!there) {
    throw new FileError({ file: folder.in("kernels.json"), expected: "this file in a run", found: "none" });
  }
  const here = kernelsOf(device);
  for (const key of ["simd", "adapter", "subgroups"]) {
    if (there[key] === undefined || here[key] === undefined || there[key] === here[key]) continue;
    onNote(
      `The run started on another device (${key} ${there[key]}, here ${here[key]}): results may differ by rounding`,
    );
  }
}
