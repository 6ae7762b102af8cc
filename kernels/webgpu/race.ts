/**
 * Finds the fastest of several ways to compute something, with a clock that may be coarse and a GPU that may be disturbed.
 *
 * No decision rests on one run. Runs are grouped in batches so long that the clock's step is at most a two-hundredth of them;
 * otherwise Chrome's clock, with 65,536 ns, would choose at random. The fastest of three batches counts, since disturbances only
 * make a GPU slower. A way replaces a more promising one only if it is faster by more than the remaining noise.
 *
 * @module
 */

/** The environment of a race. */
export interface RaceOptions<T> {
  /** Duration in seconds of `runs` runs together; the first call may compile. */
  time(way: T, runs: number): Promise<number>;
  /** The clock's step in seconds; 0 if it is practically exact. */
  step: number;
  /** Shortest batch in seconds. */
  batch: number;
  /** Most runs per batch. */
  runs: number;
  /** Whether there is time for another batch. */
  goOn(): boolean;
}

/** Least steps of the clock in a batch. */
const STEPS = 200;
/** ... if even the most runs take fewer steps than this, there is no decision. */
const FEWEST_STEPS = 100;
/** Batches per way. */
const BATCHES = 3;
/** A way whose first batch takes this much longer than the best is dropped. */
const HOPELESS = 1.25;
/** A way replaces the best one if it needs less than this share of its time. */
const BETTER = 0.97;

/**
 * The fastest of the ways, which are sorted with the most promising first; undefined if there was no time for two of them, or if they
 * are too short for the clock.
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

/** A batch that is long enough, or has the most runs allowed. */
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
