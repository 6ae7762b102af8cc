/** The page's end of the engine: questions as promises, news for listeners. */
import type { Answer, Ask, News, Questions } from "../engine/protocol.ts";

/** Sends questions to the engine. */
export class Engine {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, { resolve: (value: never) => void; reject: (error: Error) => void }>();
  readonly #listeners = new Set<(news: News) => void>();
  #asked = 0;

  constructor() {
    this.#worker = new Worker("engine.js", { type: "module" });
    this.#worker.onmessage = ({ data }: MessageEvent<Answer | News>) => {
      if ("news" in data) {
        for (const listener of this.#listeners) listener(data);
        return;
      }
      const waiting = this.#waiting.get(data.id);
      this.#waiting.delete(data.id);
      if ("error" in data) waiting?.reject(Object.assign(new Error(data.error), { name: data.name }));
      else waiting?.resolve(data.answer as never);
    };
    this.#worker.onerror = ({ message }) => {
      for (const { reject } of this.#waiting.values()) reject(new Error(`The engine failed: ${message}`));
      this.#waiting.clear();
    };
  }

  /** Sends a question and returns the answer; rejects with the engine's error. */
  ask<Q extends keyof Questions>(
    ask: Q,
    ...args: Parameters<Questions[Q]>
  ): Promise<Awaited<ReturnType<Questions[Q]>>> {
    const id = ++this.#asked;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#worker.postMessage({ id, ask, args } as Ask);
    });
  }

  /** Receives all news. @returns a function that removes the listener */
  listen(listener: (news: News) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
