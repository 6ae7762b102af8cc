/**
 * `deno task train`: the whole job. Features, folds x stages of networks, the forest, the results and their report, in a run
 * folder.
 */
import { ordinal } from "../base/numbering.ts";
import { join } from "@std/path";
import { count } from "../base/count.ts";
import { openDevice } from "../kernels/open_device.ts";
import type { EpochRecord } from "../nn/fit.ts";
import { summarise } from "../nn/vgg_e.ts";
import type { Results } from "../refinery/results.ts";
import { networkOptions } from "../refinery/derived_settings.ts";
import type { PresetName } from "../refinery/presets.ts";
import type { Settings } from "../refinery/settings.ts";
import { foldFigures, foldTable, formatTable, modelTable, percent, stageTable } from "../report/table.ts";
import { choicesOf, keptChoices, openRun, requireRun, type RunDescription } from "../runs/begin.ts";
import { runExperiment } from "../runs/experiment.ts";
import { differences, identityOf } from "../runs/identity.ts";
import { foldsAtOnce } from "../runs/jobs.ts";
import { mergeFolds } from "../runs/merge.ts";
import { crossValidationOf, type Experiment, type PlanOutcome, type Start } from "../runs/plan.ts";
import { requireVacant } from "../runs/run_folder.ts";
import { shareStages } from "../runs/share_stage.ts";
import { defaultFolder } from "../runs/train.ts";
import { createCommand, printJson, runCommand, say } from "./common.ts";
import { type Cost, estimateCost } from "./cost.ts";
import { trainForUse, writeShown } from "./export_model.ts";
import { formatDuration, JobProgress } from "./job_progress.ts";
import { prepare } from "./prepare.ts";
import { addTrainOptions, resolveSettings, resumeSettings, shareThreads, type TrainFlags } from "./train_options.ts";
import { rehearseTraining, tuneDevice } from "./tuning.ts";
import project from "../deno.json" with { type: "json" };

const command = addTrainOptions(createCommand(
  "train",
  "Trains and judges on a corpus: features, stages x folds of networks, forest, results and report, in a run folder.",
  [
    ["the synthetic corpus: nothing to download", "deno task train"],
    ["Emo-DB in minutes", "deno task train --corpus emodb --data emodb"],
    [
      "the paper's own setup: what would it cost here?",
      "deno task train --corpus emodb --data emodb --preset paper --dry-run",
    ],
    [
      "your recordings, one folder for each emotion; held-out speakers",
      "deno task train --corpus folder --data recordings --split speaker",
    ],
    ["and a model for deno task predict", "deno task train --corpus emodb --data emodb --export"],
    ["resume a run that was stopped", "deno task train --resume --out out/synthetic-demo-1-20200812-140506"],
  ],
));

await runCommand(command, async (signal) => {
  const started = performance.now();
  const { flags, preset, settings: asked, start } = await readOptions(command.opts<TrainFlags>());
  const note = flags.quiet ? () => {} : say;
  const out = flags.out ?? defaultFolder(flags.corpus, preset, flags.seed);
  if (start === "new" && !flags.dryRun) await requireVacant(out);
  if (start === "resume") {
    const { folder } = await requireRun(out);
    const results = await folder.readResults();
    if (results && flags.onlyFold === undefined) {
      const model = flags.export ? `; deno task export ${out} makes its model` : "";
      note(`The run in ${out} is already complete; deno task report ${out} writes its report again${model}`);
      return showResults(results, out, flags);
    }
  }

  const prepared = await prepare(flags, preset, asked, signal);
  const { features, settings } = prepared;
  if (flags.verbose) say(modelTable(summarise(networkOptions(settings, features.emotions.length))));
  const described = { ...prepared, onlyFold: flags.onlyFold, start };
  if (flags.merge) {
    const { folder, config: { device } } = await requireRun(out);
    await openRun(out, { ...described, device: device as RunDescription["device"] }, "resume");
    showResults(await mergeFolds({ ...described, device: device as RunDescription["device"] }, folder), out, flags);
    return await report(out, flags);
  }
  const { precision } = flags;
  const options = { device: flags.device, threads: shareThreads(flags), precision, choices: await keptChoices(out) };
  const device = await openDevice(options);
  note(`device    ${device.kind}: ${device.description}${flags.jobs > 1 ? `, for each of ${flags.jobs} jobs` : ""}`);
  const experiment = { ...described, device, reopen: () => openDevice({ ...options, choices: choicesOf(device) }) };
  try {
    const network = networkOptions(settings, features.emotions.length);
    await tuneDevice(device, flags.tune, () => rehearseTraining(device, network, settings.batch), { ...flags, signal });
    if (flags.dryRun) await showCost(experiment, flags, signal);
    else await train(experiment, out, flags, signal, started);
  } finally {
    device.close();
  }
});

/** Reads the options, with those of a resumed run, and determines how this process enters its folder. */
async function readOptions(
  asked: TrainFlags,
): Promise<{ flags: TrainFlags; preset: PresetName; settings: Settings; start: Start }> {
  if (!(asked.resume || asked.merge) || asked.out === undefined) {
    return { flags: asked, ...resolveSettings(asked), start: asked.onlyFold === undefined ? "new" : "join" };
  }
  const { config } = await requireRun(asked.out);
  const resumed = resumeSettings(asked, config, (option) => command.getOptionValueSource(option) === "cli");
  const there = identityOf(config);
  const { flags: { corpus, device, precision }, preset, settings } = resumed;
  const differ = differences(there, {
    ...there,
    version: project.version,
    corpus,
    device: device === "auto" ? there.device : device,
    precision: precision === "f32" ? undefined : precision,
    preset,
    settings,
  });
  if (differ.length > 0) {
    throw new Error(`--out ${asked.out}: expected a run with these options, found another: ${differ.join("; ")}`);
  }
  return { ...resumed, start: "resume" };
}

/** Runs the experiment and prints its results. */
async function train(experiment: Experiment, out: string, flags: TrainFlags, signal: AbortSignal, started: number) {
  const { settings, features, onlyFold, start = "new" } = experiment;
  const folder = await openRun(out, experiment, start, { onlyFold, onNote: say });
  // a fold with copied stages counts as resumed
  if (flags.stagesFrom !== undefined) {
    experiment = { ...experiment, start: "resume" };
    const shared = await shareStages(folder, (await requireRun(flags.stagesFrom)).folder);
    if (!flags.quiet) say(`${count(shared, "network")} copied from ${flags.stagesFrom}`);
  }
  const networks = (onlyFold === undefined ? settings.folds : 1) * settings.stages;
  const finished = await folder.countFinished(onlyFold);
  const progress = new JobProgress({ ...settings, networks, finished, quiet: flags.quiet ?? false });
  const device = {
    device: flags.device,
    threads: shareThreads(flags),
    precision: flags.precision,
    choices: choicesOf(experiment.device),
  };
  const runFolds = flags.jobs > 1 ? foldsAtOnce(experiment, folder, { jobs: flags.jobs, device }) : undefined;
  let outcome: PlanOutcome;
  try {
    outcome = await runExperiment(
      experiment,
      folder,
      {
        signal,
        onProgress: (done) => progress.update(done),
        onEpoch: (epoch) => flags.verbose && progress.say(describeEpoch(epoch)),
        onNote: (line) => progress.say(line),
      },
      started,
      runFolds,
    );
  } catch (error) {
    progress.stop();
    const only = onlyFold === undefined ? "" : ` --only-fold ${ordinal(onlyFold)}`;
    const resume = `deno task train --resume --out ${out}${only}`;
    if (error !== signal.reason) throw new Error(`${(error as Error).message}\nTo resume: ${resume}`);
    const saved = await folder.countFinished(onlyFold);
    throw new Error(
      `${saved} of ${networks} networks are finished; checkpoints of the others are saved. To resume: ${resume}`,
    );
  } finally {
    progress.stop();
  }

  if (outcome.results) {
    showResults(outcome.results, out, flags);
    await report(out, flags);
    if (!flags.export) return;
    const { licence = "", name, unsureError } = flags;
    const model = await trainForUse(out, experiment, { licence, name, unsureError }, { ...flags, signal });
    return await writeShown(join(out, "model"), model, flags.json ? say : console.log);
  }
  const show = flags.json ? say : console.log;
  const [result] = outcome.folds;
  const heldOut = crossValidationOf(experiment).heldOut(result.fold).map((i) => features.utterances[i]);
  const figures = foldFigures(result, heldOut, features.emotions.length);
  show(`fold ${ordinal(result.fold)} of ${settings.folds}, ${count(heldOut.length, "utterance")} held out`);
  show(foldTable(figures));
  if (flags.json) {
    const stages = figures.map((own) => ({ ...own, stage: ordinal(own.stage), bestEpoch: ordinal(own.bestEpoch) }));
    printJson({ fold: ordinal(result.fold), utterances: heldOut.length, stages, run: folder.path });
  }
  show(`run folder: ${folder.path}`);
}

/** Prints the results of a complete run. */
function showResults(results: Results, out: string, flags: TrainFlags): void {
  const show = flags.json ? say : console.log;
  show(stageTable(results.stages));
  if (flags.json) printJson({ ...results, run: out });
  show(`run folder: ${out}`);
}

/** Writes the report of a run that has just been completed. */
async function report(out: string, flags: TrainFlags): Promise<void> {
  const { writeReport } = await import("../report/mod.ts"); // the library for figures takes half a second to load
  const { file } = await writeReport(out);
  (flags.json ? say : console.log)(`report: ${file}`);
}

function describeEpoch({ fold, stage, epoch, loss, ...rest }: EpochRecord & { fold: number; stage: number }): string {
  const { validationLoss, validationAccuracy, seconds } = rest;
  const validation = validationLoss === undefined
    ? ""
    : `, validation ${validationLoss.toFixed(4)} (${percent(validationAccuracy!)} of segments right)`;
  return `fold ${ordinal(fold)}, stage ${ordinal(stage)}, epoch ${ordinal(epoch)}: loss ${
    loss.toFixed(4)
  }${validation}, ` +
    formatDuration(seconds);
}

/** Prints the estimated cost of the job. */
async function showCost(experiment: Experiment, flags: TrainFlags, signal: AbortSignal): Promise<void> {
  const { settings } = experiment;
  const cost = await estimateCost(experiment, signal);
  if (flags.json) return printJson(cost);
  const perFlop = cost.seconds / cost.flops;
  const rows = cost.folds.map(({ fold, heldOut, learning, validation, stageFlops }) => [
    String(ordinal(fold)),
    heldOut,
    learning,
    validation,
    ...stageFlops.map((flops) => formatDuration(flops * perFlop)),
  ]);
  const stages = Array.from({ length: settings.stages }, (_, stage) => `stage ${ordinal(stage)}`);
  const head = ["fold", "held-out segments", "learned from", "validation", ...stages];
  console.log(formatTable(head, rows));
  console.log(describeCost(cost, settings));
}

function describeCost(cost: Cost, { epochs }: Settings): string {
  const mega = (bytes: number) => `${Math.ceil(bytes / 1e6).toLocaleString("en")} MB`;
  return [
    "",
    `cost at most, if every network runs all ${epochs} epochs:`,
    `  operations  ${(cost.flops / 1e12).toLocaleString("en", { maximumFractionDigits: 1 })} TFLOP`,
    `  time        ${formatDuration(cost.seconds)}, at ${Math.round(cost.segmentsPerSecond).toLocaleString("en")} ` +
    "segments/s in training (measured just now)",
    `  memory      ${mega(cost.memory)} on the device`,
    `  disk        ${mega(cost.disk)}`,
  ].join("\n");
}
