/**
 * `log.jsonl`: events, one JSON object per line, written as they happen. Every line has `event` and `time` (ISO 8601); folds,
 * stages and epochs count from 1; losses and entropies are in nats, accuracies fractions of 1.
 *
 *     run      the job begins: version, corpus, preset, device, folds to run, stages
 *     epoch    an epoch of a network: fold, stage, epoch, loss, accuracy, validationLoss, validationAccuracy, learningRate,
 *              seconds (validation* only if the fold has validation utterances)
 *     checkpoint  the state of the current fit was saved: fold, stage, epoch (finished ones), step (of the next), bytes, seconds
 *     stage    a network is fitted and saved: fold, stage, epochs (run), bestEpoch, labelEntropy, labelError (if the
 *              truth is known), seconds (since the stage before)
 *     fold     a fold's last stage is done: fold, seconds
 *     results  the statistics of one stage over all folds, as in results.json: stage, weightedAccuracy, ...
 *     note     a problem was found and handled: text, fold
 *     end      the job is done: seconds
 *     stopped  it was interrupted or failed: reason, seconds
 */
import { fromOrdinal, ordinal } from "../base/numbering.ts";
import type { EpochRecord } from "../nn/fit.ts";
import type { StageFigures } from "../refinery/results.ts";
import { logLine, parseStored } from "./stored.ts";

/**
 * A line of the log without its time. Folds, stages and epochs count from 0 in the program, and from 1 in the written
 * log.
 */
export type LogEvent =
  | {
    event: "run";
    version: string;
    corpus: string;
    preset: string;
    device: string;
    folds: number[];
    stages: number;
  }
  | ({ event: "epoch"; fold: number; stage: number } & EpochRecord)
  | { event: "checkpoint"; fold: number; stage: number; epoch: number; step: number; bytes: number; seconds: number }
  | {
    event: "stage";
    fold: number;
    stage: number;
    epochs: number;
    bestEpoch: number;
    labelEntropy: number;
    labelError?: number;
    seconds: number;
  }
  | { event: "fold"; fold: number; seconds: number }
  | ({ event: "results"; stage: number } & Omit<StageFigures, "confusion">)
  | { event: "note"; text: string; fold?: number }
  | { event: "end"; seconds: number }
  | { event: "stopped"; reason: string; seconds: number };

/** The counted fields of an event: folds, stages and epochs. A checkpoint's epoch is the number of finished epochs. */
const COUNTED: Readonly<Record<LogEvent["event"], readonly string[]>> = {
  run: ["folds"],
  epoch: ["fold", "stage", "epoch"],
  checkpoint: ["fold", "stage"],
  stage: ["fold", "stage", "bestEpoch"],
  fold: ["fold"],
  results: ["stage"],
  note: ["fold"],
  end: [],
  stopped: [],
};

function recount<E extends LogEvent>(event: E, count: (value: number) => number): E {
  const counted = COUNTED[event.event] ?? []; // a later version may have events that are unknown here
  return Object.fromEntries(
    Object.entries(event).map(([name, value]) => {
      if (!counted.includes(name) || value === undefined) return [name, value];
      return [name, Array.isArray(value) ? value.map(count) : count(value as number)];
    }),
  ) as E;
}

/** An event in the log's form, with folds, stages and epochs from 1. */
export const writtenEvent = <E extends LogEvent>(event: E): E => recount(event, ordinal);

/** The complete lines of a log. */
export function readEvents(file: string): (LogEvent & { time: string })[] {
  return Deno.readTextFileSync(file).split("\n").flatMap((line) => {
    try {
      return [recount(parseStored<LogEvent & { time: string }>(line, logLine, file), fromOrdinal)];
    } catch {
      return []; // the last line, while it is being written
    }
  });
}

/**
 * Appends a line. It is written at once and in one piece, so readers see complete lines and a crash loses none.
 *
 * @param file the log
 */
export function appendEvent(file: string, event: LogEvent): void {
  const { event: name, ...rest } = writtenEvent(event);
  const line = JSON.stringify({ event: name, time: new Date().toISOString(), ...rest });
  try {
    Deno.writeTextFileSync(file, line + "\n", { append: true });
  } catch (error) {
    throw new Error(`${file}: can't be written: ${(error as Error).message}`, { cause: error });
  }
}
