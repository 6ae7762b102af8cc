/** Applies a model to whole recordings, and to streams while they run. */
import { RunningLevel, withLevel } from "../../dsp/levelling.ts";
import { LogMelStream } from "../../dsp/log_mel_stream.ts";
import { concatenate } from "../../dsp/mixdown.ts";
import { readRecording } from "../../dsp/recording_reader.ts";
import { resample, Resampler } from "../../dsp/resample.ts";
import { segmentCount } from "../../dsp/segments.ts";
import { SpeechActivity, speechSegments } from "../../dsp/speech.ts";
import { explain } from "../../models/explain.ts";
import { decideProfile, judgeSpeech } from "../../models/judge_speech.ts";
import type { Model } from "../../models/model.ts";
import type { Predictor } from "../../models/predictor.ts";
import { argmax } from "../../refinery/relabel.ts";
import { ProfileStatistics } from "../../refinery/statistics.ts";
import { explanationText, stretchesToWeigh } from "../../report/explanation.ts";
import { stretchesOf } from "../../report/stretches.ts";
import { plainError } from "../../workers/calls.ts";
import type { News, Recognition, SoundSource } from "./protocol.ts";

/** Judges a whole recording. */
export async function recognise(predictor: Predictor, what: SoundSource): Promise<Recognition> {
  const began = performance.now(), { frontEnd, segmentHop } = predictor.model.description, parts: Float32Array[] = [];
  const { samples, warnings = [] } = "bytes" in what
    ? await readRecording(what.bytes, what.name, frontEnd, loadDecoder)
    : { ...what, samples: resample(what.samples, what.sampleRate, frontEnd.sampleRate) };
  const hop = samples.length <= LONGEST_DENSE * frontEnd.sampleRate ? liveHop(segmentHop) : segmentHop;
  const { profile } = await predictor.predict(samples, { segmentHop: hop, onFrames: (frames) => parts.push(frames) });
  const judged = judge(predictor.model, samples, profile, hop);
  return { ...judged, frames: concatenate(parts), samples, warnings, took: (performance.now() - began) / 1000 };
}

/** Loads a decoder: a file of the page (`decoders/`), named after the last part of its package's name. */
export async function loadDecoder(specifier: string): Promise<unknown> {
  const file = `decoders/${specifier.split("/").at(-1)}.js`;
  try {
    return await import(new URL(file, location.href).href);
  } catch (error) {
    throw new Error(`${file}: can't be loaded from this page's host: ${(error as Error).message}`, { cause: error });
  }
}

/** Longest recording, in seconds, whose profile is as dense as a stream's. */
const LONGEST_DENSE = 30;

/**
 * Decides on a recording by the model's own segments with speech, as `deno task predict` does, and explains the
 * decision.
 *
 * @param profile [segments, emotions], `hop` frames apart, a divisor of the model's own hop
 */
function judge(
  { description, forest }: Model,
  samples: Float32Array,
  profile: Float32Array,
  hop: number,
): Omit<Recognition, "frames" | "samples" | "warnings" | "took"> {
  const { emotions, frontEnd, segmentHop } = description,
    K = emotions.length,
    seconds = samples.length / frontEnd.sampleRate;
  const activity = new SpeechActivity({ settings: frontEnd });
  activity.push(samples);
  const speech = speechSegments(activity.frames(), profile.length / K, hop, frontEnd), every = segmentHop / hop;
  const own = profile.filter((_, i) => Math.floor(i / K) % every === 0),
    marks = speech.filter((_, s) => s % every === 0);
  const none = !marks.includes(1),
    probabilities = decideProfile({ description, forest }, own),
    likeliest = argmax(probabilities);
  const all = {
    emotion: emotions[likeliest],
    probability: probabilities[likeliest],
    probabilities,
    profile: own,
    segmentHop,
    seconds,
  };
  const prediction = judgeSpeech({ description, forest }, all, none ? marks.map(() => 1) : marks);
  const stretches = stretchesToWeigh(stretchesOf(prediction, seconds, description));
  const explanation = explain({ description, forest }, prediction, stretches);
  const { emotion, probability } = prediction;
  return {
    emotion,
    probability,
    probabilities: [...prediction.probabilities],
    profile,
    speech: none ? speech.fill(0) : speech,
    segmentHop: hop,
    judgedHop: segmentHop,
    seconds,
    why: explanationText({ explanation, stretches, emotion, probability }, emotions),
  };
}

/**
 * Longest time, in seconds, that a stream's picture may wait for samples: longer blocks are cut, so that segments
 * arrive one by one.
 */
const LONGEST_BLOCK = 0.25;
/** Seconds over which a stream's level of speech and noise is measured. */
const MEMORY = 30;
/** Most frames from one segment of a stream to the next: 30 ms. */
const LONGEST_HOP = 3;

/**
 * Frames from one segment of a stream to the next: few, so that its picture moves smoothly, and a divisor of the model's own
 * hop, so that the model's own segments are among them.
 */
export function liveHop(own: number): number {
  let hop = Math.min(LONGEST_HOP, own);
  while (own % hop !== 0) hop--;
  return hop;
}

/**
 * Processes a stream. A segment is computed as soon as its last frame has arrived; waiting segments are computed together. At the
 * end the emotion of the whole is judged as for a file with the same sound; before that, by the segments with speech so far.
 */
export class LiveRecognition {
  /** Frames from one segment to the next. */
  readonly segmentHop: number;
  readonly #predictor: Predictor;
  readonly #tell: (news: News) => void;
  readonly #resampler: Resampler;
  readonly #mel: LogMelStream;
  readonly #level: RunningLevel;
  /** All samples received. */
  readonly #samples: Float32Array[] = [];
  readonly #frames: Float32Array[] = [];
  readonly #profile: Float32Array[] = [];
  readonly #statistics: ProfileStatistics;
  #segments = 0;
  /** Frames from the first one of the next segment on, and which of them have speech. */
  #held: Float32Array = new Float32Array(0);
  #active: Uint8Array = new Uint8Array(0);
  readonly #activity: SpeechActivity;
  #waiting: { samples: Float32Array; at: number }[] = [];
  #working?: Promise<void>;
  #took = 0;

  constructor(predictor: Predictor, sampleRate: number, tell: (news: News) => void) {
    [this.#predictor, this.#tell] = [predictor, tell];
    const { frontEnd, segmentHop, emotions } = predictor.model.description;
    this.segmentHop = liveHop(segmentHop);
    this.#resampler = new Resampler(sampleRate, frontEnd.sampleRate);
    this.#mel = new LogMelStream(withLevel(frontEnd, "none"));
    this.#level = new RunningLevel(frontEnd);
    this.#activity = new SpeechActivity({ settings: frontEnd, memory: MEMORY });
    this.#statistics = new ProfileStatistics(emotions.length);
  }

  /** Takes the next samples. Failures are posted as news. */
  push(samples: Float32Array, at: number): void {
    this.#waiting.push({ samples, at });
    this.#working ??= this.#work().catch((error) => {
      this.#waiting = [];
      this.#tell({ news: "fault", error: plainError(error) });
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
      this.#level.push(frames);
      this.#samples.push(samples);
      this.#frames.push(frames);
      const active = this.#activity.push(samples);
      this.#active = Uint8Array.of(...this.#active, ...active);
      const profile = await this.#segmentsOf(frames);
      this.#took += (performance.now() - began) / 1000;
      const probabilities = profile.length > 0 && this.#statistics.segments > 0 ? this.#judge() : [];
      this.#tell({ news: "live", samples, frames, profile, probabilities, at, behind: this.#waiting.length });
    }
  }

  /** The profile of the segments that the next frames complete, [segments, emotions]. */
  async #segmentsOf(frames: Float32Array): Promise<Float32Array> {
    const { frontEnd, emotions, segmentHop } = this.#predictor.model.description, { nMels } = frontEnd;
    const hop = this.segmentHop, K = emotions.length, parts: Float32Array[] = [], speech: number[] = [];
    this.#held = concatenate([this.#held, frames]);
    for (;;) {
      const there = segmentCount(this.#held.length / nMels, hop, frontEnd);
      if (there < 1) break;
      const count = Math.min(there, this.#predictor.largestBatch);
      const levelled = this.#level.apply(this.#held);
      parts.push((await this.#predictor.segmentProbabilities(levelled, count, hop)).slice());
      speech.push(...speechSegments(this.#active, count, hop, frontEnd));
      this.#held = this.#held.slice(count * hop * nMels);
      this.#active = this.#active.slice(count * hop);
    }
    const profile = concatenate(parts);
    for (let s = 0; s < speech.length; s++, this.#segments++) {
      if (speech[s] === 0 || this.#segments % (segmentHop / hop) !== 0) continue;
      this.#statistics.push(profile.subarray(s * K, (s + 1) * K));
    }
    if (profile.length > 0) this.#profile.push(profile);
    return profile;
  }

  /** The probabilities for the speech so far, of which there must be some. */
  #judge(): number[] {
    return [...this.#predictor.model.forest.predictProbabilities(this.#statistics.values)];
  }

  /** Ends the stream and returns the result; undefined if there was no complete segment. */
  async end(): Promise<Recognition | undefined> {
    await this.#working;
    if (this.#segments === 0) return undefined;
    const { sampleRate, levelling } = this.#predictor.model.description.frontEnd;
    // the level of the whole is now known: everything is judged again with it, instead of the momentary levels
    if (levelling) return await recognise(this.#predictor, { samples: concatenate(this.#samples), sampleRate });
    const [samples, frames, profile] = [this.#samples, this.#frames, this.#profile].map(concatenate);
    return {
      ...judge(this.#predictor.model, samples, profile, this.segmentHop),
      frames,
      samples,
      warnings: [],
      took: this.#took,
    };
  }
}
