/**
 * Command lines: the one that repeats a run, by its preset and the options that differ from it; the one that resumes a run; the one
 * that a model's description shows. Below the commands, flags are written here and nowhere else.
 */
import { ordinal } from "../base/numbering.ts";
import { completeSettings, type PresetName, PRESETS } from "../refinery/presets.ts";
import { type SettingName, SETTINGS } from "../refinery/settings.ts";
import { fraction } from "../base/fraction.ts";
import type { RunConfig } from "./run_config.ts";

/** What the option of a setting is called: "batch-norm", and "validation" for the validation share. */
export function optionName(setting: string): string {
  if (setting === "validationShare") return "validation";
  return setting.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** The command, less where its recordings and its folder are on this machine. */
export function trainingCommand(
  { corpus, preset, settings }: Pick<RunConfig, "corpus" | "preset" | "settings">,
): string {
  const base = { ...PRESETS[preset as PresetName] } as typeof settings, own = completeSettings(settings);
  const changed = (Object.keys(SETTINGS) as SettingName[]).filter((name) => own[name] !== base[name]);
  const hop = own.segmentHop === undefined || own.segmentHop === base.segmentHop
    ? []
    : [`--segment-hop ${own.segmentHop}`];
  return [
    `deno task train --corpus ${corpus.name}`,
    ...(corpus.name === "synthetic" ? [] : [`--data ${corpus.name}`]),
    `--preset ${preset}`,
    ...changed.map((name) => optionOf(name, own[name])),
    ...hop,
    `--seed ${settings.seed}`,
  ].join(" ");
}

/** The command that makes a model of a run again. @param fold where it is that of a fold */
export function exportCommand(config: Parameters<typeof trainingCommand>[0], fold?: number): string {
  const train = trainingCommand(config);
  return fold === undefined ? `${train} --export` : `${train} && deno task export RUN --fold ${ordinal(fold)}`;
}

/**
 * How to resume a run or the runs of a paper, for a message. A program calls `train` again with the same folder; a command prints that
 * call as `deno task train --resume` (`cli/flags.ts`). Only the command makes the runs of a paper.
 *
 * @param folder the run's
 */
export function resumeCommand(task: "train" | "paper", folder: string): string {
  return task === "train"
    ? `\`train(corpus, { out: ${JSON.stringify(folder)} })\``
    : `deno task paper with \`resume: true\` and \`out: ${folder}\``;
}

function optionOf(name: SettingName, value: string | number | boolean): string {
  if (typeof value === "boolean") return value ? `--${optionName(name)}` : `--no-${optionName(name)}`;
  return `--${optionName(name)} ${name === "width" ? fraction(value as number) : value}`;
}
