/** Assertions on errors of files, shared by tests. */
import { assertMatch, assertRejects, assertStrictEquals } from "@std/assert";
import { FileError } from "../base/file_error.ts";

/** The expected parts of a {@link FileError}: text for a whole part, a pattern for any place in it. */
export type FileErrorParts = { [Part in "file" | "line" | "place" | "expected" | "found"]?: FileError[Part] | RegExp };

/** Asserts that a call throws, or rejects with, a {@link FileError} with these parts. */
export async function assertFileError(call: () => unknown, parts: FileErrorParts): Promise<void> {
  const error = await assertRejects(async () => await call(), FileError);
  for (const [part, value] of Object.entries(parts)) {
    const own = error[part as keyof FileErrorParts];
    if (value instanceof RegExp) assertMatch(String(own), value, `${part} of: ${error.message}`);
    else assertStrictEquals(own, value, `${part} of: ${error.message}`);
  }
}
