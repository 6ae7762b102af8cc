/** The possible values of settings that are not numbers: the paper's and further ones. */

/**
 * How a stage's labels are computed from the profiles of the stage before (sections 4.2 to 4.4 of the paper); `uniform`
 * is our control.
 */
export type Method = "pEPR" | "sEPR" | "hard-dynamic" | "soft-static" | "uniform";

/** All methods, the paper's best one first. */
export const METHODS: readonly Method[] = ["pEPR", "sEPR", "hard-dynamic", "soft-static", "uniform"];

/**
 * What a fold holds out: utterances, stratified by emotion; everything of one speaker, session or text; or the corpus's
 * official folds.
 */
export type Split = "utterance" | "speaker" | "session" | "text" | "official";

/** All splits, the paper's first. */
export const SPLITS: readonly Split[] = ["utterance", "speaker", "session", "text", "official"];

/**
 * The values over which mean and deviation are computed to standardise a log-mel value:
 *
 *     global       all values of a fold's training utterances, as in the paper's runs here
 *     bands        the values of the same mel band in these utterances
 *     utterances   the values of the same band in the same utterance: removes level and microphone
 *     speakers     the values of the same band in all utterances of the same speaker: a different protocol, which uses the unlabelled speech of
 *                  the speaker who is held out
 */
export type Scaling = "global" | "bands" | "utterances" | "speakers";

/** All scalings, the paper's first. */
export const SCALINGS: readonly Scaling[] = ["global", "bands", "utterances", "speakers"];

/** The networks whose probabilities are refined to labels. */
export type LabelSource = "in-sample" | "snapshot" | "cross-fit" | "teacher-view";

/** All label sources, the paper's reading first. */
export const LABEL_SOURCES: readonly LabelSource[] = ["in-sample", "snapshot", "cross-fit", "teacher-view"];
