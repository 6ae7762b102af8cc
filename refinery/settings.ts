/**
 * The settings of an experiment, as one table. Each setting's record defines its allowed values, its value in the paper, and its texts in
 * help and reports. The type {@link Settings}, the commands' options, the identity of a run, and the report's table derive from it. It
 * makes every choice that the paper leaves open. `presets.ts` has sets of values; `check_settings.ts` checks combinations.
 */
import { CONDITIONS, type Conditions } from "../corpora/conditions.ts";
import { type Level, LEVELS } from "../dsp/levelling.ts";
import { type Monitor, MONITORS } from "../nn/fit.ts";
import { type Initialisation, INITIALISATIONS } from "../nn/parameters.ts";
import {
  LABEL_SOURCES,
  type LabelSource,
  type Method,
  METHODS,
  type Scaling,
  SCALINGS,
  type Split,
  SPLITS,
} from "./choices.ts";
import {
  choice,
  type ChoiceSetting,
  real,
  type RealSetting,
  type SettingValue,
  type SwitchSetting,
  toggle,
  whole,
  type WholeSetting,
} from "./setting_kinds.ts";

const MANY = Number.MAX_SAFE_INTEGER;

/** The type of {@link SETTINGS}: the kind of each setting. */
export interface SettingsTable {
  /** How labels are refined from stage to stage. */
  readonly method: ChoiceSetting<Method>;
  /** Number of networks in a chain; stage 1 learns the utterances' labels. */
  readonly stages: WholeSetting;
  /** Folds of the cross-validation. */
  readonly folds: WholeSetting;
  /** What a fold holds out: utterances, whole speakers, sessions or texts, or the corpus's official folds. */
  readonly split: ChoiceSetting<Split>;
  /** Factor on every layer of VGG-E: 1, 1/8, 0.125. */
  readonly width: RealSetting;
  /** Frames (10 ms) per segment. */
  readonly segmentFrames: ChoiceSetting<32 | 64 | 96 | 128>;
  /** Whether each recording is brought to one level before the logarithm, by its 90th percentile frame, and whether the floor is raised. */
  readonly level: ChoiceSetting<Level>;
  /** Whether a network also learns copies of the recordings under other conditions: a telephone, noise, voices, a room, a microphone. */
  readonly conditions: ChoiceSetting<Conditions>;
  /**
   * The values that standardise frames: all training frames, by band, or by band and utterance or speaker (which uses
   * held-out speech).
   */
  readonly scaling: ChoiceSetting<Scaling>;
  /** Largest number of epochs. */
  readonly epochs: WholeSetting;
  /** What early stopping monitors on the validation set; with "nothing", every epoch runs. */
  readonly monitor: ChoiceSetting<Monitor>;
  /** Epochs without improvement before a network stops. */
  readonly patience: WholeSetting;
  /** Segments per step. */
  readonly batch: WholeSetting;
  /** Adam's initial learning rate. */
  readonly learningRate: RealSetting;
  /** Steps: the rate decays every second epoch; cosine: it falls to zero at the end. */
  readonly schedule: ChoiceSetting<"steps" | "cosine">;
  /** The factor of the rate every second epoch. */
  readonly decay: RealSetting;
  /** Epochs in which the rate rises from zero. */
  readonly warmUp: RealSetting;
  /** Share of the training utterances held back for validation. */
  readonly validationShare: RealSetting;
  /** Whether a batch norm follows each convolution (Ioffe & Szegedy 2015). */
  readonly batchNorm: SwitchSetting;
  /** Whether a batch norm follows the hidden dense layers. */
  readonly batchNormDense: SwitchSetting;
  /** Share of the hidden dense units dropped in training. */
  readonly dropout: RealSetting;
  /** How initial weights are drawn: Glorot & Bengio 2010, or He et al. 2015. */
  readonly initialisation: ChoiceSetting<Initialisation>;
  /** Decay of a running average of the weights, which computes profiles and labels; 0: none. */
  readonly average: RealSetting;
  /** Whether the start of a segment is drawn anew each epoch. */
  readonly randomStart: SwitchSetting;
  /** Largest random stretch of segments in time, as a share. */
  readonly stretch: RealSetting;
  /** Largest random warp of a segment's mel bands, as a share. */
  readonly warp: RealSetting;
  /** Largest number of neighbouring mel bands masked in a segment. */
  readonly maskBands: WholeSetting;
  /** Largest number of neighbouring frames masked in a segment. */
  readonly maskFrames: WholeSetting;
  /** Largest random gain of a segment up or down, in dB. */
  readonly gain: RealSetting;
  /** Largest mean of the noise added to the mel spectrum. */
  readonly noise: RealSetting;
  /** Blends pairs of segments and their labels, by a share from Beta(x, x) (Zhang et al. 2018); 0: off. */
  readonly mixup: RealSetting;
  /** Share of every label that is spread over all emotions. */
  readonly labelSmoothing: RealSetting;
  /** Whether equally many segments of each emotion are drawn. */
  readonly balance: SwitchSetting;
  /** Number of networks per stage and fold, whose profiles are averaged. */
  readonly members: WholeSetting;
  /** Whether a stage is judged by the mean of its profiles and those of the stages before. */
  readonly averageStages: SwitchSetting;
  /** Frames between the segments of a profile; 0: as in training. */
  readonly profileHop: WholeSetting;
  /** The source of the probabilities that are refined to labels. */
  readonly labelsFrom: ChoiceSetting<LabelSource>;
  /** Temperature of these probabilities: they are raised to the power 1/x. */
  readonly temperature: RealSetting;
  /** Number of trees of the forest. */
  readonly trees: WholeSetting;
  /** Whether the forest is judged over the networks' folds, or over ten new ones. */
  readonly forestFolds: ChoiceSetting<"same" | "anew">;
}

/** All settings, in the order of reports. */
export const SETTINGS: SettingsTable = {
  method: choice<Method>("pEPR", METHODS, "method", "how labels are refined from stage to stage"),
  stages: whole(5, [1, 9], "stages", "networks in a chain; stage 1 learns the utterances' labels"),
  folds: whole(10, [2, MANY], "folds", "folds of the cross-validation"),
  split: choice<Split>(
    "utterance",
    SPLITS,
    "split",
    "what a fold holds out: utterances, whole speakers, sessions or texts, or the official folds of the corpus",
  ),
  width: real(1, { above: 0, max: 4 }, "width", "factor on every layer of VGG-E: 1, 1/8, 0.125"),
  segmentFrames: choice(32, [32, 64, 96, 128], "frames of a segment", "frames (10 ms) of a segment"),
  level: choice<Level>(
    "none",
    LEVELS,
    "level",
    "scale each recording to one level before the logarithm, by its 90th percentile frame; floor: also raise the offset in the logarithm to 0.3; none: leave its level",
  ),
  conditions: choice<Conditions>(
    "clean",
    CONDITIONS,
    "conditions",
    "multi: also learn copies of the recordings through a telephone, with noise, with voices, in a room, by another microphone",
  ),
  scaling: choice<Scaling>(
    "global",
    SCALINGS,
    "standardised by",
    "how frames are standardised: over all training frames, by band, or by band and utterance or speaker (which uses held-out speech)",
  ),
  epochs: whole(20, [1, MANY], "epochs", "most epochs of a network"),
  monitor: choice(
    "loss",
    MONITORS,
    "monitor",
    "what early stopping monitors on the validation set; nothing: every epoch is run",
  ),
  patience: whole(3, [1, MANY], "patience", "epochs without improvement before a network stops"),
  batch: whole(128, [1, 65536], "batch", "segments in a step"),
  learningRate: real(0.001, { above: 0 }, "rate of Adam", "initial learning rate of Adam"),
  schedule: choice(
    "steps",
    ["steps", "cosine"],
    "schedule",
    "steps: the rate decays every second epoch; cosine: it falls to zero at the end",
  ),
  decay: real(0.8, { above: 0, max: 1 }, "decay of the rate", "factor on the rate every second epoch"),
  warmUp: real(0, { min: 0 }, "warm-up", "epochs over which the rate rises from zero"),
  validationShare: real(
    0.1,
    { min: 0, max: 0.5 },
    "share of validation",
    "share of the training utterances used for validation",
  ),
  batchNorm: toggle(false, "batch norm", "normalise after each convolution (Ioffe & Szegedy 2015)"),
  batchNormDense: toggle(false, "batch norm of dense layers", "normalise after the hidden dense layers"),
  dropout: real(0, { min: 0, below: 1 }, "dropout", "share of the hidden dense units that training drops"),
  initialisation: choice(
    "glorot",
    INITIALISATIONS,
    "initialisation",
    "how weights are drawn: Glorot & Bengio 2010, or He et al. 2015",
  ),
  average: real(
    0,
    { min: 0, below: 1 },
    "average of weights",
    "decay of a running average of the weights, used for profiles and labels; 0: none",
  ),
  randomStart: toggle(false, "random start", "draw each segment's start again in each epoch"),
  stretch: real(0, { min: 0, max: 0.5 }, "time stretch", "stretch segments in time by up to this share"),
  warp: real(
    0,
    { min: 0, max: 0.5 },
    "band warp",
    "shift the mel bands of segments in proportion, by up to this share",
  ),
  maskBands: whole(0, [0, 64], "masked bands", "mask up to this many neighbouring mel bands of a segment"),
  maskFrames: whole(0, [0, 128], "masked frames", "mask up to this many neighbouring frames of a segment"),
  gain: real(0, { min: 0, max: 60 }, "gain", "make segments louder or softer by up to this many dB"),
  noise: real(0, { min: 0 }, "noise", "add noise of up to this mean to the mel spectrum"),
  mixup: real(
    0,
    { min: 0, max: 1 },
    "mixup",
    "blend pairs of segments and their labels, with a share from Beta(x, x) (Zhang et al. 2018); 0: no blending",
  ),
  labelSmoothing: real(
    0,
    { min: 0, below: 1 },
    "label smoothing",
    "share of every label that is spread over all emotions",
  ),
  balance: toggle(false, "balance", "draw equally many segments of each emotion"),
  members: whole(1, [1, 20], "members", "networks in each stage and fold; their profiles are averaged"),
  averageStages: toggle(
    false,
    "average of stages",
    "judge a stage by the mean of its profiles and those of earlier stages",
  ),
  profileHop: whole(
    0,
    [0, 1000],
    "frames between profiled segments",
    "frames (10 ms) between the segments of a profile; 0: as in training",
  ),
  labelsFrom: choice<LabelSource>(
    "in-sample",
    LABEL_SOURCES,
    "labels from",
    "source of the probabilities that labels are refined from",
  ),
  temperature: real(
    1,
    { above: 0, max: 100 },
    "temperature",
    "raise the probabilities that labels are refined from to the power 1/x",
  ),
  trees: whole(100, [1, MANY], "trees", "trees of the forest"),
  forestFolds: choice(
    "anew",
    ["same", "anew"],
    "folds of the forest",
    "same: judge the forest over the networks' folds; anew: over ten new folds",
  ),
};

/** A setting's name. */
export type SettingName = keyof SettingsTable;

/** Settings of one experiment: a value for each record of {@link SETTINGS}, and the two without a general default. */
export type Settings = { -readonly [Name in SettingName]: SettingValue<SettingsTable[Name]> } & {
  /** Frames between segments for learning; undefined: the corpus's default. */
  segmentHop?: number;
  /** The seed of every random choice. */
  seed: number;
};
