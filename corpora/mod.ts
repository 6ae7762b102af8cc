/**
 * Corpora: recordings with the emotion, the speaker and the text of each, and their features.
 *
 * Open one with {@link openCorpus}, compute what the network sees with {@link extractFeatures}.
 *
 * @module
 */
export {
  type Corpus,
  type CorpusParts,
  type DuplicatePolicy,
  emotionName,
  EMOTIONS,
  isEmotion,
  type LabelMap,
  makeCorpus,
  orderEmotions,
  type ReadingChoices,
  type Skipped,
  type Span,
  type Spoken,
  type Utterance,
} from "./corpus.ts";
export { nearestEmotion } from "./emotion_names.ts";
export { CORPUS_KINDS, type CorpusKind, type CorpusOptions, openCorpus } from "./open.ts";
export type { Sound } from "./framed.ts";
export { extractFeatures, type FeatureOptions, type Features, type FeatureUtterance } from "./features.ts";
export { EMODB_LISTENERS, readEmodbListeners } from "./emodb_listeners.ts";
export type { Found, Label } from "./files.ts";
export { type Layout, type Named, openLayout, type Understand, type Understood } from "./layout.ts";
export { LAYOUTS } from "./layouts.ts";
export { recogniseCorpus, type Recognised } from "./recognise.ts";
export { openFolder } from "./folder.ts";
export { type Finding, type FindingKind, inspectCorpus } from "./sanity.ts";
export { openCsv } from "./list.ts";
export { type NameFields, openPattern, parsePattern } from "./pattern.ts";
export { type CsvRecord, type CsvRow, type CsvTable, decodeText, parseCsv, readTable } from "./csv.ts";
export { openSynthetic, type SyntheticSize } from "./synthetic.ts";
