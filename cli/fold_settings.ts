/**
 * Determines the folds that a corpus allows: its official folds if it has any, and at most as many as it has speakers,
 * sessions or texts.
 */
import { ordinal } from "../base/numbering.ts";
import type { Features } from "../corpora/features.ts";
import type { CrossValidation } from "../refinery/cross_validation.ts";
import { countGroups, officialFolds } from "../refinery/folds.ts";
import type { Split } from "../refinery/choices.ts";
import type { Settings } from "../refinery/settings.ts";
import { UsageError } from "./common.ts";

/** Options about folds. */
export interface FoldFlags {
  /** `--split` */
  split?: Split;
  /** `--folds` */
  folds?: number;
  /** `--folds-file` */
  foldsFile?: string;
  /** `--only-fold` */
  onlyFold?: number;
  /** `--resume`: the run's folds stay unchanged */
  resume?: boolean;
  /** `--merge`: the run's folds stay unchanged */
  merge?: boolean;
}

/** Names of parts that are not folds, but serve for training, validation and one test. */
const PART = /^(train(ing)?|dev(elopment)?|val(id|idation)?|test(ing)?|eval(uation)?)$/i;

/**
 * Adapts the settings to the folds that the corpus allows, and returns lines about automatic choices.
 *
 * @throws {RangeError} as `countGroups`
 * @throws {UsageError} if the only fold to run does not exist
 */
export function settleFolds(
  flags: FoldFlags,
  asked: Settings,
  { utterances }: Features,
): { settings: Settings; lines: string[] } {
  if (flags.resume || flags.merge) return { settings: asked, lines: [] };
  const settings = { ...asked }, lines: string[] = [];
  const own = utterances.every(({ fold }) => fold) ? officialFolds(utterances) : [];
  const named = utterances.filter(({ fold }) => fold).length;
  if (named > 0 && own.length === 0 && flags.split !== "official") {
    lines.push(`drawn: the corpus names a fold for only ${named} of its ${utterances.length} utterances`);
  }
  const parts = own.some((name) => PART.test(name));
  if (flags.split === undefined && asked.split === "utterance" && flags.folds === undefined && own.length >= 2) {
    if (!parts || flags.foldsFile !== undefined) {
      settings.split = "official";
      lines.push(`the official folds of the corpus, ${own.join(", ")} (--split utterance draws others)`);
    } else {
      lines.push(`drawn; the corpus has official parts, ${own.join(", ")}: --split official holds out each in turn`);
    }
  }
  if (settings.split !== "utterance" && flags.folds === undefined) {
    const groups = countGroups(utterances, settings.split);
    if (settings.split === "official") {
      settings.folds = groups;
      const tested = own.findIndex((name) => /^(test(ing)?|eval(uation)?)$/i.test(name));
      if (tested >= 0) {
        lines.push(`fold ${ordinal(tested)} holds out ${own[tested]}: --only-fold ${ordinal(tested)} runs it alone`);
      }
    } else if (groups >= 2 && groups < settings.folds) {
      settings.folds = groups;
      lines.push(`${groups}, because the corpus has no more ${settings.split}s`);
    }
  }
  if (flags.onlyFold !== undefined && flags.onlyFold >= settings.folds) {
    throw new UsageError(`--only-fold: expected a fold from 1 to ${settings.folds}, found ${ordinal(flags.onlyFold)}`);
  }
  return { settings, lines };
}

/** Lines about folds whose networks never learn one of the emotions. */
export function describeUnlearned(cv: CrossValidation): string[] {
  const { utterances, emotions } = cv.corpus;
  return Array.from({ length: cv.settings.folds }, (_, fold) => fold).flatMap((fold) => {
    const missing = cv.unlearned(fold), names = missing.map((e) => emotions[e]).join(", ");
    if (missing.length === 0) return [];
    const training = cv.training(fold), held = missing.every((e) => training.every((i) => utterances[i].emotion !== e));
    return `fold ${ordinal(fold)} learns without ${names}: ` +
      (held ? "it holds out every utterance of it" : "every utterance it does not hold out is used for validation");
  });
}
