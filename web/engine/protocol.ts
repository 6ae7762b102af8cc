/**
 * The protocol between the page and its engine. The page's main thread must not block, so the engine and all devices run in a
 * worker. The page sends questions (`Ask`), the engine answers each of them once, and reports events (`News`).
 */
import type { Method } from "../../refinery/choices.ts";
import type { ModelDescription } from "../../models/description.ts";
import type { Rung } from "../../lab/cpu_ladder.ts";
import type { ReadTake, TaughtModel, TeachClass, TeachNews } from "./teach_protocol.ts";
import type { PlainError } from "../../workers/calls.ts";

/** The kind of device: a GPU by WebGPU, or the processor by WebAssembly. */
export type DeviceKind = "webgpu" | "wasm";

/** The description of a device. */
export interface DeviceInfo {
  kind: DeviceKind;
  /** For people: the adapter, or threads and instructions. */
  description: string;
  /** Why it is not the best possible device, in a sentence; empty if it is. */
  note: string;
  /** Whether it is a GPU emulated by software: correct, but slow. */
  software: boolean;
}

/** A recording: a file that EPR decodes, or samples; with notes about it. */
export type SoundSource =
  | { bytes: Uint8Array; name: string }
  | { samples: Float32Array; sampleRate: number; warnings?: string[] };

/** The model to use: the page's, or the one that the user taught. */
export type ModelChoice = "page" | "taught";

/** The result for a recording. */
export interface Recognition {
  emotion: string;
  probability: number;
  /** [emotions] */
  probabilities: number[];
  /** [segments, emotions]: for drawing, and denser than the profile that the model judges by. */
  profile: Float32Array;
  /** [segments]: 1 if a segment has speech; all 0: none has, and all were judged. */
  speech: Uint8Array;
  /** [frames, nMels] */
  frames: Float32Array;
  /** Mono, 16 kHz. */
  samples: Float32Array;
  /** Frames from one segment to the next. */
  segmentHop: number;
  /** Frames from one judged segment to the next, a multiple of `segmentHop`. */
  judgedHop: number;
  /** Faults that did not stop the reading, one line each, with the recording's name. */
  warnings: readonly string[];
  /** The explanation, in lines as printed by `deno task predict --explain`. */
  why: string;
  seconds: number;
  /** Seconds that the computation took. */
  took: number;
}

/** The network for one segment. */
export interface InsideView {
  layers: LayerView[];
  /** All kernel sources of the layers. */
  sources: Source[];
  /** Names of its classes. */
  emotions: string[];
  /** Whether its batch norms were folded into its convolutions when the model was made. */
  folded: boolean;
}

/** The source of a kernel. */
export interface Source {
  /** Name of a file or of a variant. */
  name: string;
  text: string;
  /** Whether it is the compiler's input, not the text that a person wrote. */
  compiled: boolean;
}

/** One layer of the network for one segment. */
export interface LayerView {
  name: string;
  /** The kernels that computed it: one, or a convolution's and its batch norm's. */
  kernels: string[];
  /** Whether its convolution is computed with Winograd's algorithm. */
  winograd: boolean;
  /** [height, width, channels] or [units] */
  shape: number[];
  values: Float32Array;
  /** Seconds of its kernels, for a batch of `batch` segments. */
  seconds: number;
  /** Operations of the definition, for that batch. */
  flops: number;
  batch: number;
  /** Shape of its weights, [3, 3, in, out] or [in, out]; none for pools. */
  weights?: number[];
  /** Indices into the view's sources of this layer's texts: as written, then as compiled. */
  sources: number[];
}

/** A layer's learned weights. */
export interface Weights {
  /** [3, 3, in, out] or [in, out] */
  shape: number[];
  values: Float32Array;
  /** [out] */
  bias: Float32Array;
}

/** Options for training in the page. */
export interface PageTrainOptions {
  utterances: number;
  speakers: number;
  width: number;
  batch: number;
  segmentHop: number;
  learningRate: number;
  /** Epochs per stage. */
  epochs: number;
  stages: number;
  method: Method;
  seed: number;
}

/** The page's questions. */
export interface Questions {
  /** Opens a device and uploads the model to it. `auto`: a hardware GPU if there is one, else wasm. */
  open(choice: DeviceKind | "auto"): DeviceInfo;
  /** The model's description; undefined if the page has no model. */
  model(): ModelDescription | undefined;
  /** Judges a recording: the bytes of a file, or samples at any rate. @param by default: the page's model */
  recognise(what: SoundSource, by?: ModelChoice): Recognition;
  /** A synthetic utterance. */
  example(index: number): { samples: Float32Array; name: string; emotion: string };
  /** Starts a stream, whose pieces follow by `liveSamples`. Returns the frames from one segment to the next. */
  liveBegin(sampleRate: number, by?: ModelChoice): number;
  /** The next samples of the stream, and the arrival time of the last of them (ms of `Date.now()`). */
  liveSamples(samples: Float32Array, at: number): void;
  /** Ends the stream and returns the result for the whole. */
  liveEnd(): Recognition | undefined;
  /** The layers for one segment. @param frames [segmentFrames, nMels] */
  inside(frames: Float32Array): InsideView;
  /** The weights of a layer: "conv1". */
  weights(layer: string): Weights;
  /** Trains until done or stopped. */
  train(options: PageTrainOptions): void;
  /** Controls the training. */
  trainControl(what: "pause" | "go" | "stop" | "next" | Method): void;
  /** Reads a take. @param name its name in errors */
  take(what: SoundSource, name: string): ReadTake;
  /** Learns classes and keeps the model; undefined if stopped: the previous model then stays. */
  teach(classes: readonly TeachClass[]): TaughtModel | undefined;
  teachStop(): void;
  /** The takes as a tar archive, with one folder per class. */
  packTakes(classes: readonly TeachClass[]): Uint8Array<ArrayBuffer>;
  /** The taught model as a tar archive. */
  takeHome(): Uint8Array<ArrayBuffer>;
  /** Runs the kernel bench, or the ladder. */
  bench(what: "kernels" | "ladder", width: number): unknown;
  benchStop(): void;
  /** Runs the CPU's ladder with `samples` timings per rung; `rungs` is posted as news after each turn. */
  climb(samples: number): Rung[];
}

/** Events that are not answers to a question. */
export type News =
  | {
    news: "live";
    frames: Float32Array;
    profile: Float32Array;
    probabilities: number[];
    samples: Float32Array;
    /** Arrival time of the last of the samples (ms of `Date.now()`). */
    at: number;
    /** Number of blocks that have arrived since. */
    behind: number;
  }
  | {
    news: "trainReady";
    emotions: string[];
    watched: { id: string; emotion: number; truth: number[]; segments: number };
    segments: number;
    /** Steps per stage. */
    steps: number;
  }
  | { news: "trainStep"; stage: number; step: number; loss: number; perSecond: number }
  | { news: "trainProfile"; stage: number; step: number; profile: Float32Array }
  | {
    news: "trainStage";
    stage: number;
    /** How its labels were refined; undefined for the first stage, which learns the utterances' labels. */
    method?: Method;
    labelError: number;
    right: number;
    heldOut: number;
    trueSegments: number;
    seconds: number;
  }
  | { news: "trainPhase"; phase: string }
  | {
    news: "benchRow";
    /** All results so far, including the latest row or peak. */
    result: unknown;
    done: number;
    total: number;
  }
  | TeachNews
  | { news: "rungs"; rungs: Rung[] }
  | { news: "fault"; error: PlainError };

/** A question in transit. */
export type Ask = { [Q in keyof Questions]: { ask: Q; args: Parameters<Questions[Q]> } }[keyof Questions];
