/**
 * Log-mel frames of samples that come in blocks, of any sizes: together they are to the bit what {@linkcode logMel} gives for the
 * whole. A frame's samples are kept until its last one is there. Where recordings are brought to one level, frames are kept until that
 * level is known: at the end, or after ten minutes.
 */
import { gainOf, logOf } from "./levelling.ts";
import { logMel, melFrames } from "./log_mel.ts";
import { type FrontEnd, frontEnd } from "./settings.ts";

/** Makes frames while samples arrive. */
export class LogMelStream {
  readonly #settings: FrontEnd;
  /** From the first sample of the next frame on. */
  #held: Float32Array = new Float32Array(0);
  /** Mel magnitudes whose level is not known yet, in pieces, and how many values they are. */
  #waiting: Float32Array[] = [];
  #waitingLength = 0;
  #gain?: number;

  /** Begins. Frozen settings are the faster: their tables are made once. */
  constructor(settings: FrontEnd = frontEnd) {
    this.#settings = settings;
  }

  /**
   * Takes the next samples, and gives the frames that they complete, or that now have a level.
   *
   * @param samples [n] at the settings' rate
   * @returns [frames, nMels], perhaps none
   */
  push(samples: Float32Array): Float32Array<ArrayBuffer> {
    const { nMels, hopLength, logOffset, levelling } = this.#settings;
    const all = new Float32Array(this.#held.length + samples.length);
    all.set(this.#held);
    all.set(samples, this.#held.length);
    const frames = levelling ? melFrames(all, this.#settings) : logMel(all, this.#settings);
    this.#held = all.slice(Math.min(all.length, frames.length / nMels * hopLength));
    if (!levelling) return frames;
    if (this.#gain !== undefined) return logOf(frames, this.#gain, logOffset);
    this.#waiting.push(frames);
    this.#waitingLength += frames.length;
    return this.#waitingLength >= levelling.frames * nMels ? this.finish() : new Float32Array(0);
  }

  /**
   * The samples are over: gives the frames that waited for their level. Whatever is pushed later has this level too.
   *
   * @returns [frames, nMels], perhaps none
   */
  finish(): Float32Array<ArrayBuffer> {
    const { nMels, logOffset, levelling } = this.#settings;
    if (!levelling || this.#waitingLength === 0) return new Float32Array(0);
    const mel = new Float32Array(this.#waitingLength);
    let at = 0;
    for (const piece of this.#waiting) {
      mel.set(piece, at);
      at += piece.length;
    }
    [this.#waiting, this.#waitingLength] = [[], 0];
    this.#gain = gainOf(mel, nMels, levelling);
    return logOf(mel, this.#gain, logOffset);
  }
}
