/**
 * Official folds from a separate table, for any corpus: columns `utterance` (or id, path, file, filename) and `fold` (or split,
 * partition), as EmoBox and others publish them. The table names an utterance by its id or its file name.
 *
 * @module
 */
import { FileError } from "../base/file_error.ts";
import { OptionError } from "../base/option_error.ts";
import { count } from "../base/count.ts";
import type { Corpus } from "./corpus.ts";
import { readTable } from "./csv.ts";
import { stem } from "./files.ts";
import { baseName } from "./layout.ts";

const UTTERANCE = ["utterance", "id", "path", "file", "filename", "wav", "audio", "name"];
const FOLD = ["fold", "split", "partition", "subset"];

/**
 * Returns a corpus whose utterances have the folds of a list.
 *
 * @param file the list
 * @throws {FileError} if it is not such a table, gives one utterance two folds, or lacks an utterance of the corpus
 */
export async function withFolds(corpus: Corpus, file: string): Promise<Corpus> {
  let bytes: Uint8Array;
  try {
    bytes = await Deno.readFile(file);
  } catch (error) {
    const found = (error as Error).message;
    throw new OptionError({
      option: "foldsFile",
      where: file,
      required: "a table of utterances and folds",
      found,
      cause: error,
    });
  }
  const named = (header: readonly string[], names: readonly string[]) =>
    header.findIndex((column) => names.includes(column.toLowerCase()));
  const table = readTable(bytes, file, (header) => named(header, UTTERANCE) >= 0 && named(header, FOLD) >= 0);
  const [utterance, fold] = [named(table.header, UTTERANCE), named(table.header, FOLD)];
  if (utterance < 0 || fold < 0) {
    const found = table.header.join(", ");
    throw new FileError({ file, line: table.line, expected: "columns utterance and fold", found });
  }
  const folds = new Map<string, { fold: string; line: number }>();
  for (const { value, line } of table.rows) {
    const key = keyOf(value(utterance)), own = value(fold);
    if (key === "" || own === "") {
      throw new FileError({ file, line, expected: "an utterance and its fold", found: "an empty field" });
    }
    const before = folds.get(key);
    if (before !== undefined && before.fold !== own) {
      const found = `${before.fold} (line ${before.line}) and ${own} (line ${line})`;
      throw new FileError({ file, place: key, expected: "one fold", found });
    }
    folds.set(key, { fold: own, line });
  }
  // by the file's name alone if only one row has it
  const bare = new Map<string, string | undefined>();
  for (const key of folds.keys()) bare.set(baseName(key), bare.has(baseName(key)) ? undefined : key);
  const used = new Set<string>();
  const utterances = corpus.utterances.map((own) => {
    const id = keyOf(own.id), names = [id, baseName(id), baseName(keyOf(own.path ?? own.id))];
    const key = names.find((name) => folds.has(name)) ?? bare.get(names[1]);
    if (key === undefined) return { ...own, fold: undefined };
    used.add(key);
    return { ...own, fold: folds.get(key)!.fold };
  });
  const missing = utterances.filter(({ fold }) => fold === undefined);
  if (missing.length > 0) {
    throw new FileError({
      file,
      expected: `a fold for each of ${count(utterances.length, "utterance")}`,
      found: `none for ${missing.length}, the first ${missing[0].id}`,
    });
  }
  const unused = folds.size - used.size;
  const notes = unused === 0 ? corpus.notes : [
    ...corpus.notes ?? [],
    `${file}: ${count(unused, "row")} without an utterance in the corpus`,
  ];
  return { ...corpus, utterances, ...(notes && { notes }) };
}

/** Normalises a name for comparison. */
const keyOf = (name: string) => stem(name.replaceAll("\\", "/")).normalize("NFC");
