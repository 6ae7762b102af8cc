/**
 * Corpora: recordings with the emotion, the speaker and the text of each, and their features.
 *
 * Open one with {@link openCorpus}, compute what the network sees with {@link extractFeatures}.
 *
 * @module
 */
export {
  type Corpus,
  emotionName,
  EMOTIONS,
  isEmotion,
  makeCorpus,
  orderEmotions,
  type Skipped,
  type Spoken,
  type Utterance,
} from "./corpus.ts";
export { CORPUS_KINDS, type CorpusKind, type CorpusOptions, openCorpus } from "./open.ts";
export { extractFeatures, type FeatureOptions, type Features, type FeatureUtterance } from "./features.ts";
export { openEmodb } from "./emodb.ts";
export { EMODB_LISTENERS, readEmodbListeners } from "./emodb_listeners.ts";
export { openSavee } from "./savee.ts";
export { openCasia } from "./casia.ts";
export { openFolder } from "./folder.ts";
export { type CsvRecord, openCsv, parseCsv } from "./csv.ts";
export { openSynthetic, type SyntheticSize } from "./synthetic.ts";
