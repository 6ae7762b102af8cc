/** `deno task evaluate`: how right a model is on a corpus, over the emotions that both have. */
import { count, type Skipped, type Utterance } from "../corpora/corpus.ts";
import { reasonOf } from "../corpora/feature_frames.ts";
import { wilsonInterval } from "../refinery/intervals.ts";
import type { Predictor } from "../models/predictor.ts";
import { type HeardUtterance, judgeTransfer, sharedEmotions, type Transfer } from "../models/transfer.ts";
import { formatTable, percent } from "../report/table.ts";
import {
  addCorpusOptions,
  type CorpusFlags,
  createCommand,
  openFlaggedCorpus,
  printJson,
  progressBar,
  runCommand,
  say,
} from "./common.ts";
import { addModelOptions, type ModelFlags, openModel } from "./model_option.ts";

const command = addModelOptions(addCorpusOptions(createCommand(
  "evaluate",
  "How right a model is on a corpus, over the emotions that both have.",
  [
    ["the model that ships, on other actors", "deno task evaluate --corpus savee --data savee"],
    [
      "a model of your own, on your recordings",
      "deno task evaluate --model out/emodb-compact-1-20200812-140506/model --corpus folder --data recordings",
    ],
  ],
))).option("--json", "print one JSON document on stdout");

await runCommand(command, async (signal) => {
  const flags = command.opts<CorpusFlags & ModelFlags & { json?: boolean }>();
  const corpus = await openFlaggedCorpus(flags), predictor = await openModel(flags);
  const { name, emotions, training } = predictor.model.description;
  const shared = sharedEmotions(emotions, corpus.emotions);
  if (shared.length < 2) {
    throw new Error(
      `The model hears ${emotions.join(", ")}; the corpus has ${corpus.emotions.join(", ")}: ` +
        `they share ${shared.length === 0 ? "none" : `only ${shared[0]}`}, and two are wanted`,
    );
  }
  if (training.corpus === corpus.name && !flags.quiet) {
    say(`The model was trained on ${training.corpus} too: what it has heard before, it gets right too often`);
  }
  const judged = corpus.utterances.filter(({ emotion }) => shared.includes(emotion));
  const { heard, skipped } = await listenToAll(predictor, judged, flags, signal);
  skipped.unshift(...corpus.skipped);
  if (heard.length === 0) throw new Error(`No utterance could be judged; ${skipped[0].path}: ${skipped[0].reason}`);
  const transfer = judgeTransfer(emotions, shared, heard);
  const others = {
    model: emotions.filter((emotion) => !shared.includes(emotion)),
    corpus: corpus.emotions.filter((emotion) => !shared.includes(emotion)),
  };
  if (flags.json) {
    const leftOut = corpus.utterances.length - judged.length;
    return printJson({
      model: name,
      corpus: corpus.name,
      decidedBy: flags.decide,
      ...transfer,
      others,
      leftOut,
      skipped,
    });
  }
  console.log(describe(transfer, others, corpus.utterances.length - judged.length, skipped));
});

/** What the model says of each utterance that can be read. */
async function listenToAll(
  predictor: Predictor,
  utterances: readonly Utterance[],
  { segmentHop, decide }: Pick<CorpusFlags & ModelFlags, "segmentHop" | "decide">,
  signal: AbortSignal,
): Promise<{ heard: HeardUtterance[]; skipped: Skipped[] }> {
  const bar = progressBar("listening"), heard: HeardUtterance[] = [], skipped: Skipped[] = [];
  try {
    for (const [i, utterance] of utterances.entries()) {
      signal.throwIfAborted();
      try {
        const { samples } = await utterance.read();
        const { probabilities } = await predictor.predict(samples, { segmentHop, decide });
        heard.push({ emotion: utterance.emotion, probabilities });
      } catch (error) {
        const path = utterance.path ?? utterance.id;
        skipped.push({ path, reason: reasonOf(error, path) });
      }
      bar.update(i + 1, utterances.length);
    }
  } finally {
    bar.stop();
  }
  return { heard, skipped };
}

function describe(
  { emotions, utterances, confusion, strayed, ...own }: Transfer,
  others: { model: string[]; corpus: string[] },
  leftOut: number,
  skipped: readonly Skipped[],
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
      } (not to be chosen; left free, it would have chosen one of them for ` +
        `${percent(strayed)} of the utterances)`,
    );
  }
  lines.push(
    "",
    `WA ${percent(own.weightedAccuracy)} of ${count(utterances, "utterance")} (95 % interval ${percent(low)} to ${
      percent(high)
    }), UA ${percent(own.unweightedAccuracy)}; chance is ${percent(1 / emotions.length)}`,
    "",
    formatTable(["true \\ heard", ...emotions], emotions.map((emotion, k) => [emotion, ...confusion[k]])),
  );
  if (skipped.length > 0) {
    lines.push("", `skipped ${count(skipped.length, "file")}, the first ${skipped[0].path}: ${skipped[0].reason}`);
  }
  return lines.join("\n");
}
