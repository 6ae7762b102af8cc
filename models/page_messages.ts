/** The calls of a page to the worker of its model. */
import type { LoadOptions, PredictOptions, Sound } from "./emotion_model.ts";
import type { ResolvedSource } from "./source.ts";

/** Requests to the worker. */
export type PageCall =
  | { call: "load"; source: Exclude<ResolvedSource, URL>; address: boolean; options: LoadOptions }
  | { call: "predict"; sound: Sound; options: PredictOptions };
