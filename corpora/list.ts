/**
 * A corpus listed in a table, with one line per recording or part of a recording. The columns have one of their usual names.
 * Their order is free, and other columns may exist:
 *
 *     path       path, file, filename, wav, audio        relative to the table; the only required column
 *     emotion    emotion, label, category, target        not required if there are votes
 *     speaker    speaker, spk, actor                     also text, session
 *     start, end (or duration)                           a part of a long recording, in seconds (start_ms, end_ms: in ms)
 *     fold       fold, split, partition                  the folds defined by the corpus's authors
 *     anger, sadness, ...                                listeners' votes: a soft label, which stage 1 learns
 *
 * @module
 */
import { FileError } from "../base/file_error.ts";
import { OptionError } from "../base/option_error.ts";
import { basename, dirname, join, resolve } from "@std/path";
import {
  type Corpus,
  emotionName,
  EMOTIONS,
  isEmotion,
  makeCorpus,
  type ReadingChoices,
  type SkippedFile,
  type Span,
} from "./corpus.ts";
import { type CsvRow, type CsvTable, EMPTY, readTable } from "./csv.ts";
import { fileUtterance, statOrNull, stem } from "./files.ts";
import { relabel } from "./layout.ts";
import { PathFinder } from "./path_finder.ts";
import type { Utterance } from "./corpus.ts";

/** Names of each column, in the order of search. */
const NAMES = {
  path: ["path", "file", "filename", "wav", "audio", "file_path", "filepath", "wav_path", "audio_path", "file_name"],
  emotion: ["emotion", "label", "category", "target", "emotion_label", "class"],
  speaker: ["speaker", "spk", "actor", "speaker_id", "spk_id", "actor_id"],
  text: ["text", "transcript", "transcription", "sentence", "text_id"],
  session: ["session", "session_id", "dialogue", "dialog", "dialogue_id"],
  start: ["start", "start_s", "begin", "onset", "start_time"],
  end: ["end", "end_s", "stop", "end_time"],
  duration: ["duration", "duration_s", "dur"],
  start_ms: ["start_ms", "begin_ms"],
  end_ms: ["end_ms", "stop_ms"],
  fold: ["fold", "split", "partition", "subset"],
} as const;

type ColumnName = keyof typeof NAMES;

/** Where a table's columns are. */
interface Columns {
  /** the index of each column that exists */
  at: Partial<Record<ColumnName, number>>;
  /** columns of votes: index and emotion */
  votes: { place: number; emotion: string }[];
}

/**
 * Opens a corpus from its table. A missing recording is skipped and reported.
 *
 * @param file the table, or a folder that contains a `labels.csv` or exactly one table
 * @throws {Error} if the file does not exist or lists fewer than two emotions
 * @throws {FileError} with the line, if the file is not a table or lacks a column
 */
export async function openCsv(file: string, choices: ReadingChoices = {}): Promise<Corpus> {
  const table = await readList(await findList(file)), columns = findColumns(table.header);
  requireColumns(table, columns);
  const finder = new PathFinder(dirname(table.name));
  const utterances: Utterance[] = [], skipped: SkippedFile[] = [];
  for (const row of table.rows) {
    const at = { file: table.name, line: row.line }, value = (name: ColumnName) => valueOf(row, columns, name);
    const listed = value("path");
    if (listed === "") throw new FileError({ ...at, expected: "a path", found: "an empty field" });
    const recording = await finder.find(listed);
    if (recording === undefined) {
      const reason = `no such file (${basename(table.name)}, line ${row.line})`;
      skipped.push({ path: resolve(dirname(table.name), listed.replaceAll("\\", "/")), reason });
      continue;
    }
    const votes = readVotes(row, columns, at);
    const word = value("emotion");
    if (word === "" && votes === undefined) {
      if (columns.votes.length === 0) throw new FileError({ ...at, expected: "an emotion", found: "an empty field" });
      skipped.push({ path: recording, reason: `it has no votes (${basename(table.name)}, line ${row.line})` });
      continue;
    }
    const span = readSpan(value, at), session = value("session"), fold = value("fold");
    const name = stem(listed.replaceAll("\\", "/").normalize("NFC"));
    const label = relabel({
      id: span === undefined ? name : `${name}#${span.start}-${span.end}`,
      emotion: emotionName(word || likeliest(votes!)),
      speaker: value("speaker") || "unknown",
      text: value("text"),
      ...(session !== "" && { session }),
      ...(fold !== "" && { fold }),
      ...(votes && choices.softLabels !== false && { votes }),
      ...(span && { span }),
      word: word || undefined,
    }, choices.labels);
    if (typeof label === "string") skipped.push({ path: recording, reason: label });
    else utterances.push(fileUtterance(recording, label));
  }
  const { duplicates } = choices;
  return makeCorpus({ name: "csv", from: table.name, utterances, skipped, segmentHop: 1, duplicates });
}

/** Whether a table lists recordings with their emotions, for `--corpus auto`. */
export async function isList(file: string): Promise<boolean> {
  try {
    return fits((await readList(file)).header);
  } catch {
    return false;
  }
}

/** File names of tables. */
export const TABLE = /\.(csv|tsv|tab|txt)$/i;

async function readList(file: string): Promise<CsvTable> {
  try {
    return readTable(await Deno.readFile(file), file, fits);
  } catch (error) {
    if (error instanceof FileError && error.found === EMPTY) {
      throw new FileError({ file, expected: 'a header "path,emotion[,speaker[,text]]"', found: EMPTY });
    }
    throw error;
  }
}

async function findList(file: string): Promise<string> {
  const info = await statOrNull(file);
  if (info === null) throw new OptionError({ option: "data", where: file, required: "a CSV file", found: undefined });
  if (info.isFile) return file;
  const found = (await Array.fromAsync(Deno.readDir(file))).filter(({ name }) => /\.(csv|tsv)$/i.test(name));
  const chosen = found.find(({ name }) => name === "labels.csv") ?? (found.length === 1 ? found[0] : undefined);
  if (chosen !== undefined) return join(file, chosen.name);
  throw new OptionError({
    option: "data",
    where: file,
    required: "a CSV file",
    found: `a folder with ${found.length} CSV files in it, none labels.csv`,
  });
}

/** Normalises a header's name for comparison: "Speaker ID" becomes speaker_id. */
const plainColumn = (name: string) =>
  name.normalize("NFC").toLowerCase().replaceAll(/[^\p{L}\p{N}]+/gu, "_").replaceAll(/^_+|_+$/g, "");

function findColumns(header: readonly string[]): Columns {
  const plain = header.map(plainColumn), at: Columns["at"] = {};
  for (const column of Object.keys(NAMES) as ColumnName[]) {
    const name = NAMES[column].find((name) => plain.includes(name));
    if (name !== undefined) at[column] = plain.indexOf(name);
  }
  const taken = new Set(Object.values(at));
  const votes = header.flatMap((name, place) =>
    !taken.has(place) && isEmotion(name) ? [{ place, emotion: emotionName(name) }] : []
  );
  // a single such column is probably something else with the same name
  return { at, votes: votes.length >= 2 ? votes : [] };
}

function fits(header: readonly string[]): boolean {
  const { at, votes } = findColumns(header);
  return at.path !== undefined && (at.emotion !== undefined || votes.length > 0);
}

function requireColumns({ name, header, line }: CsvTable, { at, votes }: Columns): void {
  const place = { file: name, line };
  for (const column of ["path", "emotion"] as const) {
    if (at[column] !== undefined || (column === "emotion" && votes.length > 0)) continue;
    const others = NAMES[column].slice(1, column === "path" ? 5 : 4).join(", ");
    throw new FileError({ ...place, expected: `a column "${column}" (or ${others})`, found: header.join(", ") });
  }
  for (const [start, end] of [["start", "end"], ["start_ms", "end_ms"]] as const) {
    if ((at[start] === undefined) === (at[end] === undefined)) continue;
    if (start === "start" && at.start !== undefined && at.duration !== undefined) continue;
    const [there, missing] = at[start] === undefined ? [end, start] : [start, end];
    throw new FileError({
      ...place,
      ...{ expected: `columns "${there}" and "${missing}" together`, found: `only "${there}"` },
    });
  }
  const twice = votes.find(({ emotion }, i) => votes.findIndex((other) => other.emotion === emotion) !== i);
  if (twice) {
    throw new FileError({
      ...place,
      ...{ expected: `one column of votes for ${twice.emotion}`, found: `two: ${header.join(", ")}` },
    });
  }
}

/** A row, for errors. */
type RowPlace = Pick<FileError, "file" | "line">;

function valueOf(row: CsvRow, { at }: Columns, name: ColumnName): string {
  return at[name] === undefined ? "" : row.value(at[name]);
}

/** The votes of a row; undefined if there are none. Decimal commas are accepted. */
function readVotes(row: CsvRow, { votes }: Columns, at: RowPlace): Record<string, number> | undefined {
  if (votes.length === 0) return undefined;
  const counts = votes.map(({ place, emotion }): [string, number] => {
    const text = row.value(place), number = text === "" ? 0 : Number(text.replace(",", "."));
    if (!(number >= 0 && number < Infinity)) {
      throw new FileError({ ...at, expected: `votes for ${emotion}, a number >= 0`, found: `"${text}"` });
    }
    return [emotion, number];
  });
  return counts.every(([, number]) => number === 0) ? undefined : Object.fromEntries(counts);
}

/** The emotion with most votes; in a tie, the first in the order of emotions. */
function likeliest(votes: Readonly<Record<string, number>>): string {
  const order = Object.keys(votes).sort((a, b) => EMOTIONS.indexOf(a) - EMOTIONS.indexOf(b));
  return order.reduce((best, emotion) => votes[emotion] > votes[best] ? emotion : best);
}

/** The part of a recording that a row gives; undefined if it gives none. */
function readSpan(value: (name: ColumnName) => string, at: RowPlace): Span | undefined {
  const inMs = value("start_ms") !== "" || value("end_ms") !== "";
  const [first, last] = inMs ? [value("start_ms"), value("end_ms")] : [value("start"), value("end")];
  const lasts = last === "" ? value("duration") : "";
  if (first === "" && last === "") return undefined;
  const start = secondsOf(first) / (inMs ? 1000 : 1);
  const end = lasts === "" ? secondsOf(last) / (inMs ? 1000 : 1) : Number((start + secondsOf(lasts)).toFixed(6));
  if (!(start >= 0 && end > start)) {
    throw new FileError({
      ...at,
      ...{ expected: "a start and a later end in seconds", found: `"${first}" and "${last}"` },
    });
  }
  return { start, end };
}

/** Converts "1.5", "1,5", "0:01.5" and "00:00:01.5" to seconds; NaN for anything else. */
function secondsOf(text: string): number {
  const match = /^(?:(?:(\d+):)?(\d+):)?(\d+(?:[.,]\d*)?|[.,]\d+)$/.exec(text);
  if (match === null) return NaN;
  const [, hours = "0", minutes = "0", seconds] = match;
  return 3600 * Number(hours) + 60 * Number(minutes) + Number(seconds.replace(",", "."));
}
