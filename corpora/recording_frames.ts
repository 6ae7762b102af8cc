/** A recording as input for the network, and measurements of its sound: computed, cached and sent between threads. */

/** Measurements of a recording's sound. */
export interface RecordingSound {
  /** of the file, Hz */
  sampleRate: number;
  /** its largest sample, 1 at full scale */
  peak: number;
  /** root mean square at 16 kHz around its mean, in dB of full scale; -Infinity if it is constant */
  level: number;
  /** share of its samples that are clipped at full scale */
  clipped: number;
}

/** A recording as input for the network. */
export interface RecordingFrames {
  /** log-mel, [frames, nMels] */
  frames: Float32Array<ArrayBuffer>;
  /** log-mel of each copy for multi-condition training, each [frames, nMels], if they were asked for */
  copies?: Float32Array<ArrayBuffer>[];
  /** duration of the recording, before resampling */
  seconds: number;
  /** measurements of its sound, for recordings only */
  sound?: RecordingSound;
  /** faults that did not stop the reading, if any, one line each, with the file's name */
  warnings?: readonly string[];
}
