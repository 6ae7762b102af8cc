/**
 * A layout: the files and names of one corpus, as its authors distribute it. Each layout is one record in a file in `layouts/`,
 * and one line in the table of `layouts.ts`, which `--corpus`, `--corpus auto` and the help read.
 *
 * @module
 */
import { FileError } from "../base/file_error.ts";
import { join } from "@std/path";
import { count } from "../base/count.ts";
import {
  type Corpus,
  type LabelMap,
  makeCorpus,
  mapLabel,
  type ReadingChoices,
  type SkippedFile,
  type Utterance,
} from "./corpus.ts";
import { fileUtterance, type Label, listRecordings, type RecordingList, stem } from "./files.ts";

/** The contents of a name, and the corpus's own word for the emotion if EPR uses another. */
export type NameLabel = Label & {
  /** the corpus's word */
  word?: string;
};

/**
 * The result of reading a file's name: its contents, or the reason for leaving it out as the end of a sentence, or null
 * if it has no meaning.
 */
export type NameReading = NameLabel | string | null;

/** Interprets names, with everything else that a layout requires and reads once: label files, votes, transcripts. */
export type NameReader = (name: string) => NameReading;

/** A corpus's layout. */
export interface Layout {
  /** its name for `--corpus` */
  name: string;
  /** a one-line description for help and errors */
  about: string;
  /** the form of file names, with an example, for messages */
  expected: string;
  /** default number of frames from one segment to the next; 1 if not set */
  segmentHop?: number;
  /**
   * Recognises names that can only be this corpus's. Tested on paths below the folder, with `/`, without `.wav`. Stricter than
   * reading: no other corpus's names match.
   */
  signature: RegExp;
  /** The folder to search, below the given one; default: the given folder. */
  inner?: string;
  /**
   * Prepares reading.
   *
   * @param dir the given folder
   * @param found the files below it
   * @returns a function that interprets a path below the folder, with `/`, without `.wav`
   */
  reader(dir: string, found: RecordingList, choices: ReadingChoices): NameReader | Promise<NameReader>;
}

/**
 * Opens a corpus by its layout.
 *
 * @throws {Error} if the folder is missing or empty, no file has a name of the corpus, or fewer than two emotions are found
 */
export async function openLayout(layout: Layout, data: string, choices: ReadingChoices = {}): Promise<Corpus> {
  const { inner } = layout;
  const below = inner === undefined ? undefined : await Deno.stat(join(data, inner)).catch(() => undefined);
  const dir = below?.isDirectory ? join(data, inner!) : data;
  const found = await listRecordings(dir);
  const understand = found.wavs.length === 0 ? () => null : await layout.reader(dir, found, choices);
  return namedCorpus(dir, { name: layout.name, expected: layout.expected, segmentHop: layout.segmentHop ?? 1 }, {
    found,
    choices,
    understand,
  });
}

/**
 * A corpus whose files are described by their folders and names.
 *
 * @param kind.expected the form of file names, with an example, for messages
 * @throws {FileError} if there is no recording, none has a name of the corpus, or fewer than two emotions are found
 */
export function namedCorpus(
  dir: string,
  { name, expected, segmentHop }: Pick<Corpus, "name" | "segmentHop"> & { expected: string },
  { found, choices, understand }: { found: RecordingList; choices: ReadingChoices; understand: NameReader },
): Corpus {
  const { wavs, others, faults } = found, { labels, duplicates } = choices;
  if (wavs.length === 0) {
    const instead = others.length > 0
      ? `${count(others.length, "recording")} but no WAV file in it (${others[0]}): convert them to WAV`
      : faults.length > 0
      ? `no WAV file in it, and ${faults[0].path} is ${faults[0].reason}`
      : "no WAV file in it";
    throw new FileError({ file: dir, expected, found: instead });
  }
  const skipped: SkippedFile[] = [
    ...faults,
    ...others.map((file) => ({ path: join(dir, file), reason: "not a WAV file" })),
  ];
  const utterances: Utterance[] = [];
  let understood = 0;
  for (const file of wavs) {
    const where = join(dir, file), label = understand(stem(file).normalize("NFC"));
    if (label !== null) understood++;
    if (label === null) skipped.push({ path: where, reason: `unknown name: expected ${expected}` });
    else if (typeof label === "string") skipped.push({ path: where, reason: label });
    else {
      const named = relabel(label, labels);
      if (typeof named === "string") skipped.push({ path: where, reason: named });
      else utterances.push(fileUtterance(where, named));
    }
  }
  if (understood === 0) {
    const found = `${count(wavs.length, "WAV file")} with other names (the first is ${wavs[0]})`;
    throw new FileError({ file: dir, expected, found });
  }
  return makeCorpus({ name, from: dir, utterances, skipped, segmentHop, duplicates });
}

/** Applies the user's map to a label, or returns the reason for leaving it out. */
export function relabel({ word, ...label }: NameLabel, labels: LabelMap | undefined): Label | string {
  const mapped = mapLabel(labels, word, label.emotion);
  if (mapped === null) return `\`labels\` leaves "${word ?? label.emotion}" out`;
  return mapped === undefined ? label : { ...label, emotion: mapped };
}

/** The last part of a path with `/`. */
export const baseName = (path: string): string => path.slice(path.lastIndexOf("/") + 1);
