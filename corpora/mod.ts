/**
 * Corpora: recordings with the emotion, the speaker and the text of each, and their features.
 *
 * Open one with {@link openCorpus}, compute what the network sees with {@link extractFeatures}.
 *
 * @module
 */
export * from "./corpus.ts";
export * from "./open.ts";
export * from "./features.ts";
export { openEmodb } from "./emodb.ts";
export { openSavee } from "./savee.ts";
export { openCasia } from "./casia.ts";
export { openFolder } from "./folder.ts";
export { type CsvRecord, openCsv, parseCsv } from "./csv.ts";
export { openSynthetic, type SyntheticSize } from "./synthetic.ts";
