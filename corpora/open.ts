/**
 * Opening a corpus by the name of its kind, as `--corpus` and `--data` give it.
 *
 * @module
 */
import { openCasia } from "./casia.ts";
import type { Corpus } from "./corpus.ts";
import { openCsv } from "./csv.ts";
import { openEmodb } from "./emodb.ts";
import { openFolder } from "./folder.ts";
import { openSavee } from "./savee.ts";
import { openSynthetic, type SyntheticSize } from "./synthetic.ts";

/** The kinds of corpus there are. */
export type CorpusKind = "synthetic" | "emodb" | "savee" | "casia" | "folder" | "csv";

/** The kinds of corpus there are, in the order that help shows them. */
export const CORPUS_KINDS: readonly CorpusKind[] = ["synthetic", "emodb", "savee", "casia", "folder", "csv"];

/** What a corpus is opened with. */
export interface CorpusOptions {
  /** the folder it lies in (for `csv` the file); every kind but `synthetic` wants it */
  data?: string;
  /** what `synthetic` is made from; 1 if not said */
  seed?: number;
  /** how much `synthetic` makes */
  size?: SyntheticSize;
}

/**
 * Opens a corpus. No sound is read yet: a file that can't be decoded shows when it is.
 *
 * @throws {TypeError} where `data` is wanted and missing, or given and not wanted
 * @throws {Error} where it is not there, is empty, holds no recording of this kind, or one emotion only
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
  const { data, seed, size } = options;
  if (kind === "synthetic") {
    if (data !== undefined) {
      throw new TypeError(`The corpus "synthetic" reads nothing, found --data ${data}; which corpus is it (--corpus)?`);
    }
    return openSynthetic(seed, size);
  }
  const open = { emodb: openEmodb, savee: openSavee, casia: openCasia, folder: openFolder, csv: openCsv }[kind];
  if (open === undefined) {
    throw new TypeError(`Unknown corpus "${kind}", wanted one of ${CORPUS_KINDS.join(", ")}`);
  }
  if (data === undefined || data === "") {
    const wanted = kind === "csv" ? "the CSV file that lists the recordings" : "the folder of the recordings";
    throw new TypeError(`The corpus "${kind}" wants --data, ${wanted}`);
  }
  return await open(data);
}
