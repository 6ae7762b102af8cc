/**
 * The one error of an option that is not what it has to be, from every layer. Libraries know options by the identifiers that a program
 * gives them, `threads` or `segmentHop`, and mention them so, in backticks, with a value where one is meant: `device: cpu`. A command
 * prints each mention as its flag (`cli/flags.ts`); a program in Node or a page can go by {@link OptionError.option}.
 */

/** What is wrong. */
export interface OptionFault {
  /** The option's identifier: "segmentHop". */
  option: string;
  /** What is expected, the end of "expected ...". */
  required: string;
  /** What there is instead, the end of "found ...". */
  found: string | number | undefined;
  /** Which file, folder or corpus it is about. */
  where?: string;
  /** What to do. */
  help?: string;
  /** The error that showed it. */
  cause?: unknown;
}

/**
 * An option that is not what it has to be.
 *
 * @example
 * ```ts
 * import { assertStrictEquals } from "@std/assert";
 * const error = new OptionError({ option: "threads", required: "a whole number from 1 to 64", found: 99 });
 * assertStrictEquals(error.message, "`threads`: expected a whole number from 1 to 64, found 99");
 * ```
 */
export class OptionError extends Error {
  /** Of the class. */
  override name = "OptionError";
  /** The option's identifier. */
  readonly option: string;
  /** What is expected. */
  readonly required: string;
  /** What there is instead. */
  readonly found: string | number | undefined;

  /** Puts where, expected, found and help into one line. */
  constructor({ option, required, found, where, help, cause }: OptionFault) {
    const place = where === undefined ? "" : `${where}: `;
    const remedy = help === undefined ? "" : `; ${help}`;
    super(`${place}\`${option}\`: expected ${required}, found ${found ?? "nothing"}${remedy}`, { cause });
    [this.option, this.required, this.found] = [option, required, found];
  }
}
