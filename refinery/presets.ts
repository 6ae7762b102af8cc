/**
 * Presets: sets of values for the settings, and nothing else. The paper's own comes first; the others list their
 * differences from it.
 */
import { SETTINGS, type Settings } from "./settings.ts";

/** Names of the presets, smallest first. */
export type PresetName = "demo" | "quick" | "compact" | "tuned" | "best" | "paper";

/** The paper's own setup (section 4.1), as far as the paper describes it. */
const PAPER: Settings = {
  ...Object.fromEntries(Object.entries(SETTINGS).map(([name, { paper }]) => [name, paper])) as Omit<Settings, "seed">,
  segmentHop: undefined,
  seed: 1,
};

/**
 * Smaller batches require proportionally smaller steps (Goyal et al. 2017); otherwise plain VGG-E never leaves its
 * plateau.
 */
const scaledRate = (batch: number) => PAPER.learningRate * batch / PAPER.batch;

/** Smaller than the paper: a narrow network, with the forest over the networks' own folds. */
const NARROW: Settings = { ...PAPER, forestFolds: "same", width: 1 / 8, segmentHop: 3 };

/** For minutes on two cores: few folds and stages, and small batches, so that there are enough steps. */
const SHORT: Settings = { ...NARROW, folds: 3, stages: 2 };

/**
 * Longer segments; networks with batch norm that learn every training utterance, never see the same segment twice, and
 * are averaged.
 */
const STEADY: Settings = {
  ...NARROW,
  stages: 3,
  segmentFrames: 64,
  segmentHop: 20,
  batchNorm: true,
  batchNormDense: true,
  batch: 64,
  epochs: 20,
  monitor: "nothing",
  validationShare: 0,
  schedule: "cosine",
  average: 0.99,
  randomStart: true,
  profileHop: 2,
};

/** The presets. */
export const PRESETS: Readonly<Record<PresetName, Settings>> = {
  demo: {
    ...STEADY,
    ...{ folds: 3, stages: 2, width: 1 / 16, segmentHop: 12, profileHop: 6, epochs: 12, batch: 32 },
    ...{ learningRate: 0.002, average: 0.98 },
  },
  quick: { ...SHORT, segmentHop: 10, epochs: 4, batch: 64, learningRate: scaledRate(64) },
  compact: NARROW,
  tuned: { ...NARROW, stages: 3, segmentHop: 10, batchNorm: true, batch: 64, epochs: 10, monitor: "nothing" },
  best: STEADY,
  paper: PAPER,
};

/**
 * Completes saved settings. Settings that did not exist when they were saved get the paper's values, which change nothing.
 *
 * @param written settings from a run folder
 */
export function completeSettings(written: Partial<Settings>): Settings {
  return { ...PAPER, ...written };
}
