/** The options of `train`: a preset is a set of defaults, and each given option overrides one of them. */
import { ordinal } from "../base/numbering.ts";
import { type Command, Option } from "commander";
import type { Precision } from "../kernels/device.ts";
import { DEVICE_CHOICES, type DeviceChoice } from "../kernels/open_device.ts";
import type { TuneFlag } from "../lab/tuning.ts";
import { fraction } from "../base/fraction.ts";
import { checkSettings } from "../refinery/check_settings.ts";
import { type PresetName, PRESETS } from "../refinery/presets.ts";
import { type SettingName, SETTINGS, type Settings } from "../refinery/settings.ts";
import type { RunConfig } from "../runs/run_config.ts";
import { defaultPreset } from "../runs/train.ts";
import { readOrdinal, UsageError, wholeNumber } from "./common.ts";
import { addCorpusOptions, type CorpusFlags } from "./corpus_options.ts";
import { addNoteOptions, type NoteFlags } from "./export_model.ts";
import { addSettingOptions, givenSettings, NETWORK_SETTINGS } from "./setting_options.ts";
import { precisionOption, tuneOption } from "./tuning.ts";

/** The parsed options; settings only if given. */
export interface TrainFlags extends CorpusFlags, Partial<NoteFlags>, Partial<Pick<Settings, SettingName>> {
  preset?: PresetName;
  onlyFold?: number;
  device: DeviceChoice;
  threads?: number;
  precision: Precision;
  tune: TuneFlag;
  jobs: number;
  out?: string;
  resume?: boolean;
  stagesFrom?: string;
  merge?: boolean;
  dryRun?: boolean;
  quiet?: boolean;
  verbose?: boolean;
  json?: boolean;
  export?: boolean;
}

/** Adds the options for the experiment, its corpus and its output. */
export function addExperimentOptions(command: Command): Command {
  const withChain = addSettingOptions(addCorpusOptions(command).addOption(presetOption("quick")), ["method", "stages"]);
  return addNetworkOptions(withChain)
    .option("--out <dir>", "run folder, new or empty (default: out/<corpus>-<preset>-<seed>-<time>)");
}

/** `--preset`. @param recorded the default for recordings */
export function presetOption(recorded: PresetName): Option {
  return new Option(
    "--preset <name>",
    `set of defaults for the settings (default: demo for the synthetic corpus, else ${recorded})`,
  )
    .choices(Object.keys(PRESETS));
}

/** Adds the options for cross-validation, fitting and the device. */
export function addNetworkOptions(command: Command): Command {
  return addSettingOptions(command, NETWORK_SETTINGS)
    .addOption(
      new Option("--device <name>", "auto: a hardware GPU if there is one, else cpu").choices(DEVICE_CHOICES)
        .default("auto"),
    )
    .option(
      "--threads <n>",
      "worker threads of the cpu device (default: one a processor)",
      wholeNumber({ min: 1, max: 64 }),
    )
    .addOption(precisionOption())
    .addOption(tuneOption())
    .option("--quiet", "print only results and errors");
}

/** `--jobs`. */
export function jobsOption(): Option {
  return new Option("--jobs <n>", "folds to run at the same time; they share the threads")
    .argParser(wholeNumber({ min: 1, max: 64 })).default(1);
}

/** Divides a device's threads among several jobs. */
export function shareThreads(
  { threads, jobs, device }: Pick<TrainFlags, "threads" | "jobs" | "device">,
): number | undefined {
  if (jobs === 1 || device === "webgpu") return threads;
  return Math.max(1, Math.floor((threads ?? navigator.hardwareConcurrency) / jobs));
}

/** Adds all options. */
export function addTrainOptions(command: Command): Command {
  return addNoteOptions(addExperimentOptions(command))
    .option(
      "--export",
      "at the end, train one more network on all utterances and write it as a model for deno task predict",
    )
    .option(
      "--stages-from <run>",
      "copy the networks that this run would train identically from another run: at least stage 1",
    )
    .option("--resume", "resume the run in --out with its own settings; no other option is required")
    .addOption(jobsOption())
    .option(
      "--only-fold <k>",
      "run only this fold, counted from 1, in a run folder that other processes may share; writes no results.json",
      readOrdinal,
    )
    .option("--merge", "train nothing; judge the folds in --out, which other processes have run")
    .option("--dry-run", "train nothing; print the cost: FLOPs, hours, memory, disk")
    .option("--verbose", "print the layers of the network, and each epoch")
    .option("--json", "print the results as one JSON document on stdout, everything else on stderr");
}

/**
 * Resolves the options to settings, and returns the preset. The segment hop may still be undefined, for the corpus's
 * default.
 *
 * @throws {UsageError} if options contradict each other
 */
export function resolveSettings(flags: TrainFlags): { preset: PresetName; settings: Settings } {
  const preset = flags.preset ?? defaultPreset(flags.corpus);
  return { preset, settings: override(PRESETS[preset], flags) };
}

/**
 * The options and settings of a resumed run: its own, overridden by the given ones.
 *
 * @param given whether an option was given
 * @throws {UsageError} if options contradict each other
 */
export function resumeSettings(
  asked: TrainFlags,
  { corpus, settings, device, preset }: RunConfig,
  given: (option: keyof TrainFlags) => boolean,
): { flags: TrainFlags; preset: PresetName; settings: Settings } {
  const flags = { ...asked, data: asked.data ?? corpus.data, choices: corpus.choices };
  if (!given("corpus")) flags.corpus = corpus.name as CorpusFlags["corpus"];
  if (!given("seed")) flags.seed = settings.seed;
  if (!given("device")) flags.device = device.kind as DeviceChoice;
  if (!given("precision")) flags.precision = device.precision ?? "f32";
  const base = flags.preset === undefined || flags.preset === preset ? settings : PRESETS[flags.preset];
  return { flags, preset: flags.preset ?? preset as PresetName, settings: override(base, flags) };
}

/** Overrides settings with the given ones. */
function override(base: Settings, flags: TrainFlags): Settings {
  const settings: Settings = { ...base, ...givenSettings({ ...flags }), seed: flags.seed };
  settings.segmentHop = flags.segmentHop ?? settings.segmentHop;
  try {
    checkSettings(settings);
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
  // if the number is not given, the corpus may have its own (fold_settings.ts)
  if (
    flags.onlyFold !== undefined && (flags.folds || flags.resume || flags.corpus === "synthetic") &&
    flags.onlyFold >= settings.folds
  ) {
    throw new UsageError(`--only-fold: expected a fold from 1 to ${settings.folds}, found ${ordinal(flags.onlyFold)}`);
  }
  if (flags.threads !== undefined && flags.device === "webgpu") {
    throw new UsageError("--threads requires the cpu device, found --device webgpu");
  }
  if (flags.export && flags.onlyFold !== undefined) {
    throw new UsageError(
      "--export and --only-fold exclude each other: run deno task export RUN when all folds are finished",
    );
  }
  if (flags.precision === "f16" && flags.device === "cpu") {
    throw new UsageError("--precision f16 requires a GPU, found --device cpu");
  }
  if (flags.quiet && flags.verbose) throw new UsageError("--quiet and --verbose exclude each other");
  if (flags.jobs > 1 && flags.onlyFold !== undefined) throw new UsageError("--jobs and --only-fold exclude each other");
  if (flags.merge && flags.onlyFold !== undefined) throw new UsageError("--merge and --only-fold exclude each other");
  if ((flags.resume || flags.merge) && flags.out === undefined) {
    throw new UsageError(`--${flags.resume ? "resume" : "merge"} requires --out, the folder of the run`);
  }
  return settings;
}

/** The settings in one line. @param chains printed instead of method and stages */
export function describeSettings(preset: string, settings: Settings, chains?: string): string {
  const { method, stages, folds, split, width, batchNorm, batchNormDense, dropout, epochs, monitor, batch } = settings;
  const { segmentFrames, level, conditions, members, labelsFrom, trees, seed } = settings;
  const times = (n: number, noun: string) => `${n} ${noun}${n === 1 ? "" : "s"}`;
  const views = VIEW_SETTINGS.filter((name) => settings[name]).map((name) => SETTINGS[name].label);
  return [
    `preset ${preset}: ${chains ?? `${method}, ${times(stages, "stage")}`} x ${folds} folds by ${split}`,
    `VGG-E of width ${fraction(width)}${batchNorm ? ` with batch norm${batchNormDense ? " throughout" : ""}` : ""}${
      dropout ? `, dropout ${dropout}` : ""
    }`,
    ...(segmentFrames === 32 ? [] : [`segments of ${segmentFrames} frames`]),
    ...(level === "none" ? [] : [`recordings at one level (${level})`]),
    ...(conditions === "clean" ? [] : [`${conditions}-condition training`]),
    monitor === "nothing"
      ? times(epochs, "epoch")
      : `at most ${times(epochs, "epoch")}${monitor === "accuracy" ? " by accuracy" : ""}`,
    `batch ${batch}`,
    `rate ${settings.learningRate}${settings.schedule === "cosine" ? " down to 0" : ""}`,
    ...(views.length > 0 ? [views.join(" + ")] : []),
    ...(settings.average ? [`weights averaged by ${settings.average}`] : []),
    ...(members > 1 ? [`${members} networks a fold`] : []),
    ...(stages > 1 && labelsFrom !== "in-sample" ? [`labels from ${labelsFrom}`] : []),
    times(trees, "tree"),
    `seed ${seed}`,
  ].join(", ");
}

/** Settings that augment segments. */
const VIEW_SETTINGS = [
  "randomStart",
  "stretch",
  "warp",
  "maskBands",
  "maskFrames",
  "gain",
  "noise",
  "mixup",
  "labelSmoothing",
] as const satisfies SettingName[];
