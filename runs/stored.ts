/**
 * Schemas of a run's JSON files. The files come from outside the program, so every value is checked (valibot) before use. A
 * later version may add fields; these are passed on unchecked.
 */
import { FileError, type FileFault } from "../base/file_error.ts";
import * as v from "valibot";

const text = v.pipe(v.string(), v.nonEmpty("text"));
const whole = v.pipe(v.number(), v.integer("a whole number"), v.minValue(0, "a number >= 0"));
const fromOne = v.pipe(whole, v.minValue(1, "a number >= 1"));
const share = v.pipe(v.number(), v.minValue(0, "a number from 0 to 1"), v.maxValue(1, "a number from 0 to 1"));
const positive = v.pipe(v.number(), v.minValue(0, "a number >= 0"));
const sha256 = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/, "64 hexadecimal digits"));
const emotions = v.pipe(v.array(text), v.minLength(2, "two emotions or more"));

/** Of the settings, only those needed to find a run's files; `differences` compares the rest, value by value. */
const settings = v.looseObject({ method: text, stages: fromOne, folds: fromOne, seed: whole });

const epoch = v.looseObject({
  epoch: whole,
  loss: v.number(),
  accuracy: share,
  validationLoss: v.optional(v.number()),
  validationAccuracy: v.optional(share),
  learningRate: positive,
  seconds: positive,
});

/** `config.json`. */
export const runConfig = v.looseObject({
  versions: v.looseObject({ epr: text }),
  started: text,
  corpus: v.looseObject({
    name: text,
    data: v.optional(text),
    emotions,
    utterances: whole,
    segments: whole,
    seconds: positive,
    skipped: whole,
    digest: sha256,
  }),
  preset: text,
  settings,
  device: v.looseObject({ kind: text, description: text, precision: v.optional(v.picklist(["f32", "f16"])) }),
});

/** `folds/fold-1-stage-1.json`. */
export const stageRecord = v.looseObject({
  identity: v.looseObject({
    version: text,
    corpus: text,
    recordings: sha256,
    device: text,
    precision: v.optional(v.picklist(["f32", "f16"])),
    preset: text,
    settings,
  }),
  fold: fromOne,
  stage: fromOne,
  epochs: v.pipe(v.array(epoch), v.minLength(1, "one epoch or more")),
  bestEpoch: whole,
  labelEntropy: positive,
  labelError: v.optional(positive),
  device: text,
  seconds: positive,
  profiles: v.pipe(v.string(), v.regex(/^[0-9a-f]{8}$/, "8 hexadecimal digits")),
  sharedFrom: v.optional(text),
});

const stageResult = v.looseObject({
  stage: fromOne,
  weightedAccuracy: share,
  unweightedAccuracy: share,
  confusion: v.array(v.array(whole)),
  segmentAccuracy: share,
  meanVoteAccuracy: share,
  trueSegmentAccuracy: v.optional(share),
  labelEntropy: positive,
  labelError: v.optional(positive),
});

/** `results.json`. */
export const runResults = v.pipe(
  v.looseObject({
    corpus: text,
    method: text,
    preset: text,
    seed: whole,
    device: text,
    emotions,
    utterances: whole,
    segments: whole,
    folds: fromOne,
    stages: v.pipe(v.array(stageResult), v.minLength(1, "one stage or more")),
    seconds: positive,
  }),
  v.check(
    ({ emotions: { length }, stages }) =>
      stages.every(({ confusion }) => confusion.length === length && confusion.every((row) => row.length === length)),
    "a row and a column of each confusion for every emotion",
  ),
);

/** `kernels.json`. */
export const runKernels = v.looseObject({
  simd: v.optional(text),
  adapter: v.optional(text),
  subgroups: v.optional(text),
  choices: v.optional(v.record(v.string(), v.unknown())),
});

/** `paper.json`. */
export const paperConfig = v.looseObject({
  chains: v.pipe(v.array(v.looseObject({ method: text, stages: fromOne })), v.minLength(1, "one chain or more")),
  seeds: v.pipe(v.array(whole), v.minLength(1, "one seed or more")),
});

/** A lease: `locks/fold-3.7.json`. */
export const leaseNote = v.looseObject({ host: text, pid: whole, since: text, beat: whole });

/** A line of `log.jsonl`. */
export const logLine = v.looseObject({ event: text, time: text });

/** The position of a checkpoint's fit: JSON in its metadata. */
export const fitPlace = v.looseObject({
  epoch: whole,
  step: whole,
  adamSteps: whole,
  records: v.array(epoch),
  bestEpoch: v.pipe(v.number(), v.integer("a whole number"), v.minValue(-1, "a number >= -1")),
  seconds: positive,
});

/** The record of a saved network's fit: JSON in its metadata. */
export const fitResult = v.looseObject({ epochs: v.array(epoch), bestEpoch: whole, steps: whole });

/**
 * Parses JSON and checks it.
 *
 * @param where the file's name in errors
 * @throws {FileError} `where: damaged: ` and the place with what was expected and found
 */
export function parseStored<T>(json: string, schema: v.GenericSchema<unknown, unknown>, where: string): T {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (error) {
    const found = (error as Error).message;
    throw new FileError({ file: where, damaged: true, expected: "JSON", found, cause: error });
  }
  const fault = faultOf(value, schema);
  if (fault) throw new FileError({ file: where, damaged: true, ...fault });
  return value as T;
}

/** What is wrong with a value: at `settings.folds` expected "number", found "2"; undefined if it matches the schema. */
export function faultOf(
  value: unknown,
  schema: v.GenericSchema<unknown, unknown>,
): Pick<FileFault, "place" | "expected" | "found"> | undefined {
  const { success, issues } = v.safeParse(schema, value, { abortEarly: true });
  if (success) return undefined;
  const [issue] = issues, place = v.getDotPath(issue);
  const missing = issue.input === undefined; // for a missing key, the schema expects the key's name, which the place already gives
  const expected = missing ? "a value" : issue.kind === "schema" ? issue.expected ?? issue.message : issue.message;
  const found = JSON.stringify(issue.input)?.slice(0, 60) ?? "nothing";
  return { place: place ?? undefined, expected, found };
}

/**
 * Reads a JSON file and checks it; undefined where there is no such file.
 *
 * @throws {Error} if it can't be read, and as {@link parseStored}
 */
export async function readStored<T>(file: string, schema: v.GenericSchema<unknown, unknown>): Promise<T | undefined> {
  let json: string;
  try {
    json = await Deno.readTextFile(file);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return undefined;
    throw new Error(`${file}: can't be read: ${(error as Error).message}`, { cause: error });
  }
  return parseStored(json, schema, file);
}
