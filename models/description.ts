/** What `model.json` holds: which emotions, which network, which front end, trained on what, how right. Types and names alone. */
import type { FrontEnd } from "../dsp/settings.ts";
import type { VggEOptions } from "../nn/vgg_e.ts";
import type { Standardisation } from "../refinery/segment_dataset.ts";
import type { Certainty } from "./certainty.ts";
import type { Domain } from "./domain.ts";

/** The files of a model. */
export const MODEL_FILES = ["model.json", "weights.safetensors", "forest.json"] as const;

/** One of them. */
export type ModelFile = typeof MODEL_FILES[number];

/** The bytes of each. */
export type ModelBytes = Record<ModelFile, Uint8Array>;

/** How right a model's method was on utterances that its networks had not heard: fractions of 1. */
export interface ModelAccuracy {
  /** How that was found, in a sentence. */
  protocol: string;
  /** Utterances judged. */
  utterances: number;
  /** Share of utterances right. */
  weightedAccuracy: number;
  /** Mean of that over the emotions. */
  unweightedAccuracy: number;
  /** Share of utterances right by the mean of their profile, without the forest; not set: not told. */
  meanVoteAccuracy?: number;
  /** Utterances by true emotion (rows) and the model's (columns); not set: not told. */
  confusion?: number[][];
}

/** `model.json`. */
export interface ModelDescription {
  /** Says what this is. */
  format: "epr-model";
  /** Goes up when older programs could not read it: 2 where recordings are brought to one level, else 1. */
  version: 1 | 2;
  /** For instance "emodb-compact-1". */
  name: string;
  /** What it tells apart, in the order of every table. */
  emotions: string[];
  /** The network: what it is built from, and each of its parameters as it stands in the weights. */
  network: { kind: "vgg-e"; options: VggEOptions; parameters: { name: string; shape: number[] }[] };
  /** How samples become frames and segments. */
  frontEnd: FrontEnd;
  /** What frames are standardised by: (x - mean) / deviation. */
  standardisation: Standardisation;
  /** Frames from one segment to the next, as in training. */
  segmentHop: number;
  /** What the forest is asked about each emotion of a profile, in the order of its features. */
  statistics: string[];
  /** What it was trained on. */
  training: ModelTraining;
  /** How right it is, by each protocol that it was measured by; perhaps none. */
  accuracy: ModelAccuracy[];
  /** From which probability on it is sure; not set: not known. */
  certainty?: Certainty;
  /** What the recordings that it learned from sound like; not set: not known. */
  domain?: Domain;
  /** Under which terms it may be used. */
  licence: string;
  /** Which program made it, when (ISO 8601), by which command. */
  made: { epr: string; date: string; command: string };
  /** Size and CRC-32 of the other files. */
  files: Record<Exclude<ModelFile, "model.json">, { bytes: number; crc32: string }>;
}

/** What a model was trained on. */
export interface ModelTraining {
  /** Kind of corpus. */
  corpus: string;
  /** Utterances that its network learned from (early stopping's among them). */
  utterances: number;
  /** Who spoke them, how many. */
  speakers: number;
  /** SHA-256 of the run's `corpus.csv`. */
  recordings: string;
  /** The fold whose utterances its network and forest have not heard, numbered as in the run's folder; not set: they have heard all. */
  heldOutFold?: number;
  /** The run's settings. */
  settings: Record<string, unknown>;
}
