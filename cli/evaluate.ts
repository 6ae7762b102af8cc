/**
 * `deno task evaluate`: measures a model's accuracy on a corpus, over the emotions that both have, and its robustness.
 */
import { count } from "../base/count.ts";
import type { SkippedFile } from "../corpora/corpus.ts";
import { reasonOf } from "../corpora/feature_frames.ts";
import { openDevice } from "../kernels/open_device.ts";
import { judgeTransfer, sharedEmotions, type Transfer, type UtterancePrediction } from "../models/transfer.ts";
import { wilsonInterval } from "../refinery/intervals.ts";
import { formatTable, percent } from "../report/table.ts";
import { createCommand, printJson, runCommand, say, UsageError } from "./common.ts";
import { addCorpusOptions, type CorpusFlags, openFlaggedCorpus } from "./corpus_options.ts";
import { progressBar } from "./progress_bar.ts";
import { withFlags } from "./flags.ts";
import { type Condition, CONDITIONS_HELP, parseConditions, Stranger } from "./conditions.ts";
import { type FoldModels, type HeldOutFold, readRunFolds } from "./fold_models.ts";
import { addModelOptions, type ModelFlags, openModel } from "./model_option.ts";
import { compareConditions, conditionsTable } from "./under.ts";

type EvaluateFlags = CorpusFlags & ModelFlags & { json?: boolean; under?: Condition[] };

const command = addModelOptions(addCorpusOptions(createCommand(
  "evaluate",
  "Measures the accuracy of a model on a corpus, over the emotions that both have; or of a run, fold by fold. --under adds noise, rooms and codecs.",
  [
    ["the model that ships, on other actors", "deno task evaluate --corpus savee --data savee"],
    [
      "a model of your own, on your recordings",
      "deno task evaluate --model out/emodb-compact-1-20200812-140506/model --corpus folder --data recordings",
    ],
    [
      "the same recordings through a telephone, and with noise",
      "deno task evaluate --corpus savee --data savee --under telephone,noise:20,noise:10",
    ],
    [
      "a run: each utterance by the network that did not learn from it",
      "deno task evaluate out/emodb-by-speaker --under gain:-15,gain:15,mp3:32,opus:16,room",
    ],
  ],
)))
  .argument("[run]", "a run folder with its weights")
  .option(
    "--under <conditions>",
    `also judge the recordings under these conditions: ${CONDITIONS_HELP}`,
    parseConditions,
  )
  .option("--json", "print one JSON document on stdout");

await runCommand(command, async (signal) => {
  const flags = command.opts<EvaluateFlags>(), [run] = command.args as [string?];
  const { corpus, name, emotions, folds } = run === undefined ? await readShipped(flags) : await readRun(run, flags);
  const shared = sharedEmotions(emotions, corpus.emotions);
  if (shared.length < 2) {
    throw new Error(
      `Expected at least two emotions that model and corpus share, found ${
        shared.length === 0 ? "none" : shared[0]
      }: ` +
        `the model has ${emotions.join(", ")}; the corpus has ${corpus.emotions.join(", ")}`,
    );
  }
  const judged = folds.map((own) => ({
    ...own,
    utterances: own.utterances.filter(({ emotion }) => shared.includes(emotion)),
  }));
  const { predictions: [clean, ...changed], skipped } = await listenToAll(judged, flags, signal);
  skipped.unshift(...corpus.skipped);
  if (clean.length === 0) throw new Error(`No utterance could be judged; ${skipped[0].path}: ${skipped[0].reason}`);
  const transfer = judgeTransfer(emotions, shared, clean), leftOut = corpus.utterances.length - utteranceCount(judged);
  const others = {
    model: emotions.filter((emotion) => !shared.includes(emotion)),
    corpus: corpus.emotions.filter((emotion) => !shared.includes(emotion)),
  };
  const under = flags.under && compareConditions(flags.under.map(({ name }) => name), emotions, shared, clean, changed);
  if (flags.json) {
    return printJson({
      model: name,
      corpus: corpus.name,
      decidedBy: flags.decide,
      ...transfer,
      others,
      leftOut,
      skipped,
      ...(under && { under }),
    });
  }
  console.log(withFlags(describe(transfer, others, leftOut, skipped)));
  if (under) console.log(`\n${conditionsTable(transfer, under)}`);
});

/** A model and the corpus on which it is judged as a whole. */
async function readShipped(flags: EvaluateFlags): Promise<FoldModels> {
  const corpus = await openFlaggedCorpus(flags), predictor = await openModel(flags);
  const { name, emotions, training } = predictor.model.description;
  if (training.corpus === corpus.name && !flags.quiet) {
    say(`The model was trained on ${training.corpus}: on recordings that it learned from, its accuracy is too high`);
  }
  const folds = [{ utterances: corpus.utterances, open: () => Promise.resolve(predictor) }];
  return { corpus, name, emotions, folds };
}

/** A run and its own corpus. */
async function readRun(run: string, flags: EvaluateFlags): Promise<FoldModels> {
  if (flags.model !== undefined) {
    throw new UsageError("A run and --model exclude each other: a run is judged with its own networks");
  }
  if (command.getOptionValueSource("corpus") === "cli") {
    throw new UsageError("A run and --corpus exclude each other: a run is judged on its own corpus");
  }
  if (flags.threads !== undefined && flags.device === "webgpu") {
    throw new UsageError("--threads requires the cpu device, found --device webgpu");
  }
  let opening: ReturnType<typeof openDevice> | undefined;
  return await readRunFolds(run, flags, () => opening ??= openDevice({ device: flags.device, threads: flags.threads }));
}

function utteranceCount(judged: readonly HeldOutFold[]): number {
  return judged.reduce((sum, { utterances }) => sum + utterances.length, 0);
}

/** The probabilities of each readable utterance: unchanged, then under each condition. */
async function listenToAll(
  judged: readonly HeldOutFold[],
  { segmentHop, decide, under = [], seed }: EvaluateFlags,
  signal: AbortSignal,
): Promise<{ predictions: UtterancePrediction[][]; skipped: SkippedFile[] }> {
  const all = judged.flatMap(({ utterances }) => utterances), stranger = new Stranger(all, seed);
  const predictions = [...under.keys(), 0].map((): UtterancePrediction[] => []), skipped: SkippedFile[] = [];
  const bar = progressBar("listening");
  let done = 0;
  try {
    for (const { utterances, open } of judged) {
      if (utterances.length === 0) continue;
      const predictor = await open();
      for (const utterance of utterances) {
        signal.throwIfAborted();
        try {
          const { samples } = await utterance.read(), own: UtterancePrediction[] = [];
          for (const condition of [undefined, ...under]) {
            const changed = condition ? await stranger.change(samples, utterance, condition) : samples;
            const { probabilities } = await predictor.predict(changed, { segmentHop, decide });
            own.push({ emotion: utterance.emotion, probabilities });
          }
          own.forEach((one, c) => predictions[c].push(one)); // under all conditions or none, so that they can be paired
        } catch (error) {
          const path = utterance.path ?? utterance.id;
          skipped.push({ path, reason: reasonOf(error, path) });
        }
        bar.update(++done, all.length);
      }
      predictor.close();
    }
  } finally {
    bar.stop();
    await stranger.close();
  }
  return { predictions, skipped };
}

function describe(
  { emotions, utterances, confusion, strayed, ...own }: Transfer,
  others: { model: string[]; corpus: string[] },
  leftOut: number,
  skipped: readonly SkippedFile[],
): string {
  const { low, high } = wilsonInterval(own.weightedAccuracy, utterances);
  const lines = [`shared emotions: ${emotions.join(", ")}`];
  if (others.corpus.length > 0) {
    lines.push(`only in the corpus: ${others.corpus.join(", ")} (${count(leftOut, "utterance")} left out)`);
  }
  if (others.model.length > 0) {
    lines.push(
      `only in the model: ${
        others.model.join(", ")
      } (left out of the choice; otherwise the model would have chosen one of them for ` +
        `${percent(strayed)} of the utterances)`,
    );
  }
  lines.push(
    "",
    `WA ${percent(own.weightedAccuracy)} of ${count(utterances, "utterance")} (95 % interval ${percent(low)} to ${
      percent(high)
    }), UA ${percent(own.unweightedAccuracy)}; chance is ${percent(1 / emotions.length)}`,
    "",
    formatTable(["true \\ decided", ...emotions], emotions.map((emotion, k) => [emotion, ...confusion[k]])),
  );
  if (skipped.length > 0) {
    lines.push("", `skipped ${count(skipped.length, "file")}, the first ${skipped[0].path}: ${skipped[0].reason}`);
  }
  return lines.join("\n");
}
