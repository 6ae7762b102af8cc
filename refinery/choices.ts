/** What there is to choose from where a setting is no number: in the paper, and beside it. */

/** How a stage's labels are made from the profiles of the stage before (sections 4.2 to 4.4 of the paper); `uniform` is our control. */
export type Method = "pEPR" | "sEPR" | "hard-dynamic" | "soft-static" | "uniform";

/** All methods, the paper's best one first. */
export const METHODS: readonly Method[] = ["pEPR", "sEPR", "hard-dynamic", "soft-static", "uniform"];

/** What a fold holds out: utterances, stratified by emotion; all that one speaker, session or text has; or what the corpus lays down. */
export type Split = "utterance" | "speaker" | "session" | "text" | "official";

/** All, the paper's first. */
export const SPLITS: readonly Split[] = ["utterance", "speaker", "session", "text", "official"];

/**
 * What each log-mel value is standardised by:
 *
 *     global       all values of a fold's training utterances, as in the paper's runs here
 *     bands        the values of its own mel band in these utterances
 *     utterances   the values of its own band in its own utterance: how loud, and through which microphone, is forgotten
 *     speakers     the values of its own band in all utterances of its speaker: a protocol of its own, which looks at the unlabelled speech of
 *                  the speaker who is held out
 */
export type Scaling = "global" | "bands" | "utterances" | "speakers";

/** All, the paper's first. */
export const SCALINGS: readonly Scaling[] = ["global", "bands", "utterances", "speakers"];

/** Which networks' probabilities labels are refined from. */
export type LabelSource = "in-sample" | "snapshot" | "cross-fit" | "teacher-view";

/** All, the paper's reading first. */
export const LABEL_SOURCES: readonly LabelSource[] = ["in-sample", "snapshot", "cross-fit", "teacher-view"];
