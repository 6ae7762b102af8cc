/**
 * A model as one file, to take along: a tar archive of one folder, with the files of the model and its card. `predict --model` reads it
 * as it is, and any program that unpacks archives makes the folder of it.
 */
import { createTar, type ParsedTarFileItem, parseTar } from "nanotar";
import { describeModel } from "./card.ts";
import { MODEL_FILES, type ModelBytes } from "./description.ts";
import { decodeModel } from "./model.ts";
import { ModelError } from "./untrusted.ts";

/** Bytes of an archive, at most: of a VGG-E of width 1 it would be 130 MB. */
export const LARGEST_ARCHIVE: number = 2 ** 29;

/**
 * The archive of a model.
 *
 * @param folder the folder in it: letters, digits, hyphens
 * @throws {ModelError} if the files are no model
 */
export function packModel(bytes: ModelBytes, folder: string): Uint8Array<ArrayBuffer> {
  const card = new TextEncoder().encode(describeModel(decodeModel(bytes, folder).description));
  const files = { ...bytes, "README.md": card };
  const entries = Object.entries(files).map(([name, data]) => ({ name: `${folder}/${name}`, data }));
  return Uint8Array.from(createTar(entries, { attrs: { mode: "644" } }));
}

/**
 * The files of a model from its archive: from whatever folder in it, the first of each name.
 *
 * @param where what errors call it
 * @throws {ModelError} if it is no archive of a model
 */
export function unpackModel(archive: Uint8Array, where: string): ModelBytes {
  const wanted = `${where}: expected the folder of a model, or a tar archive of it, found`;
  let entries: ParsedTarFileItem[];
  try {
    entries = parseTar(archive.slice()); // it looks at the whole of a buffer
  } catch (error) {
    throw new ModelError(`${wanted} a file that is neither (${(error as Error).message})`, { cause: error });
  }
  const found = MODEL_FILES.map((file) => {
    const data = entries.find(({ name }) => name.split("/").at(-1) === file)?.data;
    if (!data) throw new ModelError(`${wanted} a file without a ${file} in it`);
    return [file, data] as const;
  });
  return Object.fromEntries(found) as ModelBytes;
}
