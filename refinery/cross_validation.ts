/**
 * Cross-validation (section 4.1 of the paper): the utterances of a corpus are dealt out to folds, and each fold holds its own out in turn.
 *
 *     fold k:   learns from the utterances of all other folds, some of which validate it
 *               profiles its own, which no network of its chain has learned
 *
 * So every utterance gets a profile from networks that never learned it, and a decision from a forest that never saw it.
 */
import { FOREST_FOLDS_DRAW } from "../base/streams.ts";
import type { Features, FeatureUtterance } from "../corpora/features.ts";
import { assignFolds, assignParts, countGroups, drawValidation } from "./folds.ts";
import type { Settings } from "./settings.ts";

/** What of a corpus is judged: everything but its sound. */
export interface Judged extends Pick<Features, "emotions" | "segmentTruth"> {
  /** Who said what, and where the segments of it lie. */
  utterances: readonly JudgedUtterance[];
}

/** What of an utterance is judged, and what folds are drawn by. */
export type JudgedUtterance =
  & Pick<FeatureUtterance, "id" | "emotion" | "speaker" | "firstSegment" | "segmentCount">
  & Partial<Pick<FeatureUtterance, "text" | "session" | "fold" | "copyOf" | "votes">>;

/** Folds that the paper judges its forest over. */
const FOREST_FOLDS = 10;

/**
 * Who is held out when, on which corpus, by which settings. Utterances are meant by their index.
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
export class CrossValidation<C extends Judged = Judged> {
  /** What is learned and judged. */
  readonly corpus: C;
  /** By which settings. */
  readonly settings: Settings;
  /** The fold of each utterance. */
  readonly folds: Int32Array;

  /**
   * Draws the folds.
   *
   * @param folds those that were drawn before; default: by the settings
   * @throws OptionError as {@link assignFolds}
   */
  constructor(
    corpus: C,
    settings: Settings,
    folds: Int32Array = assignFolds(corpus.utterances, corpus.emotions, settings),
  ) {
    [this.corpus, this.settings, this.folds] = [corpus, settings, folds];
  }

  /** That of a model for use: its first fold learns from everything. */
  static holdingNoneOut<C extends Judged>(corpus: C, settings: Settings): CrossValidation<C> {
    return new CrossValidation(corpus, settings, new Int32Array(corpus.utterances.length).fill(1));
  }

  /** Every utterance. */
  get everyone(): number[] {
    return [...this.corpus.utterances.keys()];
  }

  /** Utterances that a fold holds out. */
  heldOut(fold: number): number[] {
    return this.everyone.filter((i) => this.folds[i] === fold);
  }

  /** All others: those that its networks learn from, and those that validate. */
  training(fold: number): number[] {
    return this.everyone.filter((i) => this.folds[i] !== fold);
  }

  /** The training utterances of a fold, divided: see {@link drawValidation}. */
  divide(fold: number): { learning: number[]; validation: number[] } {
    return drawValidation(this.corpus.utterances, this.training(fold), this.settings, fold);
  }

  /** The training utterances of a fold in so many parts: the part of each. See {@link assignParts}. */
  parts(fold: number, parts: number): Map<number, number> {
    const { seed, split } = this.settings;
    return assignParts(this.corpus, this.training(fold), { parts, split, seed }, fold);
  }

  /** Emotions that networks of a fold do not learn, though the corpus has them: all their utterances are held out, or validate. */
  unlearned(fold: number): number[] {
    const { utterances } = this.corpus, learned = new Set(this.divide(fold).learning.map((i) => utterances[i].emotion));
    const all = new Set(utterances.map(({ emotion }) => emotion));
    return [...all].filter((emotion) => !learned.has(emotion)).sort((a, b) => a - b);
  }

  /** That of the forests: the same, or, as in the paper, over ten folds that are drawn anew. Official folds are no draw. */
  forForests(): CrossValidation<C> {
    const { corpus, settings } = this;
    if (settings.forestFolds !== "anew" || settings.split === "official") return this;
    const anew = { ...settings, folds: this.#countForestFolds() };
    return new CrossValidation(corpus, anew, assignFolds(corpus.utterances, corpus.emotions, anew, FOREST_FOLDS_DRAW));
  }

  /** Ten, or as many as the rarest emotion (or the speakers) allow. */
  #countForestFolds(): number {
    const { utterances, emotions } = this.corpus, { split } = this.settings;
    if (split !== "utterance") return Math.min(FOREST_FOLDS, countGroups(utterances, split));
    const counts = emotions.map((_, k) => utterances.filter((u) => u.emotion === k).length).filter((n) => n > 0);
    return Math.min(FOREST_FOLDS, ...counts);
  }
}
