/** What a model hears: whole recordings, and streams while they last. */
import { LogMelStream } from "../../dsp/log_mel_stream.ts";
import { decodeRecording } from "../../dsp/recording.ts";
import { Resampler } from "../../dsp/resample.ts";
import { resample, segmentCount } from "../../dsp/mod.ts";
import type { Predictor } from "../../refinery/predictor.ts";
import { argmax } from "../../refinery/relabel.ts";
import { ProfileStatistics } from "../../refinery/statistics.ts";
import type { Heard, News, Questions } from "./protocol.ts";

/** Hears a recording as a whole. */
export async function hear(predictor: Predictor, what: Parameters<Questions["hear"]>[0]): Promise<Heard> {
  const began = performance.now();
  const samples = "wav" in what
    ? decodeRecording(what.wav, what.name).samples
    : resample(what.samples, what.sampleRate, predictor.model.description.frontEnd.sampleRate);
  const parts: Float32Array[] = [];
  const { probabilities, ...heard } = await predictor.predict(samples, { onFrames: (frames) => parts.push(frames) });
  return {
    ...heard,
    probabilities: [...probabilities],
    frames: concatenate(parts),
    samples,
    took: (performance.now() - began) / 1000,
  };
}

/** Samples of a stream that its picture may wait for, in seconds: longer blocks are cut, so that segments come singly. */
const LONGEST_BLOCK = 0.25;
/** Frames from one segment of a stream to the next, at most: 30 ms. */
const LONGEST_HOP = 3;

/**
 * Frames from one segment of a stream to the next: few, so that its picture moves smoothly, and a divisor of the model's own
 * number, so that the model's own segments are among them.
 */
export function liveHop(own: number): number {
  let hop = Math.min(LONGEST_HOP, own);
  while (own % hop !== 0) hop--;
  return hop;
}

/**
 * Listens to a stream: segments are computed as soon as their last frame is there, those that wait together. The emotion of the
 * whole is judged by the model's own segments alone, so that it is the one that the same sound in a file has.
 */
export class LiveHearing {
  /** Frames from one segment to the next. */
  readonly segmentHop: number;
  readonly #predictor: Predictor;
  readonly #tell: (news: News) => void;
  readonly #resampler: Resampler;
  readonly #mel: LogMelStream;
  /** All that was heard. */
  readonly #samples: Float32Array[] = [];
  readonly #frames: Float32Array[] = [];
  readonly #profile: Float32Array[] = [];
  readonly #statistics: ProfileStatistics;
  #segments = 0;
  /** Frames from the first of the next segment on. */
  #held: Float32Array = new Float32Array(0);
  #waiting: { samples: Float32Array; at: number }[] = [];
  #working?: Promise<void>;
  #took = 0;

  constructor(predictor: Predictor, sampleRate: number, tell: (news: News) => void) {
    [this.#predictor, this.#tell] = [predictor, tell];
    const { frontEnd, segmentHop, emotions } = predictor.model.description;
    this.segmentHop = liveHop(segmentHop);
    this.#resampler = new Resampler(sampleRate, frontEnd.sampleRate);
    this.#mel = new LogMelStream(frontEnd);
    this.#statistics = new ProfileStatistics(emotions.length);
  }

  /** Takes the next samples. What fails is told as news. */
  push(samples: Float32Array, at: number): void {
    this.#waiting.push({ samples, at });
    this.#working ??= this.#work().catch((error) => {
      this.#waiting = [];
      this.#tell({ news: "fault", message: error instanceof Error ? error.message : String(error) });
    }).finally(() => this.#working = undefined);
  }

  async #work(): Promise<void> {
    const { sampleRate } = this.#predictor.model.description.frontEnd;
    while (this.#waiting.length > 0) {
      const began = performance.now(), pieces: Float32Array[] = [];
      let length = 0, at = 0;
      while (this.#waiting.length > 0 && length < LONGEST_BLOCK * sampleRate) {
        const next = this.#waiting.shift()!, block = this.#resampler.push(next.samples).slice();
        at = next.at;
        length += block.length;
        pieces.push(block);
      }
      const samples = concatenate(pieces), frames = this.#mel.push(samples);
      this.#samples.push(samples);
      this.#frames.push(frames);
      const profile = await this.#segmentsOf(frames);
      this.#took += (performance.now() - began) / 1000;
      const probabilities = profile.length > 0 ? this.#judge() : [];
      this.#tell({ news: "live", samples, frames, profile, probabilities, at, behind: this.#waiting.length });
    }
  }

  /** The profile of the segments that the next frames complete, [segments, emotions]. */
  async #segmentsOf(frames: Float32Array): Promise<Float32Array> {
    const { frontEnd: { nMels }, emotions, segmentHop } = this.#predictor.model.description;
    const hop = this.segmentHop, K = emotions.length, parts: Float32Array[] = [];
    this.#held = concatenate([this.#held, frames]);
    for (;;) {
      const there = segmentCount(this.#held.length / nMels, hop);
      if (there < 1) break;
      const count = Math.min(there, this.#predictor.largestBatch);
      parts.push((await this.#predictor.segmentProbabilities(this.#held, count, hop)).slice());
      this.#held = this.#held.slice(count * hop * nMels);
    }
    const profile = concatenate(parts);
    for (let at = 0; at < profile.length; at += K, this.#segments++) {
      if (this.#segments % (segmentHop / hop) === 0) this.#statistics.push(profile.subarray(at, at + K));
    }
    if (profile.length > 0) this.#profile.push(profile);
    return profile;
  }

  /** The probabilities of the whole so far. */
  #judge(): number[] {
    return [...this.#predictor.model.forest.predictProbabilities(this.#statistics.values)];
  }

  /** Ends it, and gives all of it; nothing where there was no whole segment. */
  async end(): Promise<Heard | undefined> {
    await this.#working;
    if (this.#segments === 0) return undefined;
    const { emotions, frontEnd } = this.#predictor.model.description;
    const [samples, frames, profile] = [this.#samples, this.#frames, this.#profile].map(concatenate);
    const probabilities = this.#judge(), likeliest = argmax(probabilities);
    return {
      emotion: emotions[likeliest],
      probability: probabilities[likeliest],
      probabilities,
      profile,
      frames,
      samples,
      segmentHop: this.segmentHop,
      seconds: samples.length / frontEnd.sampleRate,
      took: this.#took,
    };
  }
}

function concatenate(parts: readonly Float32Array[]): Float32Array {
  const all = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
