/** A recording as the network sees it, and what it sounds like: what is computed, cached and sent between threads. */

/** What a recording sounds like, in a few numbers. */
export interface Sound {
  /** of the file, Hz */
  sampleRate: number;
  /** its largest sample, 1 at full scale */
  peak: number;
  /** root mean square at 16 kHz around its mean, in dB of full scale; -Infinity where it is constant */
  level: number;
  /** share of its samples that are cut off at full scale */
  clipped: number;
}

/** A recording as the network sees it. */
export interface Framed {
  /** log-mel, [frames, nMels] */
  frames: Float32Array<ArrayBuffer>;
  /** length of the recording, before any resampling */
  seconds: number;
  /** what it sounds like; only of recordings */
  sound?: Sound;
  /** what is wrong with it and was read all the same, in lines that name it, where anything is */
  warnings?: readonly string[];
}
