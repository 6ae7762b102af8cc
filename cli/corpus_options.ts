/** `--corpus --data` and the other options that select a corpus and how it is read. */
import { resolve } from "@std/path";
import { type Command, Option } from "commander";
import { OptionError } from "../base/option_error.ts";
import type { Corpus, DuplicatePolicy, LabelMap, ReadingChoices } from "../corpora/corpus.ts";
import { CORPUS_KINDS, type CorpusKind, openCorpus } from "../corpora/open.ts";
import { recogniseCorpus } from "../corpora/recognise.ts";
import { say, UsageError, wholeNumber } from "./common.ts";

/** The options of {@link addCorpusOptions}. */
export interface CorpusFlags {
  /** `--corpus` */
  corpus: CorpusKind;
  /** `--data` */
  data?: string;
  /** `--segment-hop`, frames; default: the corpus's value */
  segmentHop?: number;
  /** `--seed` */
  seed: number;
  /** `--cache` */
  cache?: string;
  /** `--pattern` */
  pattern?: string;
  /** `--labels`, a file */
  labels?: string;
  /** `--soft-labels`, `--no-soft-labels`; default: the corpus's usual labels */
  softLabels?: boolean;
  /** `--duplicates` */
  duplicates?: Exclude<DuplicatePolicy, "refuse">;
  /** `--folds-file` */
  foldsFile?: string;
  /** how a resumed run reads its corpus, unless options override it */
  choices?: ReadingChoices;
}

/**
 * Adds the options that select a corpus and how it is read. Before the command runs, `corpus` becomes the kind that the options or
 * the files give.
 */
export function addCorpusOptions(command: Command): Command {
  return command
    .hook("preAction", settleCorpus)
    .addOption(
      new Option(
        "--corpus <kind>",
        "kind of corpus; auto: recognised by file names (default: auto with --data, else synthetic)",
      )
        .choices(["auto", ...CORPUS_KINDS]),
    )
    .option("--data <dir>", "folder of the recordings (with --corpus csv: the file that lists them)")
    .option(
      "--pattern <names>",
      "pattern of the file names: '{speaker}_{emotion}_{text}.wav', also {session} {fold} and *",
    )
    .option(
      "--labels <file>",
      'JSON file that renames labels: {"angery": "anger", "other": null}; null leaves a label out',
    )
    .addOption(
      new Option("--duplicates <what>", "copies of a recording: keep all, or drop those with two different labels")
        .choices([
          "keep",
          "drop",
        ]),
    )
    .option("--folds-file <file>", "table of utterances and folds, for --split official")
    .option(
      "--soft-labels",
      "learn from listeners' votes, if the corpus has them (a CSV list's votes are used by default)",
    )
    .option("--no-soft-labels", "learn from the labels only")
    .option(
      "--segment-hop <frames>",
      "frames (10 ms) between segments (default: that of the preset or model, else 1; casia 3)",
      wholeNumber({ min: 1 }),
    )
    .option("--cache <dir>", "folder that caches log-mel frames; safe to delete")
    .option("--seed <n>", "seed of the random numbers and of the synthetic corpus", wholeNumber(), 1);
}

/** Sets the kind of corpus, recognised by its files, if no option gives it. Prints the reason to stderr. */
async function settleCorpus(command: Command): Promise<void> {
  const { corpus, data, pattern, resume, merge, quiet } = command.opts();
  const given = data !== undefined && data !== "";
  if (pattern !== undefined && corpus !== undefined && corpus !== "pattern") {
    throw new UsageError(`--pattern is for --corpus pattern, found --corpus ${corpus}`);
  }
  if (corpus === "auto" && !given) throw new UsageError("--corpus auto requires --data, the folder of the recordings");
  const settle = (kind: CorpusKind) =>
    command.setOptionValueWithSource("corpus", kind, corpus === undefined ? "default" : "cli");
  if (pattern !== undefined) return void settle("pattern");
  if (corpus !== undefined && corpus !== "auto") return;
  // a resumed run has its corpus in its configuration
  if (!given || ((resume || merge) && corpus === undefined)) return void settle("synthetic");
  const { kind, why } = await recogniseCorpus(data);
  if (!quiet) say(`corpus    ${kind}: ${why}`);
  settle(kind);
}

/**
 * Converts options to choices for reading a corpus.
 *
 * @throws {Error} if the file of labels is missing, or does not contain such a map
 */
export async function readingChoices(flags: CorpusFlags): Promise<ReadingChoices> {
  const { pattern, labels, softLabels, duplicates, foldsFile, choices } = flags;
  return {
    ...choices,
    ...(pattern !== undefined && { pattern }),
    ...(labels !== undefined && { labels: await readLabels(labels) }),
    ...(softLabels !== undefined && { softLabels }),
    ...(duplicates !== undefined && { duplicates }),
    // another process may have another working folder
    ...(foldsFile !== undefined && { foldsFile: resolve(foldsFile) }),
  };
}

async function readLabels(file: string): Promise<LabelMap> {
  let map: unknown;
  try {
    map = JSON.parse(await Deno.readTextFile(file));
  } catch (error) {
    throw new Error(`--labels ${file}: can't be read as JSON: ${(error as Error).message}`, { cause: error });
  }
  const expected = 'expected an object of labels and emotions, {"angery": "anger", "other": null}';
  if (typeof map !== "object" || map === null || Array.isArray(map)) {
    throw new Error(`--labels ${file}: ${expected}, found ${JSON.stringify(map).slice(0, 40)}`);
  }
  for (const [label, emotion] of Object.entries(map)) {
    if (emotion !== null && (typeof emotion !== "string" || emotion.trim() === "")) {
      throw new Error(`--labels ${file}: ${expected}, found ${JSON.stringify(emotion)} for "${label}"`);
    }
  }
  return map as LabelMap;
}

/**
 * Opens the corpus that the options select.
 *
 * @throws {UsageError} if `--data` is missing, or given for the synthetic corpus, or `--pattern` is wrong
 */
export async function openFlaggedCorpus(flags: CorpusFlags): Promise<Corpus> {
  const { corpus, data, seed } = flags;
  const choices = await readingChoices(flags);
  try {
    return await openCorpus(corpus, { data, seed, ...choices });
  } catch (error) {
    const notData = (corpus === "synthetic") === (data !== undefined && data !== "");
    if (error instanceof OptionError && (notData || error.option === "pattern")) throw new UsageError(error.message);
    throw error;
  }
}
