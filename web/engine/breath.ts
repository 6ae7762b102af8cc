/**
 * What lasts long catches its breath now and then: messages come in, others have their turn at the device, and it learns whether it is
 * to pause or to stop.
 */
import type { Turn } from "./turns.ts";

/** Thrown within, to end what was stopped. */
export class StopError extends Error {}

/** See the file's comment. */
export class Breath {
  /** Milliseconds in which it was paused, or others had their turn. */
  waited = 0;
  readonly #stopping = Promise.withResolvers<void>();
  #stopped?: string;
  #paused = false;
  #wake = () => {};

  /** Why it was stopped, "" where nobody said; undefined: it was not. */
  get stopped(): string | undefined {
    return this.#stopped;
  }

  /** Pauses, or goes on. */
  set paused(paused: boolean) {
    this.#paused = paused;
    this.#wake();
  }

  /** Ends it at its next breath. @param why for people, the end of a sentence */
  stop(why = ""): void {
    this.#stopped ??= why;
    this.#stopping.resolve();
    this.#wake();
  }

  /** Lets messages in and others at the device; waits while it is paused. @throws StopError */
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
