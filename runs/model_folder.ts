/**
 * A model in a folder: the files of `refinery/model.ts`, and README.md, its card.
 *
 * The folder may come from anywhere. Each file is looked at before it is read: it has to lie in the folder, be a file, and have the
 * size that the model wants, so that nothing is read that could not be part of it.
 */
import { dirname, join } from "@std/path";
import {
  decodeModel,
  LARGEST_DESCRIPTION,
  type Model,
  MODEL_FILES,
  type ModelBytes,
  readDescription,
} from "../refinery/model.ts";
import { ModelError } from "../refinery/untrusted.ts";
import { writeAtomically } from "./atomic.ts";
import { describeModel } from "./model_card.ts";

/**
 * Reads a model.
 *
 * @throws {ModelError} where the folder holds none, or one that is damaged or hostile, naming the file and the fault
 */
export async function readModel(folder: string): Promise<Model> {
  const root = await Deno.realPath(folder).catch(() => undefined);
  if (root === undefined) {
    throw new ModelError(`${folder}: no such folder; a model is a folder with a model.json in it`);
  }
  if (!(await Deno.stat(root)).isDirectory) {
    throw new ModelError(`${folder}: a file; a model is the folder that holds model.json and the other files`);
  }
  const description = await readFileOf(folder, root, "model.json", ({ size }) => size <= LARGEST_DESCRIPTION);
  const bytes = { "model.json": description } as ModelBytes;
  const { files } = readDescription(description, folder);
  for (const file of MODEL_FILES) {
    if (file === "model.json") continue;
    bytes[file] = await readFileOf(folder, root, file, ({ size }) => size === files[file].bytes);
  }
  return decodeModel(bytes, folder);
}

async function readFileOf(
  folder: string,
  root: string,
  name: string,
  fits: (info: Deno.FileInfo) => boolean,
): Promise<Uint8Array> {
  const where = join(folder, name);
  const real = await Deno.realPath(where).catch(() => undefined);
  if (real === undefined) throw new ModelError(`${folder}: holds no ${name}, so it is no model`);
  if (dirname(real) !== root) throw new ModelError(`${where}: leads out of its folder, to ${real}`);
  const info = await Deno.stat(real);
  if (!info.isFile) throw new ModelError(`${where}: not a file`);
  if (!fits(info)) {
    throw new ModelError(`${where}: ${info.size.toLocaleString("en")} bytes are not what a model has there`);
  }
  return await Deno.readFile(real);
}

/**
 * Writes a model and its card. What there is of another model in the folder is replaced.
 *
 * @throws {Error} where the folder holds anything else
 */
export async function writeModel(folder: string, bytes: ModelBytes): Promise<void> {
  const names: string[] = await Array.fromAsync(Deno.readDir(folder), ({ name }) => name).catch((error) => {
    if (error instanceof Deno.errors.NotFound) return [];
    throw new Error(`${folder} is no folder that a model can be written to: ${error.message}`, { cause: error });
  });
  if (names.length > 0 && !names.includes("model.json")) {
    throw new Error(
      `The folder ${folder} is not empty (it holds ${names[0]}) and holds no model; name another (--out)`,
    );
  }
  const { description } = decodeModel(bytes, folder);
  for (const file of [...MODEL_FILES].reverse()) await writeAtomically(join(folder, file), bytes[file]);
  await writeAtomically(join(folder, "README.md"), describeModel(description));
}
