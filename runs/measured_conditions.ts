/** Reads what `deno task evaluate RUN --under ... --json` printed, for a model's description. */
import { basename, resolve } from "@std/path";
import { FileError } from "../base/file_error.ts";
import type { ModelConditions } from "../models/description.ts";
import { checkConditions } from "../models/model_check.ts";
import { UntrustedValue } from "../models/untrusted.ts";

/** A run that a file may have measured. */
export interface MeasuredRun {
  /** Its folder. */
  run: string;
  /** How it was judged, in a sentence. */
  protocol: string;
  /** Number of its utterances. */
  utterances: number;
}

/**
 * Reads the files. They may share out the conditions, but must agree on the unchanged recordings.
 *
 * @param files at least one
 * @param runs the runs whose accuracy the model's description states; the files are of one of these, by the name of its folder
 * @throws {FileError} if a file is of another run, or of only a part of its utterances, or disagrees with the first
 * @throws {ModelError} if it is not such a file
 */
export async function readConditions(
  files: readonly string[],
  runs: readonly MeasuredRun[],
): Promise<ModelConditions> {
  const all: ModelConditions[] = [];
  for (const file of files) {
    const read = await readFile(file, runs), [first = read] = all;
    for (const key of ["protocol", "decidedBy", "weightedAccuracy", "unweightedAccuracy"] as const) {
      if (read[key] === first[key]) continue;
      throw new FileError({ file, place: key, expected: `${first[key]}, as in ${files[0]}`, found: `${read[key]}` });
    }
    all.push(read);
  }
  const under = all.flatMap((own) => own.under), names = under.map(({ condition }) => condition);
  const twice = names.find((name, i) => names.indexOf(name) < i);
  if (twice !== undefined) {
    throw new FileError({ file: files.join(", "), expected: "each condition once", found: `${twice} twice` });
  }
  return { ...all[0], under };
}

async function readFile(file: string, runs: readonly MeasuredRun[]): Promise<ModelConditions> {
  const text = await Deno.readTextFile(file).catch((error) => {
    throw new FileError({ file, expected: "a file to read", found: error.message, cause: error });
  });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new FileError({ file, expected: EXPECTED, found: (error as Error).message, cause: error });
  }
  const json = new UntrustedValue(value, file), name = basename(json.get("model").text());
  const measured = runs.find(({ run }) => basename(resolve(run)) === name);
  if (!measured) {
    const expected = `a measurement of ${runs.map(({ run }) => run).join(" or ")}`;
    throw new FileError({ file, place: "model", expected, found: name });
  }
  const { protocol, utterances } = measured;
  const read = checkConditions(new UntrustedValue({ ...json.object(), protocol }, file));
  if (read.utterances === utterances) return read;
  throw new FileError({ file, place: "utterances", expected: `all ${utterances}`, found: `${read.utterances}` });
}

const EXPECTED = "the JSON of a run's evaluation under conditions (deno task evaluate with `under` and `json`)";
