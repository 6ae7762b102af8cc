/** What passes between a fold and whoever runs it: how far it is, what it has finished, and where it keeps that so that it can be resumed. */
import type { EpochRecord, FitResult, FitSnapshot, FitState } from "../nn/fit.ts";
import type { Pause } from "../nn/pass.ts";
import type { VggE } from "../nn/vgg_e.ts";
import type { FoldStage } from "./results.ts";

/** Which network an epoch is of. */
export interface FittedNetwork {
  /** Whose chain it is in. */
  fold: number;
  /** Which of the chain. */
  stage: number;
  /** Its number in the stage; 100 and more for those that only make labels; not set: the first. */
  member?: number;
}

/** What a fold tells of itself while it runs. */
export interface FoldHooks {
  /** Stops it: the promise then rejects with the signal's reason. */
  signal?: AbortSignal;
  /** Now and then. */
  onProgress?: (progress: FoldProgress) => void;
  /** Between two steps of a fit, every tenth of a second, and waited for; "end" ends the fit before its next step. */
  onPause?: (network: VggE, stage: number) => Promise<Pause> | Pause;
  /** After each epoch. */
  onEpoch?: (epoch: EpochRecord & FittedNetwork) => void;
  /** After each stage; it is waited for, so that what is saved is saved. */
  onStage?: (stage: StageOutput) => Promise<void> | void;
  /** What was done before, and where what is done now is kept. */
  memory?: FoldMemory;
  /** Seconds after which a network that is being fitted is kept, within an epoch. Default 600. */
  saveEvery?: number;
}

/** A fitted network, and how it was fitted. */
export interface KeptNetwork {
  /** By name. */
  weights: Record<string, Float32Array>;
  /** Its record. */
  fitted: FitResult;
}

/** What a fold keeps outside itself, so that it can go on after whatever befalls it, and compute what it would have. */
export interface FoldMemory {
  /** The stages that are finished, in order. */
  readonly finished: readonly FoldStage[];
  /** The weights of a finished stage's networks, by name; undefined: not kept, they are to be fitted again. */
  weights(stage: number): Promise<Record<string, Float32Array> | undefined>;
  /** The labels that a stage learns from, [segments, emotions]; undefined: not kept, they are to be made again. */
  labels(stage: number): Promise<Float32Array | undefined>;
  /** Keeps them. */
  keepLabels(stage: number, labels: Float32Array): Promise<void>;
  /** Where the fit of a stage's network stood when it was kept last; undefined: nowhere yet. */
  state(stage: number, member?: number): Promise<FitState | undefined>;
  /** Keeps that. */
  keepState(stage: number, state: FitSnapshot, member?: number): Promise<void>;
  /** A network that is finished where its stage is not; undefined: it is not either. */
  network(stage: number, member: number): Promise<KeptNetwork | undefined>;
  /** Keeps it, until its stage, or the labels that it makes, are kept. */
  keepNetwork(stage: number, member: number, network: KeptNetwork): Promise<void>;
}

/** How far a fold is. */
export interface FoldProgress {
  /** Which fold. */
  fold: number;
  /** Which stage of its chain. */
  stage: number;
  /** Whether the network learns, or makes profiles. */
  phase: "fit" | "profile";
  /** The epoch that is under way. */
  epoch: number;
  /** Work done, where the stage's is 1 if every epoch is run. */
  done: number;
  /** Work left if the network stops as early as it still can. */
  least: number;
  /** Work left if it runs every epoch. */
  most: number;
  /** Share of the epoch, or of the profiles, that is done, 0 to 1. */
  part: number;
  /** Mean loss of this epoch so far, in nats. */
  loss?: number;
  /** Examples that it is the mean of. */
  examples?: number;
}

/** A finished stage of a fold. */
export interface StageOutput {
  /** Which fold. */
  fold: number;
  /** Its profiles and figures. */
  result: FoldStage;
  /** The network's weights by name. */
  weights: Record<string, Float32Array>;
  /** Their shapes. */
  shapes: Record<string, readonly number[]>;
  /** What inputs are standardised by: (x - mean) / deviation. */
  standardisation: { mean: number; deviation: number };
}
