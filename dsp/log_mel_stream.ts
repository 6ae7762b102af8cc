/**
 * Log-mel frames of samples that come in blocks, of any sizes: together they are to the bit what {@linkcode logMel} gives for the
 * whole. A frame's samples are kept until its last one is there.
 */
import { logMel } from "./log_mel.ts";
import { type FrontEnd, frontEnd } from "./settings.ts";

/** Makes frames while samples arrive. */
export class LogMelStream {
  readonly #settings: FrontEnd;
  /** From the first sample of the next frame on. */
  #held: Float32Array = new Float32Array(0);

  /** Begins. Frozen settings are the faster: their tables are made once. */
  constructor(settings: FrontEnd = frontEnd) {
    this.#settings = settings;
  }

  /**
   * Takes the next samples, and gives the frames that they complete.
   *
   * @param samples [n] at the settings' rate
   * @returns [frames, nMels], perhaps none
   */
  push(samples: Float32Array): Float32Array<ArrayBuffer> {
    const { nMels, hopLength } = this.#settings;
    const all = new Float32Array(this.#held.length + samples.length);
    all.set(this.#held);
    all.set(samples, this.#held.length);
    const frames = logMel(all, this.#settings);
    this.#held = all.slice(Math.min(all.length, frames.length / nMels * hopLength));
    return frames;
  }
}
