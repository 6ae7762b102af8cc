/**
 * `deno task study`: measures which settings make the networks accurate on a corpus, one setting at a time. Each variation is
 * tried on some folds and judged on their validation utterances. The held-out utterances are never used.
 */
import { Option } from "commander";
import { ordinal } from "../base/numbering.ts";
import { openDevice } from "../kernels/open_device.ts";
import { CrossValidation } from "../refinery/cross_validation.ts";
import { type SettingName, SETTINGS, type Settings } from "../refinery/settings.ts";
import { type Trial, tryFold } from "../refinery/trial.ts";
import { createCommand, printJson, readOrdinal, runCommand, say, UsageError, wholeNumber } from "./common.ts";
import { addCorpusOptions } from "./corpus_options.ts";
import { KeptTrials } from "./kept_trials.ts";
import { prepare } from "./prepare.ts";
import { parseSetting } from "./setting_options.ts";
import { studyDeciders } from "./study_deciders.ts";
import { addNetworkOptions, presetOption, resolveSettings, type TrainFlags } from "./train_options.ts";

interface StudyFlags extends TrainFlags {
  trials: number;
  base?: string;
  vary: string[];
  run: string[];
  stage?: number;
  byEpoch?: boolean;
  keep?: string;
  json?: boolean;
}

const collect = (value: string, before: string[]) => [...before, value];

const command = addNetworkOptions(
  addCorpusOptions(createCommand(
    "study",
    "Varies one setting at a time and judges on the validation utterances of some folds, so that the held-out " +
      "utterances stay unseen.",
    [[
      "is batch norm worth it, and a wider network?",
      "deno task study --corpus emodb --data emodb --segment-hop 10 " +
      "--vary batchNorm=true --vary batchNorm=true,width=1/4",
    ], ["other statistics of profiles, other forests", "deno task study --run out/emodb-tuned-1-20200812-140506"]],
  )).addOption(presetOption("compact")),
)
  .option("--trials <n>", "number of folds to try each variation on", wholeNumber({ min: 1 }), 3)
  .option(
    "--base <settings>",
    "settings that all variations share: name=value,name=value, with the names in config.json",
  )
  .addOption(
    new Option("--vary <settings>", "a variation, in the same form; may be repeated").argParser(collect)
      .default([], "none"),
  )
  .addOption(
    new Option(
      "--run <dir>",
      "instead, try other statistics and forests on the profiles of this run; may be repeated",
    )
      .argParser(collect).default([], "none"),
  )
  .option("--stage <n>", "with --run: the stage whose profiles are used (default: the last)", readOrdinal)
  .option("--keep <file>", "file to write each finished trial to, one line each; trials already in it are not repeated")
  .option("--by-epoch", "after each row, print the accuracy after each epoch")
  .option("--json", "print the results as one JSON document on stdout, and the table on stderr");

await runCommand(command, async (signal) => {
  const flags = command.opts<StudyFlags>();
  if (flags.run.length > 0) return await studyDeciders(flags.run, { stage: flags.stage, json: flags.json, signal });
  if (flags.stage !== undefined) throw new UsageError("--stage requires --run");
  const preset = flags.preset ?? (flags.corpus === "synthetic" ? "demo" : "compact");
  const { settings: asked } = resolveSettings({ ...flags, preset });
  const known: Settings = { ...asked, stages: 1, validationShare: 0.2 };
  const base = { ...known, ...parseSettings(flags.base ?? "", known) };
  const variations = ["", ...flags.vary].map((text) => ({ text: text || "as it is", ...parseSettings(text, base) }));
  const device = await openDevice({ device: flags.device, threads: flags.threads });
  say(`device    ${device.kind}: ${device.description}`);
  const kept = flags.keep === undefined ? undefined : await KeptTrials.open(flags.keep);
  const results: { variation: string; settings: Settings; trials: Trial[] }[] = [];
  try {
    for (const [i, { text, ...varied }] of variations.entries()) {
      const prepared = await prepare({ ...flags, quiet: flags.quiet || i > 0 }, preset, { ...base, ...varied }, signal);
      const { features, settings: { segmentHop, split, folds } } = prepared, trials: Trial[] = [];
      const settings: Settings = { ...base, ...varied, segmentHop, split, folds };
      const cv = new CrossValidation(features, settings, prepared.folds);
      for (let fold = 0; fold < Math.min(flags.trials, settings.folds); fold++) {
        const known = kept?.find(settings, fold);
        if (known) {
          trials.push(known);
          continue;
        }
        trials.push(await tryFold(cv, fold, device, { signal, byEpoch: flags.byEpoch }));
        await kept?.keep(settings, trials.at(-1)!);
      }
      results.push({ variation: text, settings, trials });
      const tell = flags.json ? say : console.log;
      tell(row(text, trials, i === 0));
      if (flags.byEpoch) tell(epochRows(trials));
    }
  } finally {
    device.close();
  }
  if (flags.json) printJson(results);
});

function sum(trials: Trial[], of: (trial: Trial) => number): number {
  return trials.reduce((total, trial) => total + of(trial), 0);
}

/** A variation's row, preceded by the table's head if it is the first. */
function row(text: string, trials: Trial[], first: boolean): string {
  const head = "utterances  segments   loss  best epochs   seconds  variation\n";
  return (first ? head : "") + [
    ...figures(trials, (t) => ({ ...t, loss: t.epochs[t.bestEpoch].validationLoss! })),
    trials.map(({ bestEpoch, epochs }) => `${ordinal(bestEpoch)}/${epochs.length}`).join(" ").padStart(11),
    sum(trials, (t) => t.seconds).toFixed(0).padStart(8),
    text,
  ].join("  ");
}

/** The combined results of all trials after each epoch that all of them ran. */
function epochRows(trials: Trial[]): string {
  const epochs = Math.min(...trials.map(({ epochs }) => epochs.length));
  return Array.from({ length: epochs }, (_, e) => {
    const learned = sum(trials, (t) => t.epochs[e].accuracy) / trials.length;
    return [
      ...figures(trials, ({ epochs, segments }) => {
        const { right, validationAccuracy, validationLoss } = epochs[e];
        return { right: right!, segmentsRight: validationAccuracy! * segments, loss: validationLoss! };
      }),
      `after epoch ${ordinal(e)}; ${(100 * learned).toFixed(0)} % of the segments learned from`,
    ].join("  ");
  }).join("\n");
}

/** The columns of validation: correct utterances and segments of all trials, and the mean loss. */
function figures(trials: Trial[], of: (trial: Trial) => Pick<Trial, "right" | "segmentsRight"> & { loss: number }) {
  const percent = (part: number, whole: number) => `${(100 * part / whole).toFixed(1)} %`;
  return [
    percent(sum(trials, (t) => of(t).right), sum(trials, (t) => t.utterances)).padStart(10),
    percent(sum(trials, (t) => of(t).segmentsRight), sum(trials, (t) => t.segments)).padStart(8),
    (sum(trials, (t) => of(t).loss) / trials.length).toFixed(3).padStart(5),
  ];
}

/** Parses settings by name, "batchNorm=true,width=1/4". */
function parseSettings(text: string, known: Settings): Partial<Settings> {
  return Object.fromEntries(
    text.split(",").filter(Boolean).map((part) => {
      const [, name = "", value = ""] = /^\s*(\w+)\s*=\s*(.+?)\s*$/.exec(part) ?? [];
      if (!(name in known)) {
        throw new UsageError(`Expected name=value, the name one of ${Object.keys(known).join(", ")}; found "${part}"`);
      }
      try {
        return [name, name in SETTINGS ? parseSetting(name as SettingName, value) : wholeNumber({ min: 0 })(value)]; // hop, seed
      } catch (error) {
        throw new UsageError(`${name}: ${(error as Error).message}`);
      }
    }),
  );
}
