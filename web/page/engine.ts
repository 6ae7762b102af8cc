/** The page's end of the engine: questions as promises, news to whoever listens. */
import { DeviceLostError } from "../../kernels/device_lost.ts";
import { type PlainError, reviveError, WorkerCalls } from "../../workers/calls.ts";
import { StopError } from "../engine/breath.ts";
import type { Ask, News, Questions } from "../engine/protocol.ts";

/** Error classes that the page distinguishes. */
const ERRORS = { DeviceLostError, StopError };

/** Asks the engine. */
export class Engine {
  readonly #calls = new WorkerCalls(new Worker("engine.js", { type: "module" }), {
    name: "The engine",
    classes: ERRORS,
    onMessage: (news) => this.#listeners.forEach((listener) => listener(news as News)),
    onFault: (error) => console.error(error),
  });
  readonly #listeners = new Set<(news: News) => void>();

  /** Asks, and gives what it answers; rejects with its error. */
  async ask<Q extends keyof Questions>(
    ask: Q,
    ...args: Parameters<Questions[Q]>
  ): Promise<Awaited<ReturnType<Questions[Q]>>> {
    return await this.#calls.ask({ ask, args } as Ask) as Awaited<ReturnType<Questions[Q]>>;
  }

  /** Listens to all news. @returns what ends it */
  listen(listener: (news: News) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}

/** The error of a fault that was reported as news. */
export const faultOf = (fault: PlainError): Error => reviveError(fault, ERRORS);
