/**
 * Detects speech in a recording by energy. The threshold adapts to the level of the speech and to the noise under it.
 *
 *   e_t  = mean square of the samples of frame t (25 ms every 10 ms, the front end's frames); its level is 10 log10 e_t dB
 *   A(c) = 10 log10(sum of all e_t / frames active at c),    active at c: e_t reaches c, now or in the last 200 ms
 *   c*   : A(c*) - c* = 15.9 dB: the active speech level A and its threshold (ITU-T P.56, method B)
 *   threshold = min(c*, max(floor + 10, A - 30)),    floor: 5 % of the frames are no louder
 *
 * P.56 alone drops a second speaker who is 20 dB quieter. So the threshold may fall to 10 dB over the noise, but not below 30 dB
 * under the speech. The envelope here is the energy of frames, not P.56's smoothed rectified signal. Energy can't separate quiet
 * speech from noise: in a recording without pauses, everything counts as speech.
 */
import { type FrontEnd, frontEnd } from "./settings.ts";

/** Levels are counted in steps of 1 dB, from this level to slightly above full scale, in dB of full scale. */
const LOWEST = -90, STEPS = 100;

/**
 * P.56's margin between the active level and its threshold, and how long speech lasts after the level fell below it, in
 * seconds.
 */
const MARGIN = 15.9, HANGOVER = 0.2;

/** Share of the frames at or below the floor; dB of speech over the floor; dB of speech under the active level. */
const FLOOR_SHARE = 0.05, OVER_FLOOR = 10, UNDER_ACTIVE = 30;

/** Share of a segment's frames that must be active for the segment to count as speech. */
const ENOUGH = 0.5;

/** How speech is detected. */
export interface SpeechOptions {
  /** The front end, which defines the frames. */
  settings?: FrontEnd;
  /**
   * For a stream: seconds after which a frame's weight falls to 1/e. The threshold is then max(floor + 10, A - 30) alone, so that
   * the noise before the first word does not count as speech. Default: a whole recording, whose frames all have equal weight.
   */
  memory?: number;
}

/**
 * Detects speech while samples arrive.
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 * import { SpeechActivity } from "@epr/epr/dsp";
 *
 * const activity = new SpeechActivity();
 * activity.push(new Float32Array(16000)); // a second of silence, then one of sound
 * activity.push(Float32Array.from({ length: 16000 }, (_, i) => 0.1 * Math.sin(i)));
 * const active = activity.frames(); // [198]
 * assert(active[90] === 0 && active[110] === 1);
 * ```
 */
export class SpeechActivity {
  readonly #settings: FrontEnd;
  readonly #keep: number;
  readonly #live: boolean;
  /** Samples from the first one of the next frame on. */
  #held: Float32Array = new Float32Array(0);
  /** Level of every frame so far, in dB; for a stream, only the frames of the last call. */
  #levels: number[] = [];
  /** For each step: frames at this level; frames active at this threshold; frames since it was last reached. */
  readonly #at = new Float64Array(STEPS);
  readonly #active = new Float64Array(STEPS);
  readonly #since = new Float64Array(STEPS).fill(Infinity);
  #energy = 0;
  #count = 0;
  /** Frames since the threshold was last reached, for a stream. */
  #quiet = Infinity;

  /** Starts a recording or a stream. */
  constructor({ settings = frontEnd, memory }: SpeechOptions = {}) {
    this.#settings = settings;
    this.#live = memory !== undefined;
    this.#keep = memory === undefined ? 1 : Math.exp(-settings.hopLength / settings.sampleRate / memory);
  }

  /**
   * Takes the next samples [n], at the settings' rate.
   *
   * @returns for a stream: which of the completed frames are speech, 1 or 0, by the current threshold; otherwise empty
   */
  push(samples: Float32Array): Uint8Array {
    const { windowLength, hopLength } = this.#settings;
    const all = new Float32Array(this.#held.length + samples.length);
    all.set(this.#held);
    all.set(samples, this.#held.length);
    const frames = Math.max(0, 1 + Math.floor((all.length - windowLength) / hopLength));
    if (this.#live) this.#levels = [];
    for (let t = 0; t < frames; t++) {
      let sum = 0;
      for (let i = t * hopLength; i < t * hopLength + windowLength; i++) sum += all[i] * all[i];
      this.#add(sum / windowLength);
    }
    this.#held = all.slice(frames * hopLength);
    return this.#live ? this.#mark() : new Uint8Array(0);
  }

  /** The current threshold of speech, in dB of full scale. */
  get threshold(): number {
    if (this.#count === 0) return LOWEST;
    let c = 0, level = 0;
    for (; c < STEPS; c++) {
      level = 10 * Math.log10(this.#energy / this.#active[c]);
      if (level - (LOWEST + c) <= MARGIN) break;
    }
    let floor = 0;
    for (let below = this.#at[0]; below < FLOOR_SHARE * this.#count && floor < STEPS - 1;) below += this.#at[++floor];
    const overNoise = Math.max(LOWEST + floor + OVER_FLOOR, level - UNDER_ACTIVE);
    return this.#live ? overNoise : Math.min(LOWEST + c, overNoise);
  }

  /** For a whole recording: which frames are speech, 1 or 0, [frames]. */
  frames(): Uint8Array {
    this.#quiet = Infinity;
    return this.#mark();
  }

  #add(energy: number): void {
    const level = energy > 0 ? 10 * Math.log10(energy) : -Infinity;
    this.#levels.push(level);
    const step = Math.max(0, Math.min(STEPS - 1, Math.floor(level - LOWEST)));
    if (this.#keep < 1) {
      this.#energy *= this.#keep;
      this.#count *= this.#keep;
      for (let c = 0; c < STEPS; c++) {
        this.#at[c] *= this.#keep;
        this.#active[c] *= this.#keep;
      }
    }
    this.#energy += energy;
    this.#count++;
    this.#at[step]++;
    const hangover = this.#hangover;
    for (let c = 0; c < STEPS; c++) {
      this.#since[c] = level >= LOWEST + c ? 0 : this.#since[c] + 1;
      if (this.#since[c] <= hangover) this.#active[c]++;
    }
  }

  /** Marks the active ones of the stored frames. */
  #mark(): Uint8Array {
    const { threshold } = this, hangover = this.#hangover;
    return Uint8Array.from(this.#levels, (level) => {
      this.#quiet = level >= threshold ? 0 : this.#quiet + 1;
      return this.#quiet <= hangover ? 1 : 0;
    });
  }

  get #hangover(): number {
    return Math.round(HANGOVER * this.#settings.sampleRate / this.#settings.hopLength);
  }
}

/**
 * Which segments are speech: those with at least half of their frames active.
 *
 * @param active [frames], 1 or 0
 * @param segments number of segments; a segment that extends beyond the recording (padded with silence) counts only the frames present
 * @param hop frames from one segment to the next
 * @returns [segments], 1 or 0
 */
export function speechSegments(
  active: Uint8Array,
  segments: number,
  hop: number,
  { segmentFrames }: Pick<FrontEnd, "segmentFrames"> = frontEnd,
): Uint8Array {
  return Uint8Array.from({ length: segments }, (_, s) => {
    const own = active.subarray(s * hop, s * hop + segmentFrames);
    const sum = own.reduce((count, one) => count + one, 0);
    return sum > 0 && sum >= ENOUGH * own.length ? 1 : 0;
  });
}
