/**
 * Command lines: the one that repeats a run, with its preset and the options that differ from it; the one that resumes a run; and
 * the one in a model's description. Below the commands, this is the only file that writes flags.
 */
import { ordinal } from "../base/numbering.ts";
import { optionName } from "../base/option_name.ts";
import { completeSettings, type PresetName, PRESETS } from "../refinery/presets.ts";
import { type SettingName, SETTINGS } from "../refinery/settings.ts";
import { fraction } from "../base/fraction.ts";
import type { RunConfig } from "./run_config.ts";

/** The command, without the location of recordings and folder on this machine. */
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

/** The command that exports a model of a run again. @param fold the fold, for a fold's model */
export function exportCommand(config: Parameters<typeof trainingCommand>[0], fold?: number): string {
  const train = trainingCommand(config);
  return fold === undefined ? `${train} --export` : `${train} && deno task export RUN --fold ${ordinal(fold)}`;
}

/**
 * The way to resume a run or the runs of a paper, for a message. A program calls `train` again with the same folder; a command prints
 * that call as `deno task train --resume` (`cli/flags.ts`). Only the command makes the runs of a paper.
 *
 * @param folder the run's folder
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
