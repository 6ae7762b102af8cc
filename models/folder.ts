/**
 * Reads the files of a model from a folder or from its archive, in Deno and in Node.
 *
 * The folder may come from an untrusted source. Each file is checked before it is read: it must lie in the folder, be a regular
 * file, and have the size that the model declares. Nothing else is read.
 */
import { readFile, realpath, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { LARGEST_DESCRIPTION, readDescription } from "./model.ts";
import { MODEL_FILES, type ModelBytes } from "./description.ts";
import { ModelError } from "./untrusted.ts";

/**
 * Reads the files.
 *
 * @param folder its path or `file:` URL, or that of its archive
 * @throws {ModelError} if it contains no model, with the file and the fault
 */
export async function readModelFolder(folder: string | URL): Promise<ModelBytes> {
  const place = typeof folder === "string" ? folder : fileURLToPath(folder);
  const root = await realpath(place).catch(() => undefined);
  if (root === undefined) {
    throw new ModelError(`${place}: expected a model, a folder with a model.json in it, found no such folder`);
  }
  const info = await stat(root);
  if (!info.isDirectory()) {
    const { LARGEST_ARCHIVE, unpackModel } = await import("./archive.ts"); // folders do not require its reader
    return unpackModel(await readArchive(place, root, info.size, LARGEST_ARCHIVE), place);
  }
  const description = await readFileOf(place, root, "model.json", { most: LARGEST_DESCRIPTION });
  const bytes = { "model.json": description } as ModelBytes;
  const { files } = readDescription(description, place);
  for (const file of MODEL_FILES) {
    if (file === "model.json") continue;
    bytes[file] = await readFileOf(place, root, file, { least: files[file].bytes, most: files[file].bytes });
  }
  return bytes;
}

/** Reads a model's archive. */
async function readArchive(place: string, path: string, size: number, most: number): Promise<Uint8Array> {
  if (size <= most) return new Uint8Array(await readFile(path));
  throw new ModelError(
    `${place}: expected an archive of at most ${most.toLocaleString("en")} bytes, found ${size.toLocaleString("en")}`,
  );
}

async function readFileOf(
  folder: string,
  root: string,
  name: string,
  { least = 0, most }: { least?: number; most: number },
): Promise<Uint8Array> {
  const where = join(folder, name);
  const real = await realpath(where).catch(() => undefined);
  if (real === undefined) throw new ModelError(`${folder}: expected a model, found no ${name} in it`);
  if (dirname(real) !== root) {
    throw new ModelError(`${where}: expected a file in the model's folder, found a link to ${real}`);
  }
  const info = await stat(real);
  if (!info.isFile()) throw new ModelError(`${where}: expected a file, found something else`);
  if (info.size < least || info.size > most) {
    const expected = `${least === most ? "" : "at most "}${most.toLocaleString("en")} bytes`;
    throw new ModelError(`${where}: expected ${expected}, found ${info.size.toLocaleString("en")} bytes`);
  }
  const { buffer, byteOffset, length } = await readFile(real);
  return new Uint8Array(buffer, byteOffset, length);
}
