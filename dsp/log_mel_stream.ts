/**
 * Log-mel frames of samples that arrive in blocks of any size. Together they equal the result of {@linkcode logMel} for the whole
 * signal, bit for bit. Samples are buffered until their frame is complete. If recordings are levelled, frames are buffered until the
 * level is known: at the end, or after ten minutes.
 */
import { gainOf, logOf } from "./levelling.ts";
import { logMel, melFrames } from "./log_mel.ts";
import { type FrontEnd, frontEnd } from "./settings.ts";

/** Computes frames while samples arrive. */
export class LogMelStream {
  readonly #settings: FrontEnd;
  /** Samples from the first one of the next frame on. */
  #held: Float32Array = new Float32Array(0);
  /** Mel magnitudes whose level is not known yet, in pieces, and the number of values. */
  #waiting: Float32Array[] = [];
  #waitingLength = 0;
  #gain?: number;

  /** Starts a stream. Frozen settings are faster: their tables are made once. */
  constructor(settings: FrontEnd = frontEnd) {
    this.#settings = settings;
  }

  /**
   * Takes the next samples and returns the frames that they complete, or whose level is now known.
   *
   * @param samples [n] at the settings' rate
   * @returns [frames, nMels], possibly none
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
   * Ends the samples and returns the frames that waited for their level. Samples pushed later get the same level.
   *
   * @returns [frames, nMels], possibly none
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
