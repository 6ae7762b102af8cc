/**
 * A model in a page. It runs in a worker (`page_worker.ts`), since a page's main thread must not block. Calls are sent as messages,
 * and answers return with the call's number.
 */
import { ModelError } from "./untrusted.ts";
import type { Prediction } from "./predictor.ts";
import type { EmotionModel, LoadOptions } from "./emotion_model.ts";
import type { PageAnswer, PageCall } from "./page_messages.ts";
import type { ResolvedSource } from "./source.ts";

/** Largest start-up time of the worker, in seconds. */
const PATIENCE = 30;

/** Error classes that survive the transfer, by name. The page does not load the code that throws them. */
const ERRORS: Readonly<Record<string, new (message: string) => Error>> = {
  ModelError,
  TypeError,
  RangeError,
  TooShortError: RangeError,
};

/** Loads a model in a worker. */
export async function loadInPage(source: ResolvedSource, options: LoadOptions): Promise<EmotionModel> {
  const worker = new Worker(new URL("./page_worker.ts", import.meta.url), { type: "module" });
  const calls = new Calls(worker);
  try {
    await calls.started;
    const address = source instanceof URL, plain = source instanceof URL ? source.href : source;
    const about = await calls.ask({ call: "load", source: plain, address, options });
    return {
      ...about as Pick<EmotionModel, "description" | "device">,
      predict: async (sound, options = {}) => await calls.ask({ call: "predict", sound, options }) as Prediction,
      close: () => calls.end("The model is closed"),
    };
  } catch (error) {
    calls.end("The model could not be loaded");
    throw error;
  }
}

/** Calls that wait for an answer. */
class Calls {
  /** Resolves when the worker runs. */
  readonly started: Promise<void>;
  readonly #worker: Worker;
  readonly #waiting = new Map<number, PromiseWithResolvers<unknown>>();
  #number = 0;
  #ended?: string;

  constructor(worker: Worker) {
    this.#worker = worker;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.started = promise;
    const timer = setTimeout(
      () => reject(new Error(`The model's worker did not start within ${PATIENCE} s`)),
      1000 * PATIENCE,
    );
    worker.onerror = (event) => {
      const why = `The model's worker failed: ${event.message || "its file could not be loaded"}`;
      clearTimeout(timer);
      reject(new Error(why));
      this.end(why);
    };
    worker.onmessage = ({ data }: MessageEvent<PageAnswer | "started">) => {
      clearTimeout(timer);
      if (data === "started") return resolve();
      const own = this.#waiting.get(data.number);
      this.#waiting.delete(data.number);
      if ("value" in data) return own?.resolve(data.value);
      const { name, message } = data.error;
      own?.reject(Object.assign(new (ERRORS[name] ?? Error)(message), { name }));
    };
  }

  /** Sends a call and returns its answer. */
  ask(call: PageCall): Promise<unknown> {
    if (this.#ended !== undefined) return Promise.reject(new Error(this.#ended));
    const own = Promise.withResolvers<unknown>(), number = ++this.#number;
    this.#waiting.set(number, own);
    try {
      this.#worker.postMessage({ ...call, number });
    } catch (error) {
      this.#waiting.delete(number);
      own.reject(error);
    }
    return own.promise;
  }

  /** Terminates the worker. Waiting and later calls are rejected. */
  end(why: string): void {
    this.#ended ??= why;
    this.#worker.terminate();
    for (const { reject } of this.#waiting.values()) reject(new Error(why));
    this.#waiting.clear();
  }
}
