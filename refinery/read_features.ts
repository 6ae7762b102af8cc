/** The one reader of a corpus for an experiment: its frames, cut into segments as the settings ask. */
import type { Corpus } from "../corpora/corpus.ts";
import { extractFeatures, type FeatureOptions, type Features } from "../corpora/features.ts";
import { segmentation } from "./derived_settings.ts";
import type { Settings } from "./settings.ts";

/** How to read: everything that no setting decides. */
export type RefineryReadingOptions = Omit<FeatureOptions, "segmentHop" | "segmentFrames" | "level" | "conditions">;

/** Reads every utterance. @throws as `extractFeatures` does */
export async function readFeatures(
  corpus: Corpus,
  settings: Settings,
  options?: RefineryReadingOptions,
): Promise<Features> {
  return await extractFeatures(corpus, { ...options, ...segmentation(settings) });
}
