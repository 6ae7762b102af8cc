/** What a page and the worker that its model lives in tell each other. */
import type { LoadOptions, PredictOptions, Sound } from "./emotion_model.ts";
import type { ResolvedSource } from "./source.ts";

/** What the worker is asked. */
export type PageCall =
  | { call: "load"; source: Exclude<ResolvedSource, URL>; address: boolean; options: LoadOptions }
  | { call: "predict"; sound: Sound; options: PredictOptions };

/** What it answers. */
export type PageAnswer = { number: number } & ({ value: unknown } | { error: { name: string; message: string } });
