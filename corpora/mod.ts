/**
 * Corpora: recordings with the emotion, the speaker and the text of each, and their features.
 *
 * Open one with {@link openCorpus}, compute the network's input with {@link extractFeatures}.
 *
 * @module
 */
export type { Conditions } from "./conditions.ts";
export {
  type Corpus,
  type CorpusParts,
  type DuplicatePolicy,
  type LabelMap,
  makeCorpus,
  type ReadingChoices,
  type SkippedFile,
  type Span,
  type Speech,
  type Utterance,
} from "./corpus.ts";
export { EMOTIONS } from "./emotion_names.ts";
export { extractFeatures, type FeatureOptions, type Features, type FeatureUtterance } from "./features.ts";
export type { RecordingSound } from "./recording_frames.ts";
export { CORPUS_KINDS, type CorpusKind, type CorpusOptions, openCorpus } from "./open.ts";
export { type CorpusMatch, recogniseCorpus } from "./recognise.ts";
export { type Finding, type FindingKind, inspectCorpus } from "./sanity.ts";
export { openSynthetic, type SyntheticSize } from "./synthetic.ts";
