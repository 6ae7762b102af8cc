/** The command line that makes a run again: its preset, and the options that say otherwise. */
import { type PresetName, PRESETS, type Settings } from "../refinery/settings.ts";
import type { RunConfig } from "./run_folder.ts";

/** Options of `train` that override a setting, and how a value is written. */
const OPTIONS: { [key in keyof Settings]?: (value: never) => string } = {
  method: (value) => `--method ${value}`,
  stages: (value) => `--stages ${value}`,
  folds: (value) => `--folds ${value}`,
  split: (value) => `--split ${value}`,
  width: (value) => `--width ${fraction(value)}`,
  batchNorm: (value) => value ? "--batch-norm" : "--no-batch-norm",
  dropout: (value) => `--dropout ${value}`,
  epochs: (value) => `--epochs ${value}`,
  monitor: (value) => `--monitor ${value}`,
  batch: (value) => `--batch ${value}`,
  segmentHop: (value) => `--segment-hop ${value}`,
};

/** The command, less where its recordings and its folder are on this machine. */
export function trainingCommand(
  { corpus, preset, settings }: Pick<RunConfig, "corpus" | "preset" | "settings">,
): string {
  const base: Partial<Settings> = PRESETS[preset as PresetName] ?? {};
  const own: Settings = { ...settings, monitor: settings.monitor ?? "loss" }; // as runs of before there was a choice
  const changed = (Object.keys(OPTIONS) as (keyof Settings)[]).filter((key) => {
    return own[key] !== undefined && own[key] !== base[key]; // runs of older versions lack some
  });
  return [
    `deno task train --corpus ${corpus.name}`,
    ...(corpus.name === "synthetic" ? [] : [`--data ${corpus.name}`]),
    `--preset ${preset}`,
    ...changed.map((key) => OPTIONS[key]!(own[key] as never)),
    `--seed ${settings.seed}`,
  ].join(" ");
}

/** 0.125 as 1/8. */
export function fraction(x: number): string {
  const inverse = 1 / x;
  return x < 1 && Math.abs(inverse - Math.round(inverse)) < 1e-9 ? `1/${Math.round(inverse)}` : String(x);
}
