/**
 * Packs a run into one small file, to archive it without its folder: settings (without the location of the recordings), corpus table,
 * kernels, the records and profiles of every finished stage, predictions and results, as a gzipped tar archive. It leaves out weights,
 * checkpoints and the log, which contains paths of its machine. The archive is sufficient to judge a run again, and to resume it: a stage
 * whose weights are needed for labels is fitted again (`labelsFrom` in-sample and teacher-view), or only the networks that produce labels
 * are (cross-fit, snapshot).
 */
import { FileError } from "../base/file_error.ts";
import { dirname, join } from "@std/path";
import { createTarGzip, parseTarGzip } from "nanotar";
import { writeAtomically } from "../files/atomic.ts";
import { requireRun } from "./begin.ts";
import { requireVacant } from "./run_folder.ts";
import type { RunConfig } from "./run_config.ts";

/** Names of the files to pack. */
const PACKED =
  /^(config\.json|corpus\.csv|kernels\.json|results\.json|predictions\.csv|forest\.json|folds\/.*\.json|profiles\/fold-.*\.arrow)$/;

/**
 * Packs a run, finished or not.
 *
 * @param run the run's folder
 * @param file the archive; an existing file is replaced
 * @returns the number of files in it, and its size in bytes
 * @throws {Error} if there is no run, or the file can't be written
 */
export async function packRun(run: string, file: string): Promise<{ files: number; bytes: number }> {
  await requireRun(run);
  const names = (await Array.fromAsync(filesOf(run))).filter((name) => PACKED.test(name)).sort();
  const entries = await Promise.all(names.map(async (name) => {
    const data = await Deno.readFile(join(run, name));
    return { name, data: name === "config.json" ? withoutPlace(data) : data };
  }));
  const archive = await createTarGzip(entries, { attrs: { mtime: 0 } });
  await writeAtomically(file, archive);
  return { files: names.length, bytes: archive.length };
}

/**
 * Restores a run's folder from an archive.
 *
 * @param folder new or empty
 * @returns the number of files
 * @throws {Error} if the folder is not empty, or the file is not an archive of a run; nothing is then written
 */
export async function unpackRun(file: string, folder: string): Promise<number> {
  await requireVacant(folder);
  const entries = await Deno.readFile(file).then((bytes) => parseTarGzip(bytes)).catch((error) => {
    throw new FileError({ file, expected: "a packed run", found: (error as Error).message, cause: error });
  });
  const foreign = entries.find(({ name, data }) => !PACKED.test(name) || data === undefined);
  if (foreign || !entries.some(({ name }) => name === "config.json")) {
    throw new FileError({ file, expected: "a packed run", found: foreign?.name ?? "no config.json" });
  }
  for (const { name, data } of entries) {
    await Deno.mkdir(dirname(join(folder, name)), { recursive: true });
    await writeAtomically(join(folder, name), data!);
  }
  return entries.length;
}

/** Removes the location of the recordings from `config.json`. */
function withoutPlace(config: Uint8Array): Uint8Array {
  const { corpus: { data: _, ...corpus }, ...rest }: RunConfig = JSON.parse(new TextDecoder().decode(config));
  return new TextEncoder().encode(JSON.stringify({ ...rest, corpus }, null, 2) + "\n");
}

/** Yields the names of all files in a folder and its subfolders, with slashes. */
async function* filesOf(folder: string, inside = ""): AsyncGenerator<string> {
  for await (const { name, isDirectory } of Deno.readDir(join(folder, inside))) {
    if (isDirectory) yield* filesOf(folder, `${inside}${name}/`);
    else yield `${inside}${name}`;
  }
}
