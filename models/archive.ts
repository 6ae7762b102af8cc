/**
 * A model as one portable file: a tar archive of one folder, with the model's files and its card. `predict --model` reads the archive
 * directly, and any program that unpacks archives restores the folder.
 */
import { createTar, type ParsedTarFileItem, parseTar } from "nanotar";
import { describeModel } from "./card.ts";
import { MODEL_FILES, type ModelBytes } from "./description.ts";
import { decodeModel } from "./model.ts";
import { ModelError } from "./untrusted.ts";

/** Largest archive in bytes; a VGG-E of width 1 would take 130 MB. */
export const LARGEST_ARCHIVE: number = 2 ** 29;

/**
 * Packs a model into an archive.
 *
 * @param folder the folder's name in the archive: letters, digits, hyphens
 * @throws {ModelError} if the files are not a model
 */
export function packModel(bytes: ModelBytes, folder: string): Uint8Array<ArrayBuffer> {
  const card = new TextEncoder().encode(describeModel(decodeModel(bytes, folder).description));
  const files = { ...bytes, "README.md": card };
  const entries = Object.entries(files).map(([name, data]) => ({ name: `${folder}/${name}`, data }));
  return Uint8Array.from(createTar(entries, { attrs: { mode: "644" } }));
}

/**
 * Reads a model's files from its archive: the first file of each name, in any folder.
 *
 * @param where its name in errors
 * @throws {ModelError} if it is not an archive of a model
 */
export function unpackModel(archive: Uint8Array, where: string): ModelBytes {
  const wanted = `${where}: expected the folder of a model, or a tar archive of it, found`;
  let entries: ParsedTarFileItem[];
  try {
    entries = parseTar(archive.slice()); // the parser reads the whole underlying buffer
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
