/**
 * Cross-validation (section 4.1 of the paper): the utterances of a corpus are divided into folds, and each fold in turn is held out.
 *
 *     fold k:   learns from the utterances of all other folds, some of which validate it
 *               profiles its held-out utterances, which no network of its chain has learned
 *
 * So every utterance gets a profile from networks that were not trained on it, and a decision from a forest that was not trained on it.
 */
import { FOREST_FOLDS_DRAW } from "../base/streams.ts";
import type { Features, FeatureUtterance } from "../corpora/features.ts";
import { assignFolds, assignParts, countGroups, drawValidation } from "./folds.ts";
import type { Settings } from "./settings.ts";

/** The parts of a corpus needed for judging: everything except its sound. */
export interface CorpusRecord extends Pick<Features, "emotions" | "segmentTruth"> {
  /** Labels of the utterances, and the position of their segments. */
  utterances: readonly UtteranceRecord[];
}

/** The parts of an utterance needed for judging and for drawing folds. */
export type UtteranceRecord =
  & Pick<FeatureUtterance, "id" | "emotion" | "speaker" | "firstSegment" | "segmentCount">
  & Partial<Pick<FeatureUtterance, "text" | "session" | "fold" | "copyOf" | "votes">>;

/** Number of folds over which the paper judges its forest. */
const FOREST_FOLDS = 10;

/**
 * The assignment of a corpus's utterances to folds, by the settings. Utterances are identified by their index.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { PRESETS } from "./presets.ts";
 * const utterances = Array.from({ length: 6 }, (_, i) =>
 *   ({ id: `${i}`, emotion: i % 2, speaker: "a", firstSegment: 4 * i, segmentCount: 4 }));
 * const cv = new CrossValidation({ emotions: ["anger", "neutral"], utterances }, { ...PRESETS.demo, folds: 3 });
 * assertEquals([0, 1, 2].flatMap((fold) => cv.heldOut(fold)).sort(), [0, 1, 2, 3, 4, 5]);
 * ```
 */
export class CrossValidation<C extends CorpusRecord = CorpusRecord> {
  /** The corpus to learn and judge. */
  readonly corpus: C;
  /** The experiment's settings. */
  readonly settings: Settings;
  /** The fold of each utterance. */
  readonly folds: Int32Array;

  /**
   * Draws the folds.
   *
   * @param folds folds drawn earlier; default: drawn by the settings
   * @throws OptionError as {@link assignFolds}
   */
  constructor(
    corpus: C,
    settings: Settings,
    folds: Int32Array = assignFolds(corpus.utterances, corpus.emotions, settings),
  ) {
    [this.corpus, this.settings, this.folds] = [corpus, settings, folds];
  }

  /** Cross-validation for a model to deploy: its first fold learns from everything. */
  static holdingNoneOut<C extends CorpusRecord>(corpus: C, settings: Settings): CrossValidation<C> {
    return new CrossValidation(corpus, settings, new Int32Array(corpus.utterances.length).fill(1));
  }

  /** Every utterance. */
  get everyone(): number[] {
    return [...this.corpus.utterances.keys()];
  }

  /** The utterances that a fold holds out. */
  heldOut(fold: number): number[] {
    return this.everyone.filter((i) => this.folds[i] === fold);
  }

  /** All other utterances: those that its networks learn, and those for validation. */
  training(fold: number): number[] {
    return this.everyone.filter((i) => this.folds[i] !== fold);
  }

  /** The training utterances of a fold, divided into learning and validation: see {@link drawValidation}. */
  divide(fold: number): { learning: number[]; validation: number[] } {
    return drawValidation(this.corpus.utterances, this.training(fold), this.settings, fold);
  }

  /**
   * Divides the training utterances of a fold into `parts` parts and returns the part of each. See {@link assignParts}.
   */
  parts(fold: number, parts: number): Map<number, number> {
    const { seed, split } = this.settings;
    return assignParts(this.corpus, this.training(fold), { parts, split, seed }, fold);
  }

  /**
   * Emotions of the corpus that a fold's networks do not learn, because all their utterances are held out or used for
   * validation.
   */
  unlearned(fold: number): number[] {
    const { utterances } = this.corpus, learned = new Set(this.divide(fold).learning.map((i) => utterances[i].emotion));
    const all = new Set(utterances.map(({ emotion }) => emotion));
    return [...all].filter((emotion) => !learned.has(emotion)).sort((a, b) => a - b);
  }

  /**
   * The forests' cross-validation: the same folds or, as in the paper, ten new ones. Official folds are never drawn
   * anew.
   */
  forForests(): CrossValidation<C> {
    const { corpus, settings } = this;
    if (settings.forestFolds !== "anew" || settings.split === "official") return this;
    const anew = { ...settings, folds: this.#countForestFolds() };
    return new CrossValidation(corpus, anew, assignFolds(corpus.utterances, corpus.emotions, anew, FOREST_FOLDS_DRAW));
  }

  /** Ten, or as many as the rarest emotion (or the number of speakers) allows. */
  #countForestFolds(): number {
    const { utterances, emotions } = this.corpus, { split } = this.settings;
    if (split !== "utterance") return Math.min(FOREST_FOLDS, countGroups(utterances, split));
    const counts = emotions.map((_, k) => utterances.filter((u) => u.emotion === k).length).filter((n) => n > 0);
    return Math.min(FOREST_FOLDS, ...counts);
  }
}
