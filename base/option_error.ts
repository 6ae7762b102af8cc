/**
 * The one error for an invalid option, used by every layer. Libraries name options by the identifiers that a program uses, such as
 * `threads` or `segmentHop`, in backticks, with the value if one is meant: `device: cpu`. A command prints each identifier as its flag
 * (`cli/flags.ts`); a Node program or a page can use {@link OptionError.option}.
 */

/** What is wrong. */
export interface OptionFault {
  /** The option's identifier: "segmentHop". */
  option: string;
  /** What is expected: completes "expected ...". */
  required: string;
  /** What was found: completes "found ...". */
  found: string | number | undefined;
  /** The file, folder or corpus concerned. */
  where?: string;
  /** What to do. */
  help?: string;
  /** The error that revealed it. */
  cause?: unknown;
}

/**
 * An option with an invalid value.
 *
 * @example
 * ```ts
 * import { assertStrictEquals } from "@std/assert";
 * const error = new OptionError({ option: "threads", required: "a whole number from 1 to 64", found: 99 });
 * assertStrictEquals(error.message, "`threads`: expected a whole number from 1 to 64, found 99");
 * ```
 */
export class OptionError extends Error {
  /** The class name. */
  override name = "OptionError";
  /** The option's identifier. */
  readonly option: string;
  /** What is expected. */
  readonly required: string;
  /** What was found. */
  readonly found: string | number | undefined;

  /** Joins where, expected, found and help into one line. */
  constructor({ option, required, found, where, help, cause }: OptionFault) {
    const place = where === undefined ? "" : `${where}: `;
    const remedy = help === undefined ? "" : `; ${help}`;
    super(`${place}\`${option}\`: expected ${required}, found ${found ?? "nothing"}${remedy}`, { cause });
    [this.option, this.required, this.found] = [option, required, found];
  }
}
