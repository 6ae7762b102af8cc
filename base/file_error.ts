/** The one error for a file, or a folder of files, whose content is not what was expected: tables, corpora, run folders. */

/** What is wrong. */
export interface FileFault {
  /** The file or folder. */
  file: string;
  /** The line concerned, from 1. */
  line?: number;
  /** The place in it: "settings.folds". */
  place?: string;
  /** What is expected: completes "expected ...". */
  expected: string;
  /** What was found: completes "found ...". */
  found: string;
  /** Whether a program wrote the file, so that something changed it since. */
  damaged?: boolean;
  /** What to do. */
  help?: string;
  /** The error that revealed it. */
  cause?: unknown;
}

/**
 * A file with the wrong content.
 *
 * @example
 * ```ts
 * import { assertStrictEquals } from "@std/assert";
 * const error = new FileError({ file: "x.csv", line: 2, expected: "2 fields", found: "3" });
 * assertStrictEquals(error.message, "x.csv, line 2: expected 2 fields, found 3");
 * ```
 */
export class FileError extends Error {
  /** The class name. */
  override name = "FileError";
  /** The file or folder. */
  readonly file: string;
  /** The line concerned, from 1. */
  readonly line: number | undefined;
  /** The place in it. */
  readonly place: string | undefined;
  /** What is expected. */
  readonly expected: string;
  /** What was found. */
  readonly found: string;

  /** Joins where, expected, found and help into one line. */
  constructor({ file, line, place, expected, found, damaged, help, cause }: FileFault) {
    const where = [line === undefined ? file : `${file}, line ${line}`, damaged && "damaged", place].filter(Boolean);
    super(`${where.join(": ")}: expected ${expected}, found ${found}${help === undefined ? "" : `; ${help}`}`, {
      cause,
    });
    [this.file, this.line, this.place, this.expected, this.found] = [file, line, place, expected, found];
  }
}
