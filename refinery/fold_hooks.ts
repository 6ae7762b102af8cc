/**
 * The interface between a fold and its caller: progress, finished results, and the memory from which it can be resumed.
 */
import type { EpochRecord, FitResult, FitSnapshot, FitState } from "../nn/fit.ts";
import type { Pause } from "../nn/pass.ts";
import type { VggE } from "../nn/vgg_e.ts";
import type { FoldStage } from "./results.ts";

/** The network to which an epoch belongs. */
export interface FittedNetwork {
  /** The fold of its chain. */
  fold: number;
  /** Its stage in the chain. */
  stage: number;
  /** Its number in the stage; 100 and above for networks that only produce labels; default: the first. */
  member?: number;
}

/** Callbacks and options of a running fold. */
export interface FoldHooks {
  /** Stops the fold: the promise then rejects with the signal's reason. */
  signal?: AbortSignal;
  /** Receives the progress at intervals. */
  onProgress?: (progress: FoldProgress) => void;
  /**
   * Called between two steps of a fit, every tenth of a second, and awaited; "end" ends the fit before its next step.
   */
  onPause?: (network: VggE, stage: number) => Promise<Pause> | Pause;
  /** Called after each epoch. */
  onEpoch?: (epoch: EpochRecord & FittedNetwork) => void;
  /** Called after each stage, and awaited, so that saving completes. */
  onStage?: (stage: StageOutput) => Promise<void> | void;
  /** Saved results of earlier work, and the place to save new ones. */
  memory?: FoldMemory;
  /** Seconds between saves of the current network within an epoch. Default 600. */
  saveEvery?: number;
}

/** A fitted network and the record of its fit. */
export interface KeptNetwork {
  /** Weights by name. */
  weights: Record<string, Float32Array>;
  /** Its record. */
  fitted: FitResult;
}

/** Storage outside a fold, so that it can be resumed after any interruption, with the same result. */
export interface FoldMemory {
  /** The finished stages, in order. */
  readonly finished: readonly FoldStage[];
  /** The weights of a finished stage's networks, by name; undefined if not saved: they have to be fitted again. */
  weights(stage: number): Promise<Record<string, Float32Array> | undefined>;
  /** The labels that a stage learns, [segments, emotions]; undefined if not saved: they have to be computed again. */
  labels(stage: number): Promise<Float32Array | undefined>;
  /** Saves a stage's labels. */
  keepLabels(stage: number, labels: Float32Array): Promise<void>;
  /** The last saved state of a network's fit in a stage; undefined if there is none. */
  state(stage: number, member?: number): Promise<FitState | undefined>;
  /** Saves the state of a fit. */
  keepState(stage: number, state: FitSnapshot, member?: number): Promise<void>;
  /** A finished network of an unfinished stage; undefined if it is not finished. */
  network(stage: number, member: number): Promise<KeptNetwork | undefined>;
  /** Saves a finished network until its stage, or the labels that it produces, are saved. */
  keepNetwork(stage: number, member: number, network: KeptNetwork): Promise<void>;
}

/** Progress of a fold. */
export interface FoldProgress {
  /** The fold. */
  fold: number;
  /** The stage of its chain. */
  stage: number;
  /** Whether the network is being fitted, or computes profiles. */
  phase: "fit" | "profile";
  /** The current epoch. */
  epoch: number;
  /** Work done, as a share of the stage's work with every epoch. */
  done: number;
  /** Remaining work if the network stops as early as possible. */
  least: number;
  /** Remaining work if every epoch runs. */
  most: number;
  /** Finished share of the epoch, or of the profiles, 0 to 1. */
  part: number;
  /** Mean loss of this epoch so far, in nats. */
  loss?: number;
  /** Number of examples in that mean. */
  examples?: number;
}

/** A finished stage of a fold. */
export interface StageOutput {
  /** The fold. */
  fold: number;
  /** Its profiles and statistics. */
  result: FoldStage;
  /** The network's weights by name. */
  weights: Record<string, Float32Array>;
  /** Their shapes. */
  shapes: Record<string, readonly number[]>;
  /** Standardisation of the inputs: (x - mean) / deviation. */
  standardisation: { mean: number; deviation: number };
}
