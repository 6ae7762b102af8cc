/** Writes a model to a folder: the files of `models/model.ts`, and README.md, its card. */
import { OptionError } from "../base/option_error.ts";
import { join } from "@std/path";
import { decodeModel } from "./model.ts";
import { MODEL_FILES, type ModelBytes } from "./description.ts";
import { writeAtomically } from "../files/atomic.ts";
import { describeModel } from "./card.ts";

/**
 * Writes a model and its card. Replaces the files of another model in the folder.
 *
 * @throws {OptionError} of `out` if the folder contains anything else
 */
export async function writeModel(folder: string, bytes: ModelBytes): Promise<void> {
  const names: string[] = await Array.fromAsync(Deno.readDir(folder), ({ name }) => name).catch((error) => {
    if (error instanceof Deno.errors.NotFound) return [];
    throw new Error(`${folder}: expected a folder to write a model to, found ${error.message}`, { cause: error });
  });
  if (names.length > 0 && !names.includes("model.json")) {
    throw new OptionError({
      option: "out",
      where: folder,
      required: "a new or an empty folder, or that of a model",
      found: names[0],
    });
  }
  const { description } = decodeModel(bytes, folder);
  for (const file of [...MODEL_FILES].reverse()) await writeAtomically(join(folder, file), bytes[file]);
  await writeAtomically(join(folder, "README.md"), describeModel(description));
}
