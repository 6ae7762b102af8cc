/**
 * Interrupts a long task at intervals: to receive messages, to give others their turn at the device, and to check whether it should
 * pause or stop.
 */
import type { Turn } from "./turns.ts";

/** Thrown to end a task that its user stopped. */
export class StopError extends Error {
  /** The class name, which survives a transfer between threads. */
  override name = "StopError";
}

/** See the top of this file. */
export class Breath {
  /** Milliseconds of pauses and of others' turns. */
  waited = 0;
  readonly #stopping = Promise.withResolvers<void>();
  #stopped?: string;
  #paused = false;
  #wake = () => {};

  /** The reason for the stop, "" if none was given; undefined: not stopped. */
  get stopped(): string | undefined {
    return this.#stopped;
  }

  /** Pauses or continues. */
  set paused(paused: boolean) {
    this.#paused = paused;
    this.#wake();
  }

  /** Stops the task at its next interruption. @param why for people, the end of a sentence */
  stop(why = ""): void {
    this.#stopped ??= why;
    this.#stopping.resolve();
    this.#wake();
  }

  /** Lets messages in and others use the device; waits while paused. @throws StopError */
  async take(turn: Turn): Promise<void> {
    const began = performance.now();
    do {
      turn.giveBack();
      await new Promise((resolve) => setTimeout(resolve, 0));
      while (this.#paused && this.#stopped === undefined) await new Promise<void>((resolve) => this.#wake = resolve);
      await turn.retake(this.#stopping.promise);
      if (this.#stopped !== undefined) throw new StopError();
    } while (this.#paused); // paused again while it waited
    this.waited += performance.now() - began;
  }
}
