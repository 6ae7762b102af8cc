/**
 * Opens a corpus by its kind and its location, as given by `--corpus` and `--data`.
 *
 * @module
 */
import { OptionError } from "../base/option_error.ts";
import type { Corpus, ReadingChoices } from "./corpus.ts";
import { withFolds } from "./fold_list.ts";
import { openFolder } from "./folder.ts";
import { openLayout } from "./layout.ts";
import { LAYOUTS } from "./layouts.ts";
import { openCsv } from "./list.ts";
import { openPattern } from "./pattern.ts";
import { recogniseCorpus } from "./recognise.ts";
import { openSynthetic, type SyntheticSize } from "./synthetic.ts";

/** A kind of corpus: one of {@link CORPUS_KINDS}, or `auto`. */
export type CorpusKind = string;

/** The kinds of corpus, in the order of the help; `auto` recognises the kind. */
export const CORPUS_KINDS: readonly CorpusKind[] = [
  "synthetic",
  ...LAYOUTS.map(({ name }) => name),
  "folder",
  "csv",
  "pattern",
];

/** Options for opening a corpus. */
export interface CorpusOptions extends ReadingChoices {
  /** the folder of the corpus (for `csv` the file); every kind except `synthetic` requires it */
  data?: string;
  /** the seed of `synthetic`; default: 1 */
  seed?: number;
  /** the size of `synthetic` */
  size?: SyntheticSize;
}

/**
 * Opens a corpus. No sound is read yet: a broken file is detected later, when it is decoded.
 *
 * @param kind one of {@link CORPUS_KINDS}, or `auto`
 * @throws {OptionError} if an option is missing, superfluous, or does not fit the corpus
 * @throws {Error} if it does not exist, is empty, contains no recording of this kind, or only one emotion
 *
 * @example
 * ```ts
 * import { assert, assertEquals } from "@std/assert";
 * const corpus = await openCorpus("synthetic", { seed: 1, size: { utterances: 10, speakers: 2 } });
 * assertEquals(corpus.emotions, ["anger", "fear", "happiness", "neutral", "sadness"]);
 * const { samples, truth } = await corpus.utterances[0].read();
 * assert(samples.length > 16000 && truth !== undefined);
 * ```
 */
export async function openCorpus(kind: CorpusKind, options: CorpusOptions = {}): Promise<Corpus> {
  const { data, seed: _, size: __, ...choices } = options;
  const corpus = { ...await openKind(kind, options), data, choices };
  return options.foldsFile === undefined ? corpus : await withFolds(corpus, options.foldsFile);
}

async function openKind(kind: CorpusKind, options: CorpusOptions): Promise<Corpus> {
  const { data, seed, size, ...choices } = options;
  if (kind === "synthetic") {
    if (data !== undefined) {
      throw new OptionError({
        option: "data",
        required: "none, since the corpus synthetic reads no recordings",
        found: data,
        help: "`corpus` names the kind of these recordings",
      });
    }
    return openSynthetic(seed, size);
  }
  const layout = LAYOUTS.find(({ name }) => name === kind);
  if (layout === undefined && kind !== "auto" && !CORPUS_KINDS.includes(kind)) {
    throw new OptionError({ option: "corpus", required: `one of auto, ${CORPUS_KINDS.join(", ")}`, found: kind });
  }
  if (data === undefined || data === "") {
    const required = kind === "csv" ? "the CSV file that lists the recordings" : "the folder of the recordings";
    throw new OptionError({ option: "data", where: `The corpus ${kind}`, required, found: undefined });
  }
  if (kind === "auto") return await openKind((await recogniseCorpus(data)).kind, options);
  if (layout !== undefined) return await openLayout(layout, data, choices);
  if (kind === "csv") return await openCsv(data, choices);
  if (kind === "folder") return await openFolder(data, choices);
  const { pattern } = choices;
  if (pattern === undefined) {
    throw new OptionError({
      option: "pattern",
      where: "The corpus pattern",
      required: "'{speaker}_{emotion}_{text}.wav' or the like",
      found: undefined,
    });
  }
  return await openPattern(data, { ...choices, pattern });
}
