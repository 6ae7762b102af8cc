/** The contents of `model.json`: emotions, network, front end, training data, accuracy. Types and names only. */
import type { FrontEnd } from "../dsp/settings.ts";
import type { VggEOptions } from "../nn/vgg_e.ts";
import type { Standardisation } from "../refinery/segment_dataset.ts";
import type { Certainty } from "./certainty.ts";
import type { Domain } from "./domain.ts";

/** The name of a model file. */
export type ModelFile = "model.json" | "weights.safetensors" | "forest.json";

/** The files of a model. */
export const MODEL_FILES: readonly ModelFile[] = ["model.json", "weights.safetensors", "forest.json"];

/** The bytes of each file. */
export type ModelBytes = Record<ModelFile, Uint8Array>;

/** Accuracy of a model's method on utterances that its networks were not trained on: fractions of 1. */
export interface ModelAccuracy {
  /** How it was measured, in a sentence. */
  protocol: string;
  /** Number of judged utterances. */
  utterances: number;
  /** Share of correct utterances. */
  weightedAccuracy: number;
  /** Mean recall over the emotions. */
  unweightedAccuracy: number;
  /** Share of utterances correct by the mean of their profile, without the forest; undefined: not stated. */
  meanVoteAccuracy?: number;
  /** Utterances by true emotion (rows) and the model's decision (columns); undefined: not stated. */
  confusion?: number[][];
}

/** Accuracy under simulated conditions (`deno task evaluate RUN --under`): fractions of 1. */
export interface ModelConditions {
  /** How it was measured, in a sentence. */
  protocol: string;
  /** What decided on an utterance: the forest, or the mean of the profile. */
  decidedBy: "forest" | "mean";
  /** Number of judged utterances. */
  utterances: number;
  /** Share of correct utterances, unchanged. */
  weightedAccuracy: number;
  /** Mean recall over the emotions, unchanged. */
  unweightedAccuracy: number;
  /** The same for the same utterances under each condition, named as in `--under`. */
  under: { condition: string; weightedAccuracy: number; unweightedAccuracy: number }[];
}

/** `model.json`. */
export interface ModelDescription {
  /** Identifies the format. */
  format: "epr-model";
  /**
   * Increases when older programs can't read the model. 3: the forest may be packed, and recordings may be brought to one level;
   * EPR writes this. 2: they are brought to one level. 1: neither.
   */
  version: 1 | 2 | 3;
  /** For instance "emodb-compact-1". */
  name: string;
  /** The emotions that it distinguishes, in the order of every table. */
  emotions: string[];
  /** The network: its options, and each parameter as stored in the weights file. */
  network: { kind: "vgg-e"; options: VggEOptions; parameters: { name: string; shape: number[] }[] };
  /** How samples become frames and segments. */
  frontEnd: FrontEnd;
  /** Standardisation of the frames: (x - mean) / deviation. */
  standardisation: Standardisation;
  /** Frames from one segment to the next, as in training. */
  segmentHop: number;
  /** The statistics of each emotion in a profile, in the order of the forest's features. */
  statistics: string[];
  /** The training data. */
  training: ModelTraining;
  /** Accuracy by each protocol; may be empty. */
  accuracy: ModelAccuracy[];
  /** Accuracy under simulated conditions; undefined: not stated. */
  conditions?: ModelConditions;
  /** Thresholds of certainty; undefined: not known. */
  certainty?: Certainty;
  /** The sound of the training recordings; undefined: not known. */
  domain?: Domain;
  /** The licence of the model. */
  licence: string;
  /** The program that made it, the date (ISO 8601) and the command. */
  made: { epr: string; date: string; command: string };
  /** Size and CRC-32 of the other files. */
  files: Record<Exclude<ModelFile, "model.json">, { bytes: number; crc32: string }>;
}

/** A model's training data. */
export interface ModelTraining {
  /** Kind of corpus. */
  corpus: string;
  /** Number of utterances for training the network (including those for early stopping). */
  utterances: number;
  /** Number of their speakers. */
  speakers: number;
  /** SHA-256 of the run's `corpus.csv`. */
  recordings: string;
  /**
   * The fold whose utterances neither network nor forest was trained on, numbered as in the run's folder; undefined:
   * trained on all.
   */
  heldOutFold?: number;
  /** The run's settings. */
  settings: Record<string, unknown>;
}
