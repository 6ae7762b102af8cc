/**
 * A corpus that a CSV file lists: a header with `path` and `emotion`, and `speaker` and `text` if it likes, in any order
 * among any other columns; one line a recording, its path relative to the CSV file.
 *
 * The format is RFC 4180's: commas, fields in double quotes where they hold commas, quotes (doubled) or line ends.
 *
 * @module
 */
import { basename, dirname, join, resolve } from "@std/path";
import { type Corpus, emotionName, makeCorpus, type Skipped, type Utterance } from "./corpus.ts";
import { fileUtterance, statOrNull } from "./files.ts";

/**
 * Opens a corpus by its CSV file. A recording that is not there is skipped and said so.
 *
 * @param file the CSV file, or a folder with a `labels.csv` or just one CSV file in it
 * @throws {Error} where the file is not there or lists fewer than two emotions
 * @throws {SyntaxError} where the file is not CSV or lacks a column, with the line
 */
export async function openCsv(file: string): Promise<Corpus> {
  const csv = await findCsv(file);
  const rows = parseCsv(await Deno.readTextFile(csv), csv);
  const [header, ...records] = rows;
  if (header === undefined) throw new SyntaxError(`${csv} is empty; wanted: a header "path,emotion[,speaker[,text]]"`);
  const names = header.fields.map((field) => field.trim().toLowerCase());
  const column = (name: string) => names.indexOf(name);
  for (const name of ["path", "emotion"]) {
    if (column(name) >= 0) continue;
    const hint = /[;\t]/.test(header.fields[0]) ? " (separate the columns by commas)" : "";
    throw new SyntaxError(
      `${csv}, line ${header.line}: no column "${name}" in the header, found ${header.fields.join(", ")}${hint}`,
    );
  }
  const utterances: Utterance[] = [], skipped: Skipped[] = [];
  for (const { fields, line } of records) {
    if (fields.length !== names.length) {
      throw new SyntaxError(
        `${csv}, line ${line}: found ${fields.length} fields, wanted ${names.length} as in the header`,
      );
    }
    const value = (name: string) => column(name) < 0 ? "" : fields[column(name)].trim();
    for (const name of ["path", "emotion"]) {
      if (value(name) === "") throw new SyntaxError(`${csv}, line ${line}: the ${name} is empty`);
    }
    const recording = resolve(dirname(csv), value("path"));
    if (!(await statOrNull(recording))?.isFile) {
      skipped.push({ path: recording, reason: `no such file (${basename(csv)}, line ${line})` });
      continue;
    }
    utterances.push(fileUtterance(recording, {
      id: value("path").replaceAll("\\", "/").replace(/\.wav$/i, ""),
      emotion: emotionName(value("emotion")),
      speaker: value("speaker") || "unknown",
      text: value("text"),
    }));
  }
  return makeCorpus({ name: "csv", from: csv, utterances, skipped, segmentHop: 1 });
}

async function findCsv(file: string): Promise<string> {
  const info = await statOrNull(file);
  if (info === null) throw new Error(`${file}: no such file; --data wants a CSV file`);
  if (info.isFile) return file;
  const found = (await Array.fromAsync(Deno.readDir(file))).filter((entry) => /\.csv$/i.test(entry.name));
  const chosen = found.find(({ name }) => name === "labels.csv") ?? (found.length === 1 ? found[0] : undefined);
  if (chosen !== undefined) return join(file, chosen.name);
  throw new Error(`${file} is a folder with ${found.length} CSV files in it, none labels.csv; --data wants a CSV file`);
}

/** A record of a CSV file, and the line it begins on (from 1). */
export interface CsvRecord {
  /** its fields, unquoted */
  fields: string[];
  /** the line in the file */
  line: number;
}

/**
 * Reads CSV: RFC 4180, with or without a byte order mark, lines ended by CRLF, LF or CR; empty lines count for nothing.
 *
 * @param name the file, for errors
 * @throws {SyntaxError} where a quote is not closed, or something follows a closing quote
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * assertEquals(parseCsv('path,text\r\na.wav,"Oh, ""no"""', "x.csv")[1], { fields: ["a.wav", 'Oh, "no"'], line: 2 });
 * ```
 */
export function parseCsv(source: string, name: string): CsvRecord[] {
  const text = source.replace(/^\uFEFF/, "").replaceAll(/\r\n?/g, "\n");
  const records: CsvRecord[] = [];
  let at = 0, line = 1;
  while (at < text.length) {
    const record: CsvRecord = { fields: [], line };
    for (;;) {
      let field: string;
      if (text[at] === '"') {
        const opened = line;
        field = "";
        for (at++;;) {
          const close = text.indexOf('"', at);
          if (close < 0) throw new SyntaxError(`${name}, line ${opened}: a quote is opened and never closed`);
          field += text.slice(at, close);
          at = close + 1;
          if (text[at] !== '"') break;
          field += '"';
          at++;
        }
        line += field.split("\n").length - 1;
        if (at < text.length && text[at] !== "," && text[at] !== "\n") {
          throw new SyntaxError(`${name}, line ${line}: found "${text[at]}" after a closing quote, wanted a comma`);
        }
      } else {
        const start = at;
        while (at < text.length && text[at] !== "," && text[at] !== "\n") at++;
        field = text.slice(start, at);
      }
      record.fields.push(field);
      if (text[at] !== ",") break;
      at++;
    }
    at++;
    line++;
    if (record.fields.length > 1 || record.fields[0].trim() !== "") records.push(record);
  }
  return records;
}
