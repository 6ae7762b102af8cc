/**
 * Readings of the loss of networks in training: a fit reports the mean of an epoch so far, and a reading the mean since
 * the last one.
 */
import type { FoldProgress } from "../../refinery/fold_hooks.ts";
import type { Settings } from "../../refinery/settings.ts";

/** The loss of some steps. */
export interface Look {
  /** From 0. */
  stage: number;
  /** The last of these steps, counted from 1 in its stage. */
  step: number;
  /** Mean cross-entropy, in nats. */
  loss: number;
  /** Segments per second. */
  perSecond: number;
}

/** See the top of this file. */
export class Looks {
  /** Steps per epoch. */
  readonly steps: number;
  /** Step of the stage at the last reading. */
  step = 0;
  readonly #batch: number;
  readonly #tell: (look: Look) => void;
  #last = { stage: -1, epoch: 0, examples: 0, sum: 0, at: performance.now() };

  /** @param examples number per epoch */
  constructor(examples: number, { batch }: Pick<Settings, "batch">, tell: (look: Look) => void) {
    [this.steps, this.#batch, this.#tell] = [Math.ceil(examples / batch), batch, tell];
  }

  /** Restarts the clock for the next reading: the time since the last one was not spent learning. */
  restart(): void {
    this.#last.at = performance.now();
  }

  progress({ stage, phase, epoch, loss, examples }: FoldProgress): void {
    if (phase === "fit") this.take(stage, epoch, examples!, loss!);
  }

  /** @param examples of this epoch over which the mean loss is taken */
  take(stage: number, epoch: number, examples: number, loss: number): void {
    const at = performance.now(), last = this.#last, sum = loss * examples;
    const before = last.stage === stage && last.epoch === epoch ? last : { examples: 0, sum: 0 };
    const since = examples - before.examples;
    if (since <= 0) return;
    this.#last = { stage, epoch, examples, sum, at };
    this.step = epoch * this.steps + Math.ceil(examples / this.#batch);
    const perSecond = 1000 * since / (at - last.at);
    this.#tell({ stage, step: this.step, loss: (sum - before.sum) / since, perSecond });
  }
}
