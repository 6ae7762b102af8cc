/**
 * A run as one small file, to be kept where its folder can't be: settings (less where the recordings lie), corpus table, kernels, the records and profiles of every finished
 * stage, predictions and results, as a gzipped tar archive. Weights, checkpoints and
 * the log, which names places on its machine, stay out. That is enough to judge a run again, and to go on
 * with it: a stage that labels are to be made from again is then fitted again where its weights are needed (`labelsFrom` in-sample and
 * teacher-view), or only those networks are fitted that make labels (cross-fit, snapshot).
 */
import { dirname, join } from "@std/path";
import { createTarGzip, parseTarGzip } from "nanotar";
import { writeAtomically } from "../files/atomic.ts";
import { requireRun } from "./begin.ts";
import { requireVacant } from "./run_folder.ts";
import type { RunConfig } from "./run_config.ts";

/** What of a run's folder is packed. */
const PACKED =
  /^(config\.json|corpus\.csv|kernels\.json|results\.json|predictions\.csv|forest\.json|folds\/.*\.json|profiles\/fold-.*\.arrow)$/;

/**
 * Packs a run, finished or not.
 *
 * @param run its folder
 * @param file the archive, replaced if it is there
 * @returns how many files are in it, and its size in bytes
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
 * Makes a run's folder of an archive.
 *
 * @param folder new or empty
 * @returns how many files were in it
 * @throws {Error} if the folder holds anything, or the file is no archive of a run: then nothing is written
 */
export async function unpackRun(file: string, folder: string): Promise<number> {
  await requireVacant(folder);
  const entries = await Deno.readFile(file).then((bytes) => parseTarGzip(bytes)).catch((error) => {
    throw new Error(`${file}: expected a packed run, found ${(error as Error).message}`, { cause: error });
  });
  const foreign = entries.find(({ name, data }) => !PACKED.test(name) || data === undefined);
  if (foreign || !entries.some(({ name }) => name === "config.json")) {
    throw new Error(`${file}: expected a packed run, found ${foreign?.name ?? "no config.json"}`);
  }
  for (const { name, data } of entries) {
    await Deno.mkdir(dirname(join(folder, name)), { recursive: true });
    await writeAtomically(join(folder, name), data!);
  }
  return entries.length;
}

/** `config.json` less where the recordings lie: that is nowhere else. */
function withoutPlace(config: Uint8Array): Uint8Array {
  const { corpus: { data: _, ...corpus }, ...rest }: RunConfig = JSON.parse(new TextDecoder().decode(config));
  return new TextEncoder().encode(JSON.stringify({ ...rest, corpus }, null, 2) + "\n");
}

/** Names of all files of a folder and those in it, with slashes. */
async function* filesOf(folder: string, inside = ""): AsyncGenerator<string> {
  for await (const { name, isDirectory } of Deno.readDir(join(folder, inside))) {
    if (isDirectory) yield* filesOf(folder, `${inside}${name}/`);
    else yield `${inside}${name}`;
  }
}
