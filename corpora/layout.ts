/**
 * A layout: how one corpus lies on disk, as its authors ship it. Each is one record in a file of its own in `layouts/`, and one
 * line in the table of `layouts.ts`; `--corpus`, `--corpus auto` and the help know it from there.
 *
 * @module
 */
import { join } from "@std/path";
import {
  type Corpus,
  count,
  type LabelMap,
  makeCorpus,
  mapLabel,
  type ReadingChoices,
  type Skipped,
  type Utterance,
} from "./corpus.ts";
import { fileUtterance, type Found, type Label, listRecordings, stem } from "./files.ts";

/** What a name says, with the corpus's own word for the emotion where that has another name here. */
export type Named = Label & {
  /** as the corpus calls it */
  word?: string;
};

/** What is made of a file's name: what it says, or why it is left out as the end of a sentence, or null: it says nothing. */
export type Understood = Named | string | null;

/** What a layout needs to know besides the names, read once: label files, votes, transcripts. */
export type Understand = (name: string) => Understood;

/** A corpus's layout. */
export interface Layout {
  /** what `--corpus` calls it */
  name: string;
  /** what it is, in a line, for help and errors */
  about: string;
  /** how files are named, with an example: for messages */
  expected: string;
  /** frames from one segment to the next, where the user does not choose; 1 if not said */
  segmentHop?: number;
  /**
   * How sure a name is this corpus's: tested on paths below the folder, with `/`, less `.wav`. Stricter than reading: no other
   * corpus's names match.
   */
  signature: RegExp;
  /** The folder in which to look, below the one that is given; the same where it is not said. */
  inner?: string;
  /**
   * Prepares reading.
   *
   * @param dir the folder that was given
   * @param found what lies below it
   * @returns what reads a path below the folder, with `/`, less `.wav`
   */
  reader(dir: string, found: Found, choices: ReadingChoices): Understand | Promise<Understand>;
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
 * A corpus whose files say what they are by where they lie and what they are called.
 *
 * @param kind.expected how files are named, with an example: for messages
 * @throws {Error} if there is no recording, none has a name of the corpus, or fewer than two emotions are found
 */
export function namedCorpus(
  dir: string,
  { name, expected, segmentHop }: Pick<Corpus, "name" | "segmentHop"> & { expected: string },
  { found, choices, understand }: { found: Found; choices: ReadingChoices; understand: Understand },
): Corpus {
  const { wavs, others, faults } = found, { labels, duplicates } = choices;
  if (wavs.length === 0) {
    const instead = others.length > 0
      ? `${count(others.length, "recording")} but no WAV file in it (${others[0]}): convert them to WAV`
      : faults.length > 0
      ? `no WAV file in it, and ${faults[0].path} is ${faults[0].reason}`
      : "no WAV file in it";
    throw new Error(`${dir}: expected ${expected}, found ${instead}`);
  }
  const skipped: Skipped[] = [
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
    throw new Error(`${dir}: expected ${expected}, found ${found}`);
  }
  return makeCorpus({ name, from: dir, utterances, skipped, segmentHop, duplicates });
}

/** A label under the name that the user's map gives it, or why it is left out. */
export function relabel({ word, ...label }: Named, labels: LabelMap | undefined): Label | string {
  const mapped = mapLabel(labels, word, label.emotion);
  if (mapped === null) return `\`labels\` leaves "${word ?? label.emotion}" out`;
  return mapped === undefined ? label : { ...label, emotion: mapped };
}

/** The last part of a path with `/`. */
export const baseName = (path: string): string => path.slice(path.lastIndexOf("/") + 1);
