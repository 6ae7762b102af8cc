/**
 * `deno task train`: the whole job. Features, folds x stages of networks, the forest, results, in a run folder.
 */
import { count } from "../corpora/corpus.ts";
import { extractFeatures, type Features } from "../corpora/mod.ts";
import { openDevice } from "../kernels/mod.ts";
import { type EpochRecord, summarise } from "../nn/mod.ts";
import { assignFolds, type Settings } from "../refinery/mod.ts";
import { foldFigures, foldTable, formatTable, modelTable, percent, stageTable } from "../report/table.ts";
import { type Experiment, type Outcome, requireVacant, runExperiment, RunFolder } from "../runs/mod.ts";
import { createCommand, openFlaggedCorpus, printJson, progressBar, runCommand, say } from "./common.ts";
import { type Cost, estimateCost } from "./cost.ts";
import { formatDuration, JobProgress } from "./job_progress.ts";
import { rehearseTraining, tuneDevice } from "./tuning.ts";
import { addTrainOptions, defaultFolder, describeSettings, resolveSettings, type TrainFlags } from "./train_options.ts";

const command = addTrainOptions(createCommand(
  "train",
  "The whole job: features, stages x folds of networks, forest, results, in a run folder.",
  [
    ["the synthetic corpus: nothing to download", "deno task train"],
    ["Emo-DB in minutes", "deno task train --corpus emodb --data emodb"],
    [
      "the paper's own setup: what would it cost here?",
      "deno task train --corpus emodb --data emodb --preset paper --dry-run",
    ],
    [
      "your recordings, a folder an emotion, unseen speakers",
      "deno task train --corpus folder --data recordings --split speaker",
    ],
  ],
));

await runCommand(command, async (signal) => {
  const started = performance.now();
  const flags = command.opts<TrainFlags>();
  const { preset, settings: asked } = resolveSettings(flags);
  const tell = flags.quiet ? () => {} : say;
  const out = flags.out ?? defaultFolder(flags.corpus, preset, flags.seed);
  if (!flags.dryRun) await requireVacant(out);

  const features = await readFeatures(flags, asked, signal);
  const settings = { ...asked, segmentHop: features.segmentHop };
  const folds = assignFolds(features.utterances, features.emotions, settings);
  tell(`corpus    ${describeFeatures(flags, features)}`);
  tell(`settings  ${describeSettings(preset, settings)}`);
  if (flags.verbose) say(modelTable(summarise({ width: settings.width, classes: features.emotions.length })));

  const device = await openDevice(flags);
  tell(`device    ${device.kind}: ${device.description}`);
  const { corpus, data } = flags;
  const onlyFold = flags.onlyFold === undefined ? undefined : flags.onlyFold - 1;
  const experiment = { corpus, data, preset, settings, features, folds, onlyFold, device };
  try {
    const network = { width: settings.width, classes: features.emotions.length };
    await tuneDevice(device, flags.tune, () => rehearseTraining(device, network, settings.batch), { ...flags, signal });
    if (flags.dryRun) await showCost(experiment, flags, signal);
    else await train(experiment, out, flags, signal, started);
  } finally {
    device.close();
  }
});

async function readFeatures(flags: TrainFlags, { segmentHop }: Settings, signal: AbortSignal): Promise<Features> {
  const corpus = await openFlaggedCorpus(flags);
  const bar = flags.quiet ? undefined : progressBar("reading");
  try {
    return await extractFeatures(corpus, {
      segmentHop,
      threads: flags.threads,
      cacheDir: flags.cache,
      onCacheFault: say,
      onProgress: bar?.update,
      signal,
    });
  } finally {
    bar?.stop();
  }
}

function describeFeatures(flags: TrainFlags, features: Features): string {
  const { utterances, emotions, segmentStart, segmentHop, skipped } = features;
  const speakers = new Set(utterances.map(({ speaker }) => speaker)).size;
  const left = skipped.length === 0 ? "" : `; ${skipped.length} files skipped (deno task corpus says why)`;
  return `${flags.corpus}: ${utterances.length.toLocaleString("en")} utterances, ${emotions.length} emotions, ` +
    `${count(speakers, "speaker")}, ${segmentStart.length.toLocaleString("en")} segments, one every ${
      10 * segmentHop
    } ms${left}`;
}

/** Runs it, and shows what it gives. */
async function train(experiment: Experiment, out: string, flags: TrainFlags, signal: AbortSignal, started: number) {
  const { settings, features, onlyFold, folds } = experiment;
  const folder = await RunFolder.create(out);
  const networks = (onlyFold === undefined ? settings.folds : 1) * settings.stages;
  const progress = new JobProgress({ ...settings, networks, quiet: flags.quiet ?? false });
  let saved = 0;
  let outcome: Outcome;
  try {
    outcome = await runExperiment(experiment, folder, {
      signal,
      onProgress: (done) => progress.update(done),
      onEpoch: (epoch) => flags.verbose && progress.say(describeEpoch(epoch)),
      onNetwork: () => {
        progress.finishNetwork();
        saved++;
      },
    }, started);
  } catch (error) {
    if (error !== signal.reason) throw error;
    throw new Error(`${saved} of ${networks} networks are saved in ${folder.path}`);
  } finally {
    progress.stop();
  }

  const show = flags.json ? say : console.log;
  if (outcome.results) {
    show(stageTable(outcome.results.stages));
    if (flags.json) printJson({ ...outcome.results, run: folder.path });
  } else {
    const [result] = outcome.folds;
    const heldOut = features.utterances.filter((_, i) => folds[i] === result.fold);
    const figures = foldFigures(result, heldOut, features.emotions.length);
    show(`fold ${result.fold + 1} of ${settings.folds}, ${count(heldOut.length, "utterance")} held out`);
    show(foldTable(figures));
    if (flags.json) printJson({ fold: result.fold + 1, utterances: heldOut.length, stages: figures, run: folder.path });
  }
  show(`run folder: ${folder.path}`);
}

function describeEpoch({ fold, stage, epoch, loss, ...rest }: EpochRecord & { fold: number; stage: number }): string {
  const { validationLoss, validationAccuracy, seconds } = rest;
  const validation = validationLoss === undefined
    ? ""
    : `, validation ${validationLoss.toFixed(4)} (${percent(validationAccuracy!)} of segments right)`;
  return `fold ${fold + 1}, stage ${stage}, epoch ${epoch + 1}: loss ${loss.toFixed(4)}${validation}, ` +
    formatDuration(seconds);
}

/** What the job would cost. */
async function showCost(experiment: Experiment, flags: TrainFlags, signal: AbortSignal): Promise<void> {
  const { settings } = experiment;
  const cost = await estimateCost(experiment, signal);
  if (flags.json) return printJson(cost);
  const perFlop = cost.seconds / cost.flops;
  const rows = cost.folds.map(({ fold, heldOut, learning, validation, stageFlops }) => [
    String(fold + 1),
    heldOut,
    learning,
    validation,
    ...stageFlops.map((flops) => formatDuration(flops * perFlop)),
  ]);
  const stages = Array.from({ length: settings.stages }, (_, stage) => `stage ${stage + 1}`);
  const head = ["fold", "held-out segments", "learned from", "validation", ...stages];
  console.log(formatTable(head, rows));
  console.log(describeCost(cost, settings));
}

function describeCost(cost: Cost, { epochs }: Settings): string {
  const mega = (bytes: number) => `${Math.ceil(bytes / 1e6).toLocaleString("en")} MB`;
  return [
    "",
    `at most, if no network stops before epoch ${epochs}:`,
    `  operations  ${(cost.flops / 1e12).toLocaleString("en", { maximumFractionDigits: 1 })} TFLOP`,
    `  time        ${formatDuration(cost.seconds)}, at ${Math.round(cost.segmentsPerSecond).toLocaleString("en")} ` +
    "segments/s in training (measured just now)",
    `  memory      ${mega(cost.memory)} on the device`,
    `  disk        ${mega(cost.disk)}`,
  ].join("\n");
}
