/** `--model`: selects a command's model and its device. */
import { join } from "@std/path";
import { type Command, Option } from "commander";
import { DEVICE_CHOICES, type DeviceChoice, openDevice } from "../kernels/open_device.ts";
import { readModel } from "../models/mod.ts";
import { DECIDED_BY, type DecisionRule, Predictor } from "../models/predictor.ts";
import { say, UsageError, wholeNumber } from "./common.ts";

/** The model that ships with the project. */
export const SHIPPED_MODEL = join(import.meta.dirname!, "..", "models", "emodb");

/** The parsed options. */
export interface ModelFlags {
  model?: string;
  decide: DecisionRule;
  device: DeviceChoice;
  threads?: number;
  quiet?: boolean;
}

/** Adds `--model --decide --device --threads --quiet`. */
export function addModelOptions(command: Command): Command {
  return command
    .option(
      "--model <dir>",
      "model folder, as deno task export writes it, or the archive of a taught model (default: the model that ships)",
    )
    .addOption(
      new Option("--decide <by>", "how the emotion of a recording is decided: by the forest, or by the mean profile")
        .choices(DECIDED_BY).default("forest"),
    )
    .addOption(
      new Option("--device <name>", "auto: a hardware GPU if there is one, else cpu").choices(DEVICE_CHOICES)
        .default("auto"),
    )
    .option(
      "--threads <n>",
      "worker threads of the cpu device (default: one a processor)",
      wholeNumber({ min: 1, max: 64 }),
    )
    .option("--quiet", "print only results and errors");
}

/**
 * Opens the model and its device.
 *
 * @throws {ModelError} if it is not a valid model
 */
export async function openModel({ model, device: kind, threads, quiet }: ModelFlags): Promise<Predictor> {
  if (threads !== undefined && kind === "webgpu") {
    throw new UsageError("--threads requires the cpu device, found --device webgpu");
  }
  const opening = openDevice({ device: kind, threads, keepAlive: true }); // commands end by Deno.exit
  opening.catch(() => {}); // the model's fault is reported first
  const read = await readModel(await modelFolder(model)), device = await opening;
  if (!quiet) {
    const { name, emotions, training, segmentHop, frontEnd } = read.description;
    const every = Math.round(1000 * segmentHop * frontEnd.hopLength / frontEnd.sampleRate);
    say(`model     ${name}: ${emotions.length} emotions, trained on ${training.corpus}, a segment every ${every} ms`);
    say(`device    ${device.kind}: ${device.description}`);
  }
  return new Predictor(read, device);
}

/** The folder of the requested model, or of the one that ships. Throws an Error if neither exists. */
export async function modelFolder(asked: string | undefined): Promise<string> {
  if (asked !== undefined) return asked;
  const there = await Deno.stat(SHIPPED_MODEL).then(({ isDirectory }) => isDirectory, () => false);
  if (there) return SHIPPED_MODEL;
  throw new Error(
    "This copy of EPR has no model: --model names a model folder; deno task export RUN makes one from a run",
  );
}
