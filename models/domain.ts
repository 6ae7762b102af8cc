/**
 * What recordings sound like, in three numbers, all in dB; and how far a recording lies from those that a model learned from.
 *
 *     level     of its loud frames: the 90th percentile over the frames of the mean over the mel bands
 *     range     from its quiet to its loud frames: that, less the 10th percentile
 *     balance   of its louder half of frames: the mean of the upper half of the bands, less that of the lower half
 *
 * A quiet microphone moves the level, noise the range, a telephone or a dull room the balance. Log-mel values are natural logarithms
 * of magnitudes: one is 20 / ln 10 = 8.7 dB.
 */

/** The numbers, in their order. */
export const SOUND_STATISTICS = ["level", "range", "balance"] as const;

/** One of them. */
export type SoundStatistic = typeof SOUND_STATISTICS[number];

/** The recordings that a model learned from. */
export interface Domain {
  /** Of each number: its mean over the recordings, and its standard deviation, in dB. */
  statistics: Record<SoundStatistic, { mean: number; deviation: number }>;
  /** Deviations beyond which a recording is unlike them: as far lies one in a hundred of them, in any of the numbers. */
  limit: number;
}

/** A number of a recording that lies far from those learned. */
export interface Departure {
  /** Which. */
  statistic: SoundStatistic;
  /** The recording's, in dB. */
  value: number;
  /** The learned ones', in dB. */
  mean: number;
  /** Theirs, in dB. */
  deviation: number;
}

const DECIBELS = 20 / Math.LN10;

/** Smallest standard deviation that is believed, in dB: of copies of one recording it would be 0. */
const LEAST_DEVIATION = 0.5;

/** Share of the learned recordings that is beyond the limit. */
const BEYOND = 0.01;

/** The numbers of a recording whose frames come in pieces. Of an hour it keeps 3 MB. */
export class SoundStatistics {
  readonly #nMels: number;
  #level = new Float32Array(1024);
  #balance = new Float32Array(1024);
  #frames = 0;

  /**
   * Of no frame yet.
   *
   * @param nMels mel bands of a frame
   */
  constructor(nMels: number) {
    this.#nMels = nMels;
  }

  /** Takes the next frames, log-mel, [frames, nMels]. */
  push(frames: Float32Array): void {
    const half = this.#nMels >> 1;
    for (let at = 0; at < frames.length; at += this.#nMels) {
      if (this.#frames === this.#level.length) {
        [this.#level, this.#balance] = [this.#level, this.#balance].map((old) => {
          const larger = new Float32Array(2 * old.length);
          larger.set(old);
          return larger;
        });
      }
      let low = 0, high = 0;
      for (let band = 0; band < half; band++) low += frames[at + band];
      for (let band = half; band < this.#nMels; band++) high += frames[at + band];
      this.#level[this.#frames] = (low + high) / this.#nMels;
      this.#balance[this.#frames++] = high / (this.#nMels - half) - low / half;
    }
  }

  /** The numbers, in dB; undefined of a recording without a frame. */
  get values(): Record<SoundStatistic, number> | undefined {
    if (this.#frames === 0) return undefined;
    const levels = this.#level.subarray(0, this.#frames), sorted = levels.slice().sort();
    const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
    const median = at(0.5), loud = levels.reduce((count, level) => count + (level >= median ? 1 : 0), 0);
    const balance = levels.reduce((sum, level, i) => sum + (level >= median ? this.#balance[i] : 0), 0) / loud;
    return { level: DECIBELS * at(0.9), range: DECIBELS * (at(0.9) - at(0.1)), balance: DECIBELS * balance };
  }
}

/** The domain of some recordings. @param recordings the numbers of each, at least one */
export function domainOf(recordings: readonly Record<SoundStatistic, number>[]): Domain {
  const statistics = Object.fromEntries(SOUND_STATISTICS.map((name) => {
    const mean = recordings.reduce((sum, own) => sum + own[name], 0) / recordings.length;
    const variance = recordings.reduce((sum, own) => sum + (own[name] - mean) ** 2, 0) / recordings.length;
    return [name, { mean, deviation: Math.max(LEAST_DEVIATION, Math.sqrt(variance)) }];
  })) as Domain["statistics"];
  const farthest = recordings.map((own) =>
    Math.max(
      ...SOUND_STATISTICS.map((name) => Math.abs(own[name] - statistics[name].mean) / statistics[name].deviation),
    )
  ).sort((a, b) => a - b);
  const limit = farthest[Math.min(farthest.length - 1, Math.ceil((1 - BEYOND) * farthest.length))];
  return { statistics, limit: Math.max(1, limit) };
}

/** The numbers of a recording that lie beyond the limit, the farthest first. */
export function departuresFrom({ statistics, limit }: Domain, values: Record<SoundStatistic, number>): Departure[] {
  const distance = ({ value, mean, deviation }: Departure) => Math.abs(value - mean) / deviation;
  return SOUND_STATISTICS.map((statistic): Departure => ({
    statistic,
    value: values[statistic],
    ...statistics[statistic],
  }))
    .filter((own) => distance(own) > limit).sort((a, b) => distance(b) - distance(a));
}

/** A departure in words, for instance "level -61 dB, where the model learned from -41 +- 4 dB". */
export function describeDeparture({ statistic, value, mean, deviation }: Departure): string {
  const dB = (x: number) => x.toFixed(0);
  return `${statistic} ${dB(value)} dB; the model learned from ${dB(mean)} +- ${Math.max(1, deviation).toFixed(0)} dB`;
}
