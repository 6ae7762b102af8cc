/** What tests share of errors of options. */
import { assertMatch, assertRejects, assertStrictEquals } from "@std/assert";
import { OptionError } from "../base/option_error.ts";

/** Asserts that a call throws, or rejects with, an {@link OptionError} of this option. @param message of it, where that matters, too */
export async function assertOptionError(
  call: () => unknown,
  option: string,
  message = /expected .*, found /,
): Promise<void> {
  const error = await assertRejects(async () => await call(), OptionError);
  assertStrictEquals(error.option, option);
  assertMatch(error.message, message);
}
