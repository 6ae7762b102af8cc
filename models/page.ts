/**
 * A model in a page. It runs in a worker (`page_worker.ts`), since a page's main thread must not block.
 */
import { type ErrorClasses, WorkerCalls } from "../workers/calls.ts";
import { ModelError } from "./untrusted.ts";
import type { Prediction } from "./predictor.ts";
import type { EmotionModel, LoadOptions } from "./emotion_model.ts";
import type { PageCall } from "./page_messages.ts";
import type { ResolvedSource } from "./source.ts";

/** Largest start-up time of the worker, in seconds. */
const PATIENCE = 30;

/** Error classes that survive the transfer, by name. The page does not load the code that throws them. */
const ERRORS: ErrorClasses = {
  ModelError,
  TypeError,
  RangeError,
  TooShortError: RangeError,
};

/** Loads a model in a worker. */
export async function loadInPage(source: ResolvedSource, options: LoadOptions): Promise<EmotionModel> {
  const worker = new Worker(new URL("./page_worker.ts", import.meta.url), { type: "module" });
  const started = Promise.withResolvers<void>();
  const calls = new WorkerCalls(worker, {
    name: "The model's worker",
    classes: ERRORS,
    onMessage: () => started.resolve(),
    onFault(error) {
      started.reject(error);
      calls.end(error);
    },
  });
  const ask = (call: PageCall) => calls.ask(call);
  const late = () => started.reject(new Error(`The model's worker did not start within ${PATIENCE} s`));
  const timer = setTimeout(late, 1000 * PATIENCE);
  try {
    await started.promise.finally(() => clearTimeout(timer));
    const address = source instanceof URL, plain = source instanceof URL ? source.href : source;
    const about = await ask({ call: "load", source: plain, address, options });
    return {
      ...about as Pick<EmotionModel, "description" | "device">,
      predict: async (sound, options = {}) => await ask({ call: "predict", sound, options }) as Prediction,
      close: () => calls.end(new Error("The model is closed")),
    };
  } catch (error) {
    calls.end(new Error("The model could not be loaded"));
    throw error;
  }
}
