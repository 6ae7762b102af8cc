/**
 * What an experiment is told: the settings of the refinery, and the presets, which are nothing but sets of defaults for them.
 * Every choice that the paper leaves open is made here.
 */

import type { Initialisation, Monitor, VggEOptions } from "../nn/mod.ts";

/** How a stage's labels are made from the profiles of the stage before (sections 4.2 to 4.4 of the paper). */
export type Method = "pEPR" | "sEPR" | "hard-dynamic" | "soft-static";

/** All methods, the paper's best one first. */
export const METHODS: readonly Method[] = ["pEPR", "sEPR", "hard-dynamic", "soft-static"];

/** Names of the presets, smallest first. */
export type PresetName = "demo" | "quick" | "compact" | "tuned" | "paper";

/** Settings of one experiment. */
export interface Settings {
  /** How labels are refined. */
  method: Method;
  /** Networks in a chain, 1 to 9: stage 1 learns the utterances' labels, each later one those refined by the one before. */
  stages: number;
  /** Folds of the cross-validation, at least 2. */
  folds: number;
  /** What a fold holds out: utterances, stratified by emotion, or whole speakers. */
  split: "utterance" | "speaker";
  /** Factor on the layers of VGG-E. */
  width: number;
  /** Frames from one segment to the next; undefined: the corpus's own. */
  segmentHop?: number;
  /** Epochs at most. */
  epochs: number;
  /** What of the validation utterances' segments early stopping goes by, and the weights that are kept. */
  monitor: Monitor;
  /** Epochs without a better one before a network stops. */
  patience: number;
  /** Segments a step. */
  batch: number;
  /** Adam's rate at first. */
  learningRate: number;
  /** Share of the training utterances that early stopping looks at. */
  validationShare: number;
  /** Whether each convolution is followed by a batch norm. */
  batchNorm: boolean;
  /** Share of the hidden dense units that is dropped in training. */
  dropout: number;
  /** How weights are drawn: uniform in +-sqrt(6 / (fanIn + fanOut)) (Glorot & Bengio 2010) or +-sqrt(6 / fanIn) (He et al. 2015). */
  initialisation: Initialisation;
  /** What Adam's rate is multiplied by every second epoch. */
  decay: number;
  /** Trees of the forest. */
  trees: number;
  /** Whether the forest is judged over the networks' folds, or over ten drawn anew, as the paper does. */
  forestFolds: "same" | "anew";
  /** What every random choice is keyed by. */
  seed: number;
}

/** The paper's own setup (section 4.1), where it says one. */
const PAPER: Settings = {
  method: "pEPR",
  stages: 5,
  folds: 10,
  split: "utterance",
  width: 1,
  segmentHop: undefined,
  epochs: 20,
  monitor: "loss",
  patience: 3,
  batch: 128,
  learningRate: 0.001,
  validationShare: 0.1,
  batchNorm: false,
  dropout: 0,
  initialisation: "glorot",
  decay: 0.8,
  trees: 100,
  forestFolds: "anew",
  seed: 1,
};

/** Smaller batches take proportionally smaller steps (Goyal et al. 2017), or plain VGG-E never leaves its plateau. */
const scaledRate = (batch: number) => PAPER.learningRate * batch / PAPER.batch;

/** Smaller than the paper: a narrow network, the forest over the networks' own folds. */
const NARROW: Settings = { ...PAPER, forestFolds: "same", width: 1 / 8, segmentHop: 3 };

/** What two cores do in minutes: few folds and stages, small batches, so that there are enough steps. */
const SHORT: Settings = { ...NARROW, folds: 3, stages: 2 };

/** The presets. */
export const PRESETS: Readonly<Record<PresetName, Settings>> = {
  demo: { ...SHORT, width: 1 / 16, segmentHop: 6, epochs: 12, batch: 32, learningRate: scaledRate(32) },
  quick: { ...SHORT, segmentHop: 10, epochs: 4, batch: 64, learningRate: scaledRate(64) },
  compact: NARROW,
  tuned: { ...NARROW, stages: 3, segmentHop: 10, batchNorm: true, batch: 64, epochs: 10, monitor: "nothing" },
  paper: PAPER,
};

/** The network that an experiment's settings ask for. @param classes emotions told apart */
export function networkOptions(
  { width, batchNorm, dropout }: Pick<Settings, "width" | "batchNorm" | "dropout">,
  classes: number,
): VggEOptions {
  return { width, classes, batchNorm, dropout };
}
