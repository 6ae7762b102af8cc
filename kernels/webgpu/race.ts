/**
 * Which of some ways to compute a thing takes the least time, by a clock that may be coarse and a GPU that may be disturbed.
 *
 * Nothing is judged by one run. Runs are made in batches long enough that the clock's step is a two-hundredth of them, since
 * Chrome's clock, of 65,536 ns, would else choose by chance; the fastest of three batches counts, since nothing makes a GPU faster
 * than it is; and a way takes the place of a likelier one only where it is faster by more than what is left of chance.
 *
 * @module
 */

/** What a race needs to know of the world. */
export interface RaceOptions<T> {
  /** Seconds that so many runs take together; the first call may compile. */
  time(way: T, runs: number): Promise<number>;
  /** Seconds that the clock advances by; 0 where it is as good as exact. */
  step: number;
  /** Seconds of a batch, at least. */
  batch: number;
  /** Runs of a batch, at most. */
  runs: number;
  /** Whether there is time for another batch. */
  goOn(): boolean;
}

/** Steps of the clock that a batch takes, at least. */
const STEPS = 200;
/** ... and where even the most runs take fewer than this, nothing can be said. */
const FEWEST_STEPS = 100;
/** Batches of a way. */
const BATCHES = 3;
/** A way whose first batch takes this much longer than the best is not looked at again. */
const HOPELESS = 1.25;
/** A way takes the best one's place where it needs less than this share of its time. */
const BETTER = 0.97;

/**
 * The fastest of the ways, which come with the likeliest first; undefined where there was no time for two of them, or where they are too
 * short for the clock.
 */
export async function fastest<T>(ways: readonly T[], options: RaceOptions<T>): Promise<T | undefined> {
  const { time, step, goOn } = options;
  let best: { way: T; seconds: number } | undefined, tried = 0;
  for (const way of ways) {
    if (!goOn()) break;
    await time(way, 1); // compiles
    const batch = await longEnough(way, options);
    if (batch.seconds < FEWEST_STEPS * step) return undefined;
    let seconds = batch.seconds / batch.runs;
    tried++;
    if (best && seconds > HOPELESS * best.seconds) continue;
    for (let i = 1; i < BATCHES && goOn(); i++) seconds = Math.min(seconds, await time(way, batch.runs) / batch.runs);
    if (!best || seconds < BETTER * best.seconds) best = { way, seconds };
  }
  return tried > 1 || ways.length === 1 ? best?.way : undefined;
}

/** A batch that is long enough, or of as many runs as one may have. */
async function longEnough<T>(
  way: T,
  { time, step, batch, runs: most }: RaceOptions<T>,
): Promise<{ runs: number; seconds: number }> {
  const wanted = Math.max(batch, STEPS * step);
  for (let runs = 1;;) {
    const seconds = await time(way, runs);
    if (seconds >= wanted || runs === most) return { runs, seconds };
    const enough = Math.ceil(1.2 * runs * wanted / seconds);
    runs = Math.min(most, 8 * runs, Math.max(runs + 1, enough));
  }
}
