/**
 * How the page and its engine talk. The page's own thread may not block, so the engine, and with it every device, lives in a
 * worker: the page asks (`Ask`), the engine answers each question once (`Answer`), and tells what happens meanwhile (`News`).
 */
import type { Method } from "../../refinery/choices.ts";
import type { ModelDescription } from "../../models/description.ts";
import type { Rung } from "../../lab/cpu_ladder.ts";
import type { ReadTake, TaughtModel, TeachClass, TeachNews } from "./teach_protocol.ts";

/** Which device: a GPU by WebGPU, or the processor by WebAssembly. */
export type DeviceKind = "webgpu" | "wasm";

/** What a device is. */
export interface DeviceInfo {
  kind: DeviceKind;
  /** For people: the adapter, or threads and instructions. */
  description: string;
  /** Why it is not the one that would be best, in a sentence; empty where it is. */
  note: string;
  /** Whether it is a GPU that a program plays: right, and slow. */
  software: boolean;
}

/** A recording: a file that EPR decodes, or samples, and what is to be said of them. */
export type ToHear =
  | { bytes: Uint8Array; name: string }
  | { samples: Float32Array; sampleRate: number; warnings?: string[] };

/** Which model hears: the page's, or the one that its user taught. */
export type HeardBy = "page" | "taught";

/** What a recording sounds like. */
export interface Recognition {
  emotion: string;
  probability: number;
  /** [emotions] */
  probabilities: number[];
  /** [segments, emotions]: drawn, and denser than what the model judges by. */
  profile: Float32Array;
  /** [segments]: 1 where a segment has speech; all 0: none has, and all were judged. */
  speech: Uint8Array;
  /** [frames, nMels] */
  frames: Float32Array;
  /** Mono, 16 kHz. */
  samples: Float32Array;
  /** Frames from one segment to the next. */
  segmentHop: number;
  /** Frames from one segment that is judged to the next, a multiple of `segmentHop`. */
  judgedHop: number;
  /** What is wrong with the recording and was read all the same, in lines that name it. */
  warnings: readonly string[];
  /** Why, in lines, as `deno task predict --explain` prints it. */
  why: string;
  seconds: number;
  /** Seconds that hearing it took. */
  took: number;
}

/** The network for one segment. */
export interface InsideView {
  layers: LayerView[];
  /** Every text that one of the layers is made by. */
  sources: Source[];
  /** What its classes are called. */
  emotions: string[];
  /** Whether its batch norms were folded into its convolutions when it was made. */
  folded: boolean;
}

/** A kernel's text. */
export interface Source {
  /** A file's name, or a variant's. */
  name: string;
  text: string;
  /** Whether it is what the compiler got, and not what a person wrote. */
  compiled: boolean;
}

/** One layer of the network for one segment. */
export interface LayerView {
  name: string;
  /** Which kernels of the set made it: one, or a convolution's and its batch norm's. */
  kernels: string[];
  /** Whether its convolution is computed by Winograd's algorithm. */
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
  /** Places among the view's sources of the texts that made it: as they are written, then as they were compiled. */
  sources: number[];
}

/** What a layer has learned. */
export interface Weights {
  /** [3, 3, in, out] or [in, out] */
  shape: number[];
  values: Float32Array;
  /** [out] */
  bias: Float32Array;
}

/** How training in the page is set up. */
export interface TrainOptions {
  utterances: number;
  speakers: number;
  width: number;
  batch: number;
  segmentHop: number;
  learningRate: number;
  /** Epochs of a stage. */
  epochs: number;
  stages: number;
  method: Method;
  seed: number;
}

/** What the page may ask for. */
export interface Questions {
  /** Opens a device and puts the model on it. `auto`: a hardware GPU if there is one, else wasm. */
  open(choice: DeviceKind | "auto"): DeviceInfo;
  /** The model's description, or nothing where the page has none. */
  model(): ModelDescription | undefined;
  /** Hears a recording: the bytes of a file, or samples of any rate. @param by default: the page's model */
  hear(what: ToHear, by?: HeardBy): Recognition;
  /** A synthetic utterance. */
  example(index: number): { samples: Float32Array; name: string; emotion: string };
  /** Begins to listen to a stream; its pieces come by `liveSamples`. Gives the frames from one segment to the next. */
  liveBegin(sampleRate: number, by?: HeardBy): number;
  /** The next samples of the stream, and when the last of them was there (ms of `Date.now()`). */
  liveSamples(samples: Float32Array, at: number): void;
  /** Ends it, and gives all of it. */
  liveEnd(): Recognition | undefined;
  /** The layers for a segment. @param frames [segmentFrames, nMels] */
  inside(frames: Float32Array): InsideView;
  /** The weights of a layer: "conv1". */
  weights(layer: string): Weights;
  /** Trains until done or stopped. */
  train(options: TrainOptions): void;
  /** While it trains. */
  trainControl(what: "pause" | "go" | "stop" | "next" | Method): void;
  /** Reads a take. @param name what errors call it */
  take(what: ToHear, name: string): ReadTake;
  /** Learns classes, and keeps the model; nothing where it was stopped: then the model of before stays. */
  teach(classes: readonly TeachClass[]): TaughtModel | undefined;
  teachStop(): void;
  /** Takes as a tar archive, a folder a class. */
  packTakes(classes: readonly TeachClass[]): Uint8Array<ArrayBuffer>;
  /** The taught model as a tar archive. */
  takeHome(): Uint8Array<ArrayBuffer>;
  /** Kernel bench, or the ladder. */
  bench(what: "kernels" | "ladder", width: number): unknown;
  benchStop(): void;
  /** The CPU's ladder, each rung timed so many times; `rungs` comes as news after each. */
  climb(samples: number): Rung[];
}

/** What happens while the page waits for nothing in particular. */
export type News =
  | {
    news: "live";
    frames: Float32Array;
    profile: Float32Array;
    probabilities: number[];
    samples: Float32Array;
    /** When the last of the samples was there (ms of `Date.now()`). */
    at: number;
    /** Blocks that have come since. */
    behind: number;
  }
  | {
    news: "trainReady";
    emotions: string[];
    watched: { id: string; emotion: number; truth: number[]; segments: number };
    segments: number;
    /** Steps of a stage. */
    steps: number;
  }
  | { news: "trainStep"; stage: number; step: number; loss: number; perSecond: number }
  | { news: "trainProfile"; stage: number; step: number; profile: Float32Array }
  | {
    news: "trainStage";
    stage: number;
    /** How its labels were refined; not set for the first stage, whose labels are the utterances'. */
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
    /** All so far: the last of its rows has just come, or its roof. */
    result: unknown;
    done: number;
    total: number;
  }
  | TeachNews
  | { news: "rungs"; rungs: Rung[] }
  | { news: "fault"; message: string };

/** A question on its way. */
export type Ask = { [Q in keyof Questions]: { id: number; ask: Q; args: Parameters<Questions[Q]> } }[keyof Questions];

/** An answer on its way. */
export type Answer = { id: number; answer: unknown } | { id: number; error: string; name: string };
