/**
 * Calls to a worker of the web: each is a message with a number, and its answer returns with the same number. Errors lose their class on
 * the way; those that the caller names get it back.
 */

/** An error in transit. */
export interface PlainError {
  name: string;
  message: string;
}

/** An answer in transit. */
type Answer = { number: number } & ({ value: unknown } | { error: PlainError });

/** Error classes by name. */
export type ErrorClasses = Readonly<Record<string, new (message: string) => Error>>;

/** An error that can be sent. */
export function plainError(error: unknown): PlainError {
  return error instanceof Error
    ? { name: error.name, message: error.message }
    : { name: "Error", message: String(error) };
}

/** An error that was sent, with its class if that is known. */
export function reviveError({ name, message }: PlainError, classes: ErrorClasses): Error {
  return Object.assign(new (classes[name] ?? Error)(message), { name });
}

/** The caller's options. */
export interface CallOptions {
  /** The worker's name in errors: "The engine". */
  name: string;
  /** Error classes that survive the transfer. */
  classes?: ErrorClasses;
  /** Receives messages that are not answers. */
  onMessage?: (message: unknown) => void;
  /** Receives the error of a worker that failed; the calls that waited are rejected with it. */
  onFault?: (error: Error) => void;
}

/** The caller's end. */
export class WorkerCalls {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, PromiseWithResolvers<unknown>>();
  #number = 0;
  #ended?: Error;

  /** Takes over the worker's messages and errors. */
  constructor(worker: Worker, { name, classes = {}, onMessage = () => {}, onFault = () => {} }: CallOptions) {
    this.#worker = worker;
    worker.onmessage = ({ data }: MessageEvent<Answer>) => {
      if (typeof data?.number !== "number") return onMessage(data);
      const own = this.#waiting.get(data.number);
      this.#waiting.delete(data.number);
      if ("value" in data) own?.resolve(data.value);
      else own?.reject(reviveError(data.error, classes));
    };
    worker.onerror = (event) => {
      event.preventDefault(); // it is reported here
      const error = new Error(`${name} failed: ${event.message || "its file could not be loaded"}`);
      this.#reject(error);
      onFault(error);
    };
  }

  /** Sends a call and returns its answer. @throws what the worker throws; the reason of {@link end} */
  ask(call: object): Promise<unknown> {
    if (this.#ended !== undefined) return Promise.reject(this.#ended);
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
  end(why: Error): void {
    this.#ended ??= why;
    this.#worker.terminate();
    this.#reject(why);
  }

  #reject(why: Error): void {
    for (const { reject } of this.#waiting.values()) reject(why);
    this.#waiting.clear();
  }
}

/** The worker's end: answers every call. */
export function answerCalls<Call>(answer: (call: Call) => unknown): void {
  addEventListener("message", async ({ data }: MessageEvent<Call & { number: number }>) => {
    const { number } = data;
    let told: Answer;
    try {
      told = { number, value: await answer(data) };
    } catch (error) {
      told = { number, error: plainError(error) };
    }
    postMessage(told);
  });
}
