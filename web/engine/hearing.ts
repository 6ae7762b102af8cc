/** What a model hears: whole recordings, and streams while they last. */
import { LogMelStream } from "../../dsp/log_mel_stream.ts";
import { decodeRecording } from "../../dsp/recording.ts";
import { Resampler } from "../../dsp/resample.ts";
import { resample } from "../../dsp/mod.ts";
import type { Predictor } from "../../refinery/predictor.ts";
import { argmax } from "../../refinery/relabel.ts";
import { profileStatistics } from "../../refinery/statistics.ts";
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

/** Listens to a stream: segments are computed as soon as their last frame is there, those that wait together. */
export class LiveHearing {
  readonly #predictor: Predictor;
  readonly #tell: (news: News) => void;
  readonly #resampler: Resampler;
  readonly #mel: LogMelStream;
  /** All that was heard. */
  readonly #samples: Float32Array[] = [];
  readonly #frames: Float32Array[] = [];
  readonly #profile: Float32Array[] = [];
  /** Frames from the first of the next segment on. */
  #held: Float32Array = new Float32Array(0);
  #waiting: { samples: Float32Array; at: number }[] = [];
  #working?: Promise<void>;
  #took = 0;

  constructor(predictor: Predictor, sampleRate: number, tell: (news: News) => void) {
    [this.#predictor, this.#tell] = [predictor, tell];
    const { frontEnd } = predictor.model.description;
    this.#resampler = new Resampler(sampleRate, frontEnd.sampleRate);
    this.#mel = new LogMelStream(frontEnd);
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
    const { frontEnd: { sampleRate, nMels, segmentFrames }, segmentHop, emotions } = this.#predictor.model.description;
    while (this.#waiting.length > 0) {
      const began = performance.now(), { at } = this.#waiting[this.#waiting.length - 1];
      const pieces: Float32Array[] = [];
      let length = 0;
      while (this.#waiting.length > 0 && length < LONGEST_BLOCK * sampleRate) {
        const block = this.#resampler.push(this.#waiting.shift()!.samples).slice();
        length += block.length;
        pieces.push(block);
      }
      const samples = concatenate(pieces), frames = this.#mel.push(samples);
      this.#samples.push(samples);
      this.#frames.push(frames);
      this.#held = concatenate([this.#held, frames]);
      const parts: Float32Array[] = [];
      for (;;) {
        const there = Math.floor((this.#held.length / nMels - segmentFrames) / segmentHop) + 1;
        if (there < 1) break;
        const count = Math.min(there, this.#predictor.largestBatch);
        parts.push((await this.#predictor.segmentProbabilities(this.#held, count, segmentHop)).slice());
        this.#held = this.#held.slice(count * segmentHop * nMels);
      }
      const profile = concatenate(parts);
      if (profile.length > 0) this.#profile.push(profile);
      this.#took += (performance.now() - began) / 1000;
      const whole = concatenate(this.#profile);
      const probabilities = whole.length > 0
        ? [...this.#predictor.model.forest.predictProbabilities(profileStatistics(whole, emotions.length))]
        : [];
      this.#tell({ news: "live", samples, frames, profile, probabilities, at, behind: this.#waiting.length });
    }
  }

  /** Ends it, and gives all of it; nothing where there was no whole segment. */
  async end(): Promise<Heard | undefined> {
    await this.#working;
    const { emotions, segmentHop, frontEnd } = this.#predictor.model.description;
    const [samples, frames, profile] = [this.#samples, this.#frames, this.#profile].map(concatenate);
    if (profile.length === 0) return undefined;
    const probabilities = [
      ...this.#predictor.model.forest.predictProbabilities(profileStatistics(profile, emotions.length)),
    ];
    const likeliest = argmax(probabilities);
    return {
      emotion: emotions[likeliest],
      probability: probabilities[likeliest],
      probabilities,
      profile,
      frames,
      samples,
      segmentHop,
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
