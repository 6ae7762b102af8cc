/**
 * Reads tables as people save them: commas, semicolons, tabs or bars between the columns; UTF-8, UTF-16 or Windows-1252, with
 * a byte order mark or without; any line ends. The quoting is RFC 4180's.
 *
 * @module
 */
import { FileError } from "../base/file_error.ts";
import { CsvError, parse } from "csv-parse/sync";

/** A record of a CSV file, and the line it begins on (from 1). */
export interface CsvRecord {
  /** its fields, without quotes */
  fields: string[];
  /** the line in the file */
  line: number;
}

/** What {@link readTable} finds in a file without a line. */
export const EMPTY = "an empty file";

/** Possible column separators, in the order of trial. */
const SEPARATORS = [",", ";", "\t", "|"];

/**
 * Reads CSV: RFC 4180, with or without a byte order mark, lines ended by CRLF, LF or CR; empty lines are ignored.
 *
 * @param name the file's name in errors
 * @param separator the separator of columns
 * @throws {FileError} if a quote is not closed, or something follows a closing quote
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * assertEquals(parseCsv('path,text\r\na.wav,"Oh, ""no"""', "x.csv")[1], { fields: ["a.wav", 'Oh, "no"'], line: 2 });
 * ```
 */
export function parseCsv(source: string, name: string, separator = ","): CsvRecord[] {
  // normalise line ends: the parser would apply the first one it sees to the whole file, even within quotes
  const text = source.replace(/^\uFEFF/, "").replaceAll(/\r\n?/g, "\n");
  let records: CsvRecord[] = [], end = 0; // the last line of the previous record
  const parseAll = (relaxed: boolean) => {
    [records, end] = [[], 0];
    parse(text, {
      delimiter: separator,
      record_delimiter: "\n",
      relax_column_count: true,
      relax_quotes: relaxed,
      on_record(fields: string[], { lines }) {
        records.push({ fields, line: end + 1 });
        end = lines;
        return null;
      },
    });
  };
  try {
    try {
      parseAll(false);
    } catch (error) {
      // a quote inside an unquoted field is literal: he said "no"
      if (!(error instanceof CsvError && error.code === "INVALID_OPENING_QUOTE")) throw error;
      parseAll(true);
    }
  } catch (error) {
    throw error instanceof CsvError ? explain(error, name, end + 1) : error;
  }
  return records.filter(({ fields }) => fields.length > 1 || fields[0].trim() !== "");
}

/** Converts the parser's error to one with the file and the line. */
function explain(error: CsvError, name: string, began: number): FileError {
  const line = Number(error.lines ?? began);
  if (error.code === "CSV_QUOTE_NOT_CLOSED") {
    return new FileError({ file: name, line: began, expected: "a closing quote", found: "none", cause: error });
  }
  if (error.code === "CSV_INVALID_CLOSING_QUOTE") {
    const found = /got "(.)"/.exec(error.message)?.[1];
    return new FileError({
      ...{ file: name, line, expected: "a separator after a closing quote", cause: error },
      found: found ? `"${found}"` : "something else",
    });
  }
  return new FileError({ file: name, line, expected: "a table", found: error.message, cause: error });
}

/**
 * Decodes a text file: UTF-8 or UTF-16 by its byte order mark, or by the pattern of its zero bytes; UTF-8 if it is valid;
 * otherwise a single-byte encoding.
 *
 * @param fallback the single-byte encoding; default: Windows-1252
 */
export function decodeText(bytes: Uint8Array, fallback = "windows-1252"): string {
  const begins = (...mark: number[]) => mark.every((byte, i) => bytes[i] === byte);
  const decode = (encoding: string) => new TextDecoder(encoding).decode(bytes);
  if (begins(0xff, 0xfe)) return decode("utf-16le");
  if (begins(0xfe, 0xff)) return decode("utf-16be");
  if (begins(0xef, 0xbb, 0xbf)) return decode("utf-8");
  const zeros = [0, 0], looked = Math.min(bytes.length, 4096);
  for (let i = 0; i < looked; i++) if (bytes[i] === 0) zeros[i % 2]++;
  // most letters of a table are ASCII, so every other byte is zero
  if (zeros[1] > looked / 8 && zeros[0] < zeros[1] / 4) return decode("utf-16le");
  if (zeros[0] > looked / 8 && zeros[1] < zeros[0] / 4) return decode("utf-16be");
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return decode(fallback);
  }
}

/** A row of a table. */
export interface CsvRow {
  /** A column's value, trimmed, by the column's name or index; "" if there is no such column. */
  value: (column: string | number) => string;
  /** the line in the file */
  line: number;
}

/** A table with a header. */
export interface CsvTable {
  /** the file's name in errors */
  name: string;
  /** its column names, trimmed */
  header: string[];
  /** the header's line */
  line: number;
  /** the other rows */
  rows: CsvRow[];
}

/**
 * Reads a table of any encoding and separator.
 *
 * @param name the file's name in errors
 * @param fits whether a header is suitable; the first separator whose header fits is used, otherwise the one
 *   that gives most columns
 * @throws {FileError} if it is empty, a quote is not closed, or a line has more or fewer fields than the header
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * const { rows } = readTable(new TextEncoder().encode("path;emotion\r\na.wav;sad"), "x.csv");
 * assertEquals(rows[0].value("emotion"), "sad");
 * ```
 */
export function readTable(
  bytes: Uint8Array,
  name: string,
  fits: (header: string[]) => boolean = () => false,
): CsvTable {
  const text = decodeText(bytes).replace(/^\uFEFF/, "");
  const first = text.split(/[\r\n]+/).find((line) => line.trim() !== "");
  if (first === undefined) throw new FileError({ file: name, expected: "a header", found: EMPTY });
  const headers = SEPARATORS.map((separator) => ({ separator, header: headerOf(first, name, separator) }));
  const { separator } = headers.find(({ header }) => fits(header)) ??
    headers.reduce((most, own) => own.header.length > most.header.length ? own : most);
  const [head, ...records] = parseCsv(text, name, separator);
  const header = head.fields.map((field) => field.trim());
  // the first of several columns with one name counts: spreadsheets may repeat a name
  const places = new Map(header.map((column, place): [string, number] => [column, place]).reverse());
  const rows = records.map(({ fields, line }): CsvRow => {
    // a separator at the end of a line adds an empty field
    const extra = fields.slice(header.length).some((field) => field.trim() !== "");
    if (fields.length < header.length || extra) {
      throw new FileError({
        ...{ file: name, line, expected: `${header.length} fields, as in the header` },
        found: `${fields.length}`,
      });
    }
    return {
      line,
      value: (column) => (fields[typeof column === "number" ? column : places.get(column) ?? -1] ?? "").trim(),
    };
  });
  return { name, header, line: head.line, rows };
}

/** Splits a header line by a separator; returns one column if its quotes are invalid for this separator. */
function headerOf(line: string, name: string, separator: string): string[] {
  try {
    return (parseCsv(line, name, separator)[0]?.fields ?? [line]).map((field) => field.trim());
  } catch {
    return [line];
  }
}
