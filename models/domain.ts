/**
 * Describes the sound of recordings by three numbers in dB, and measures how far a recording differs from a model's training
 * recordings.
 *
 *     level     of its loud frames: the 90th percentile over the frames of the mean over the mel bands
 *     range     from its quiet to its loud frames: the level minus the 10th percentile
 *     balance   of the louder half of its frames: the mean of the upper half of the bands minus that of the lower half
 *
 * A quiet microphone changes the level, noise the range, a telephone or a dull room the balance. Log-mel values are natural
 * logarithms of magnitudes: one is 20 / ln 10 = 8.7 dB.
 */

/** The names of the numbers, in order. */
export const SOUND_STATISTICS = ["level", "range", "balance"] as const;

/** The name of one number. */
export type SoundStatistic = typeof SOUND_STATISTICS[number];

/** The training recordings of a model. */
export interface Domain {
  /** For each number: its mean over the recordings and its standard deviation, in dB. */
  statistics: Record<SoundStatistic, { mean: number; deviation: number }>;
  /**
   * Deviations beyond which a recording counts as different. One in a hundred training recordings is farther away in
   * some number.
   */
  limit: number;
}

/** A number of a recording that is far from the training recordings. */
export interface Departure {
  /** The name of the number. */
  statistic: SoundStatistic;
  /** The recording's value, in dB. */
  value: number;
  /** The mean of the training recordings, in dB. */
  mean: number;
  /** Their standard deviation, in dB. */
  deviation: number;
}

const DECIBELS = 20 / Math.LN10;

/** Smallest standard deviation used, in dB: for copies of one recording it would be 0. */
const LEAST_DEVIATION = 0.5;

/** Share of the training recordings beyond the limit. */
const BEYOND = 0.01;

/** Computes the numbers of a recording from frames that arrive in pieces. An hour takes 3 MB. */
export class SoundStatistics {
  readonly #nMels: number;
  #level = new Float32Array(1024);
  #balance = new Float32Array(1024);
  #frames = 0;

  /**
   * Starts without frames.
   *
   * @param nMels number of mel bands
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

  /** The numbers, in dB; undefined for a recording without a frame. */
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

/** The numbers of a recording that exceed the limit, in order of distance. */
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
