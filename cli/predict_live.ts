/**
 * `predict - --live`: judges standard input while it runs, one line per second.
 *
 *     bytes -> samples, cut at whole seconds -> frames, and which of them are speech -> the complete segments -> a line
 *
 * A line gives the emotion of the last three seconds, about the length of an utterance, from their segments with speech; or states
 * that the last second had no speech. Speech is detected as it arrives, by the levels of the last half minute, unlike in a file,
 * where the whole recording is known. Levelling also uses the last half minute, and is updated every second.
 */
import { RunningLevel, withLevel } from "../dsp/levelling.ts";
import { LogMelStream } from "../dsp/log_mel_stream.ts";
import { concatenate } from "../dsp/mixdown.ts";
import { RecordingReader } from "../dsp/recording_reader.ts";
import { segmentCount } from "../dsp/segments.ts";
import type { FrontEnd } from "../dsp/settings.ts";
import { SpeechActivity, speechSegments } from "../dsp/speech.ts";
import { decideProfile, speechRows } from "../models/judge_speech.ts";
import type { Predictor } from "../models/predictor.ts";
import { argmax } from "../refinery/relabel.ts";
import { NO_SPEECH } from "../report/stretches.ts";
import { percent } from "../report/table.ts";
import { csv as csvText } from "../runs/csv.ts";
import type { PredictFlags } from "./predict_options.ts";
import { type ChannelPrediction, open, pieces, STANDARD_INPUT } from "./recordings.ts";

/** Seconds judged by a line; seconds over which the level of speech and noise is measured. */
const WINDOW = 3, MEMORY = 30;

/** The result of a second: the probabilities over the last three seconds; undefined: the second had no speech. */
export type Second = { second: number; probabilities?: Float64Array };

/**
 * Judges standard input until it ends, or until the signal is aborted.
 *
 * @param onSecond receives every second as soon as it is over
 * @returns the result for the whole, from the segments with speech
 * @throws {Error} with its name, if it is not a recording, has no speech, or is too short
 */
export async function predictLive(
  predictor: Predictor,
  { segmentHop, decide, channel, all = false }: Pick<PredictFlags, "segmentHop" | "decide" | "channel" | "all">,
  onSecond: (second: Second) => void,
  signal: AbortSignal,
): Promise<ChannelPrediction> {
  const { model } = predictor, { frontEnd, segmentHop: own, emotions } = model.description, { sampleRate } = frontEnd;
  const recording = new RecordingReader(STANDARD_INPUT, { channel: typeof channel === "number" ? channel : undefined });
  const profile = new LiveProfile(predictor, segmentHop ?? own, all);
  let read = 0;
  const listen = async (parts: Float32Array[]) => {
    for (const samples of parts) await listenTo(samples);
  };
  const listenTo = async (samples: Float32Array) => {
    for (let at = 0; at < samples.length;) {
      const block = samples.subarray(at, at + sampleRate - read % sampleRate);
      profile.push(block);
      at += block.length;
      read += block.length;
      if (read % sampleRate !== 0) continue;
      await profile.compute();
      const rows = profile.last(1).length > 0 ? profile.last(WINDOW) : undefined;
      onSecond({ second: read / sampleRate, ...(rows && { probabilities: decideProfile(model, rows, decide) }) });
    }
  };
  try {
    const source = await open({ name: STANDARD_INPUT }); // standard input is not closed
    for await (const piece of pieces(source, STANDARD_INPUT, signal)) await listen(await recording.push(piece));
    await listen(await recording.finish());
  } catch (error) {
    if (!signal.aborted) throw error; // Ctrl-C ends a microphone's stream: the sound until then is judged
  }
  await profile.compute();
  const { speech } = profile, rows = profile.all, judged = speechRows(rows, speech);
  if (judged.length === 0) {
    const found = rows.length === 0 ? `${(read / sampleRate).toFixed(2)} s of sound, less than a segment` : "none";
    throw new Error(`${STANDARD_INPUT}: expected speech, found ${found}`);
  }
  const probabilities = decideProfile(model, judged, decide), likeliest = argmax(probabilities);
  return {
    seconds: recording.seconds,
    prediction: {
      emotion: emotions[likeliest],
      probability: probabilities[likeliest],
      probabilities,
      profile: rows,
      speech,
      segmentHop: profile.hop,
      seconds: read / sampleRate,
    },
  };
}

/** The line for a second. */
export function secondLine(
  { second, probabilities }: Second,
  emotions: readonly string[],
  { csv, top }: Pick<PredictFlags, "csv" | "top">,
): string {
  const likeliest = probabilities && argmax(probabilities);
  if (csv) {
    const numbers = Array.from(emotions, (_, e) => probabilities?.[e].toFixed(6) ?? "");
    const own = likeliest === undefined ? [NO_SPEECH, ""] : [emotions[likeliest], numbers[likeliest]];
    return csvText([[String(second), ...own, ...numbers]]).trimEnd();
  }
  const width = Math.max(NO_SPEECH.length, ...emotions.map(({ length }) => length));
  if (!probabilities) return `${String(second).padStart(6)} s  ${NO_SPEECH}`;
  const order = [...emotions.keys()].sort((a, b) => probabilities[b] - probabilities[a] || a - b).slice(0, top);
  const shown = order.map((e) => `${emotions[e].padEnd(width)} ${percent(probabilities[e]).padStart(7)}`);
  return `${String(second).padStart(6)} s  ${shown.join("  ")}`;
}

/** A profile that grows while samples arrive. */
class LiveProfile {
  readonly hop: number;
  readonly #predictor: Predictor;
  readonly #frontEnd: FrontEnd;
  readonly #judgeAll: boolean;
  readonly #mel: LogMelStream;
  readonly #level: RunningLevel;
  readonly #activity: SpeechActivity;
  /** Frames from the first one of the next segment on, not levelled: [held, nMels], and which of them have speech. */
  #frames: Float32Array = new Float32Array(0);
  #active: Uint8Array = new Uint8Array(0);
  /** Frames still to be dropped, if segments do not touch. */
  #skip = 0;
  readonly #rows: Float32Array[] = [];
  readonly #speech: number[] = [];

  constructor(predictor: Predictor, hop: number, judgeAll: boolean) {
    [this.#predictor, this.hop, this.#judgeAll] = [predictor, hop, judgeAll];
    this.#frontEnd = predictor.model.description.frontEnd;
    this.#mel = new LogMelStream(withLevel(this.#frontEnd, "none"));
    this.#level = new RunningLevel(this.#frontEnd);
    this.#activity = new SpeechActivity({ settings: this.#frontEnd, memory: MEMORY });
  }

  /** Takes the next samples. */
  push(samples: Float32Array): void {
    const frames = this.#mel.push(samples);
    this.#level.push(frames);
    this.#frames = concatenate([this.#frames, frames]);
    this.#active = Uint8Array.of(...this.#active, ...this.#activity.push(samples));
    this.#pass();
  }

  /** Computes the complete segments. */
  async compute(): Promise<void> {
    const { nMels } = this.#frontEnd, K = this.#predictor.model.description.emotions.length;
    for (;;) {
      const there = segmentCount(this.#frames.length / nMels, this.hop, this.#frontEnd);
      if (there < 1) return;
      const count = Math.min(there, this.#predictor.largestBatch);
      const rows = await this.#predictor.segmentProbabilities(this.#level.apply(this.#frames), count, this.hop);
      for (let s = 0; s < count; s++) this.#rows.push(rows.slice(s * K, (s + 1) * K));
      const marks = speechSegments(this.#active, count, this.hop, this.#frontEnd);
      this.#speech.push(...this.#judgeAll ? marks.fill(1) : marks);
      this.#skip = count * this.hop;
      this.#pass();
    }
  }

  /** The segments with speech among those that ended in the last `seconds` seconds, [segments, emotions]. */
  last(seconds: number): Float32Array {
    const { sampleRate, hopLength } = this.#frontEnd;
    const count = Math.max(1, Math.round(seconds * sampleRate / hopLength / this.hop));
    const rows = this.#rows.slice(-count), speech = this.#speech.slice(-count);
    return concatenate(rows.filter((_, s) => speech[s] === 1));
  }

  /** The whole profile, [segments, emotions]. */
  get all(): Float32Array {
    return concatenate(this.#rows);
  }

  /** [segments], 1 or 0. */
  get speech(): Uint8Array {
    return Uint8Array.from(this.#speech);
  }

  #pass(): void {
    const { nMels } = this.#frontEnd, count = Math.min(this.#skip, this.#frames.length / nMels);
    if (count === 0) return;
    this.#frames = this.#frames.slice(count * nMels);
    this.#active = this.#active.slice(count);
    this.#skip -= count;
  }
}
