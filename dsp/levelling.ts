/**
 * Brings every recording to one level, whatever the distance of its microphone and the gain of its converter: a gain on the mel
 * magnitudes, before the logarithm.
 *
 *     m_t = mean over the bands of frame t's mel magnitudes
 *     g   = min(mostGain, magnitude / P),   P = the m_t of rank floor(T percentile / 100), from 0, in rising order
 *     logMel[t, b] = ln(g mel[t, b] + offset)
 *
 * P is the magnitude of a loud frame, so neither pauses nor a single bang affect it. The gain precedes the offset, so a recording at
 * another volume gives the same frames. A change of the log-mel values could not undo the offset.
 *
 * A recording's level is measured over its first {@linkcode Levelling.frames} frames, so that a long recording need not be in memory.
 * A stream has no end: {@linkcode RunningLevel} measures its last half minute.
 */
import type { FrontEnd, Levelling } from "./settings.ts";

/**
 * Whether recordings are brought to one level. `floor` also raises the offset to {@linkcode FLOOR}, so that what is far quieter than the
 * loud frames hardly counts: pauses, valleys of the spectrum, and the noise that fills them elsewhere.
 */
export type Level = "none" | "percentile" | "floor";

/** See {@linkcode Level}. */
export const LEVELS: readonly Level[] = ["none", "percentile", "floor"];

/**
 * The levelling for {@linkcode Level} percentile. 3.4 is the level of Emo-DB as recorded: its 535 recordings have a median of 3.43
 * and a geometric mean of 3.35, so the log offset keeps its meaning there. The largest gain is 40 dB (Emo-DB's quietest recording
 * needs 9 dB), and 60,000 frames are ten minutes.
 */
export const LEVELLING: Levelling = Object.freeze({ percentile: 90, magnitude: 3.4, mostGain: 100, frames: 60_000 });

/** The log offset of {@linkcode Level} floor: 21 dB below the level of the loud frames. The usual 0.01 is 51 dB below it. */
export const FLOOR = 0.3;

/** A front end with or without levelling. The result is frozen. */
export function withLevel(settings: FrontEnd, level: Level): FrontEnd {
  const { levelling: _, ...others } = settings;
  if (level === "none") return Object.freeze(others);
  return Object.freeze({ ...others, ...level === "floor" && { logOffset: FLOOR }, levelling: LEVELLING });
}

/**
 * The gain of a recording.
 *
 * @param mel mel magnitudes, [T, nMels], at least one frame
 */
export function gainOf(mel: Float32Array, nMels: number, levelling: Levelling): number {
  const loudness = frameLoudness(mel, nMels, levelling.frames);
  return gainAt(loudness.sort(), levelling);
}

/** ln(gain mel + offset) for each value. */
export function logOf(mel: Float32Array, gain: number, offset: number): Float32Array<ArrayBuffer> {
  const out = new Float32Array(mel.length);
  for (let i = 0; i < mel.length; i++) out[i] = Math.log(gain * mel[i] + offset);
  return out;
}

/**
 * Log-mel frames at another volume: ln(gain (e^x - offset) + offset).
 *
 * @param frames log-mel values, not levelled
 */
export function amplify(frames: Float32Array, gain: number, offset: number): Float32Array<ArrayBuffer> {
  const out = new Float32Array(frames.length);
  for (let i = 0; i < frames.length; i++) out[i] = Math.log(gain * Math.max(0, Math.exp(frames[i]) - offset) + offset);
  return out;
}

/** Seconds over which a stream's level is measured. */
const MEMORY = 30;

/**
 * Frames at a constant level that start a stream: until there are ten times as many real frames, the gain is at most 1.
 */
const SEED = 10;

/**
 * The level of a stream, measured over its last 30 seconds as for a recording. In the first second a quiet stream stays quiet,
 * so that its noise does not pass for speech before anybody has spoken. If the front end does not level, this class changes
 * nothing.
 */
export class RunningLevel {
  readonly #settings: FrontEnd;
  /** Loudness of the remembered frames: in a ring, oldest first from `#count` on, and in rising order. */
  readonly #ring: Float64Array;
  readonly #sorted: number[];
  #count = 0;

  /** Starts without frames. */
  constructor(settings: FrontEnd) {
    this.#settings = settings;
    this.#ring = new Float64Array(Math.ceil(MEMORY * settings.sampleRate / settings.hopLength));
    this.#sorted = Array(SEED).fill(settings.levelling?.magnitude ?? 0);
    for (const loudness of this.#sorted) this.#ring[this.#count++] = loudness;
  }

  /** Takes the next frames, log-mel, not levelled, [frames, nMels]. */
  push(frames: Float32Array): void {
    const { nMels, logOffset, levelling } = this.#settings;
    if (!levelling) return;
    const mel = frames.map((x) => Math.max(0, Math.exp(x) - logOffset));
    for (const loudness of frameLoudness(mel, nMels, Infinity)) {
      const at = this.#count % this.#ring.length;
      if (this.#count++ >= this.#ring.length) this.#sorted.splice(place(this.#sorted, this.#ring[at]), 1);
      this.#ring[at] = loudness;
      this.#sorted.splice(place(this.#sorted, loudness), 0, loudness);
    }
  }

  /** Applies the current gain to frames that were pushed: the network's input. */
  apply(frames: Float32Array): Float32Array {
    const { levelling, logOffset } = this.#settings;
    return levelling ? amplify(frames, gainAt(this.#sorted, levelling), logOffset) : frames;
  }
}

/** The first place in rising order whose value is not below the given one. */
function place(sorted: readonly number[], value: number): number {
  let low = 0, high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle] < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Mean mel magnitude of each frame, up to `most` frames. @param mel [T, nMels] */
function frameLoudness(mel: Float32Array, nMels: number, most: number): Float64Array {
  return Float64Array.from({ length: Math.min(most, mel.length / nMels) }, (_, t) => {
    let sum = 0;
    for (let b = 0; b < nMels; b++) sum += mel[t * nMels + b];
    return sum / nMels;
  });
}

/** @param sorted loudness of frames, in rising order, at least one */
function gainAt(sorted: ArrayLike<number>, { percentile, magnitude, mostGain }: Levelling): number {
  const rank = Math.min(sorted.length - 1, Math.floor(sorted.length * percentile / 100));
  return Math.min(mostGain, magnitude / sorted[rank]);
}
