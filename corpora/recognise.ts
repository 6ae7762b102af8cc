/**
 * `--corpus auto`: recognises a folder's corpus by the names of its recordings, and gives the reason.
 *
 *     a file                                       csv: a list
 *     most names are a known corpus's              that layout
 *     a table with columns of paths and emotions   csv
 *     folders named as emotions                    folder
 *
 * @module
 */
import { FileError } from "../base/file_error.ts";
import { OptionError } from "../base/option_error.ts";
import { join } from "@std/path";
import { count } from "../base/count.ts";
import { listRecordings, statOrNull } from "./files.ts";
import { emotionLevel } from "./folder.ts";
import { describeNames, matches, nearestLayout } from "./layouts.ts";
import { isList } from "./list.ts";

/** The recognised corpus, and the reason. */
export interface CorpusMatch {
  /** its name for `--corpus` */
  kind: string;
  /** as a sentence */
  why: string;
}

/**
 * Recognises the corpus at a path.
 *
 * @throws {OptionError} if the path does not exist, or the corpus is unknown; the error then describes its file names
 */
export async function recogniseCorpus(data: string): Promise<CorpusMatch> {
  const info = await statOrNull(data);
  if (info === null) {
    throw new OptionError({ option: "data", where: data, required: "recordings, or a list of them", found: undefined });
  }
  if (info.isFile) return { kind: "csv", why: "it is a file that lists recordings" };
  const { wavs, others } = await listRecordings(data), names = [...wavs, ...others];
  const layout = nearestLayout(names);
  if (layout !== undefined) {
    const own = names.filter((file) => matches(layout, file));
    return {
      kind: layout.name,
      why: `${own.length} of ${count(names.length, "recording")} are named like ${layout.about}: ${own[0]}`,
    };
  }
  const list = await findList(data);
  if (list !== undefined) return { kind: "csv", why: `${list} lists recordings and their emotions` };
  const folders = names.map((file) => file.split("/").slice(0, -1)).filter((parts) => parts.length > 0);
  const level = emotionLevel(folders);
  if (level !== undefined) {
    const first = folders.find((parts) => parts[level] !== undefined && emotionLevel([parts]) === level) ?? folders[0];
    return { kind: "folder", why: `its folders are named by emotions: ${first.join("/")}` };
  }
  if (names.length === 0) {
    throw new FileError({ file: data, expected: "recordings or a list of them", found: "neither" });
  }
  throw new OptionError({
    option: "corpus",
    where: data,
    required: "file names of a known corpus",
    found: `names like this: ${describeNames(names)}`,
    help:
      "`pattern: '{speaker}_{emotion}_{text}.wav'` reads names, `corpus: csv` reads a list, `corpus: folder` reads one folder for each emotion",
  });
}

/** The table of a folder that lists its recordings: labels.csv, or the only such table. */
async function findList(dir: string): Promise<string | undefined> {
  const names = (await Array.fromAsync(Deno.readDir(dir), ({ name }) => name)).filter((name) =>
    /\.(csv|tsv)$/i.test(name)
  );
  // the same choice as openCsv() makes
  const chosen = names.includes("labels.csv") ? "labels.csv" : names.length === 1 ? names[0] : undefined;
  return chosen !== undefined && await isList(join(dir, chosen)) ? chosen : undefined;
}
