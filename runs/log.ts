/**
 * `log.jsonl`: what happened, one JSON object a line, as it happens. Every line has `event` and `time` (ISO 8601); folds,
 * stages and epochs count from 1; losses and entropies are in nats, accuracies fractions of 1.
 *
 *     run      the job begins: version, corpus, preset, device, folds to run, stages
 *     epoch    an epoch of a network: fold, stage, epoch, loss, accuracy, validationLoss, validationAccuracy, learningRate,
 *              seconds (validation* only where the fold has validation utterances)
 *     checkpoint  a network that is being fitted was kept: fold, stage, epoch (finished ones), step (of the next), bytes, seconds
 *     stage    a network is fitted and saved: fold, stage, epochs (run), bestEpoch, labelEntropy, labelError (where the
 *              truth is known), seconds (since the stage before)
 *     fold     a fold's last stage is done: fold, seconds
 *     results  the figures of one stage over all folds, as in results.json: stage, weightedAccuracy, ...
 *     note     something was found amiss and dealt with: text, fold
 *     end      the job is done: seconds
 *     stopped  it was interrupted or failed: reason, seconds
 */
import type { EpochRecord } from "../nn/fit.ts";
import type { StageResult } from "../refinery/results.ts";

/** A line of the log, less its time. */
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
  | ({ event: "results" } & Omit<StageResult, "confusion">)
  | { event: "note"; text: string; fold?: number }
  | { event: "end"; seconds: number }
  | { event: "stopped"; reason: string; seconds: number };

/**
 * Adds a line. It is written at once and in one piece, so that a reader sees whole lines and a crash loses none.
 *
 * @param file the log
 */
export function appendEvent(file: string, event: LogEvent): void {
  const { event: name, ...rest } = event;
  const line = JSON.stringify({ event: name, time: new Date().toISOString(), ...rest });
  try {
    Deno.writeTextFileSync(file, line + "\n", { append: true });
  } catch (error) {
    throw new Error(`${file}: can't be written: ${(error as Error).message}`, { cause: error });
  }
}
