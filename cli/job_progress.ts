/**
 * How far a job of folds x stages is, and how long it still takes: a bar on a terminal, elsewhere a line now and then.
 *
 * A network that stops early takes less than its epochs would. So a finished network counts by the time it took, and those
 * still to come are expected to take the mean of that; until one has finished, what the first has shown so far.
 */
// @ts-types="@types/cli-progress"
import cliProgress from "cli-progress";
import type { FoldProgress } from "../refinery/mod.ts";
import { say } from "./common.ts";

/** Seconds between lines where there is no terminal: soon, then every so often. */
const FIRST_LINE = 5, NEXT_LINE = 20;

/** Time left of a job of equal networks; times in seconds. */
export class JobClock {
  readonly #networks: number;
  readonly #now: () => number;
  #finished = 0;
  #begun: number;
  #spent = 0; // on finished networks

  /** @param networks how many are fitted, one after the other */
  constructor(networks: number, now: () => number = () => performance.now() / 1000) {
    this.#networks = networks;
    this.#now = now;
    this.#begun = now();
  }

  /** A network is finished. */
  finish(): void {
    const now = this.#now();
    this.#spent += now - this.#begun;
    this.#finished++;
    this.#begun = now;
  }

  /**
   * @param fraction of the present network's work that is done, 0 to 1
   * @returns left: seconds, or undefined before anything can be said; done: share of the whole, 0 to 1
   */
  read(fraction: number): { left?: number; done: number } {
    const running = this.#now() - this.#begun;
    const present = fraction > 0.005 ? running / fraction : undefined;
    const expected = this.#finished > 0 ? this.#spent / this.#finished : present;
    if (expected === undefined) return { done: 0 };
    const after = this.#networks - this.#finished - 1;
    if (after < 0) return { left: 0, done: 1 };
    // a network that has shown itself slower or faster than the others is believed as it nears its end
    const own = present === undefined ? expected : (1 - fraction) * expected + fraction * present;
    const left = Math.max(0, Math.max(own - running, (1 - fraction) * own * 0.2)) + after * expected;
    return { left, done: (this.#spent + running) / (this.#spent + running + left) };
  }
}

/** Shows it. */
export class JobProgress {
  readonly #clock: JobClock;
  readonly #words: (progress: FoldProgress) => string;
  readonly #bar?: cliProgress.SingleBar;
  readonly #quiet: boolean;
  #spoke: number;
  #started = false;

  /**
   * @param options networks: how many in all; folds, stages, epochs: at most, for "2 of 3"; quiet: show nothing
   */
  constructor(options: { networks: number; folds: number; stages: number; epochs: number; quiet: boolean }) {
    const { networks, folds, stages, epochs, quiet } = options;
    this.#clock = new JobClock(networks);
    this.#quiet = quiet;
    this.#spoke = performance.now() / 1000 - NEXT_LINE + FIRST_LINE;
    this.#words = ({ fold, stage, phase, epoch, loss }) =>
      `fold ${fold + 1}/${folds}, stage ${stage}/${stages}, ` +
      (phase === "profile" ? "making profiles" : `epoch ${epoch + 1}/${epochs}, loss ${loss?.toFixed(3) ?? "?"}`);
    if (!quiet && Deno.stderr.isTerminal()) {
      this.#bar = new cliProgress.SingleBar({
        format: "{bar} {percentage} % | {left} left | {words}",
        barsize: 24,
        hideCursor: true,
        clearOnComplete: true,
        gracefulExit: false, // signals are runCommand's
      }, cliProgress.Presets.shades_classic);
    }
  }

  /** Hears how far the present fold is. */
  update(progress: FoldProgress): void {
    if (this.#quiet) return;
    const { left, done } = this.#clock.read(progress.fraction);
    const payload = { left: left === undefined ? "?" : formatDuration(left), words: this.#words(progress) };
    if (this.#bar) {
      const percent = Math.floor(100 * done);
      if (!this.#started) this.#bar.start(100, percent, payload);
      else this.#bar.update(percent, payload);
      this.#started = true;
      return;
    }
    const now = performance.now() / 1000;
    if (left === undefined || now - this.#spoke < NEXT_LINE) return;
    this.#spoke = now;
    say(`${Math.floor(100 * done)} % | ${payload.left} left | ${payload.words}`);
  }

  /** A network is finished. */
  finishNetwork(): void {
    this.#clock.finish();
  }

  /** Says a line above the bar. */
  say(line: string): void {
    this.stop();
    say(line);
  }

  /** Takes the bar away, until the next update. */
  stop(): void {
    if (this.#started) this.#bar?.stop();
    this.#started = false;
  }
}

/**
 * Seconds for people.
 *
 * @example
 * ```ts
 * import assert from "@std/assert";
 * assert.equal(formatDuration(7.4), "7 s");
 * assert.equal(formatDuration(127), "2 min 7 s");
 * assert.equal(formatDuration(3 * 3600 + 125), "3 h 2 min");
 * ```
 */
export function formatDuration(seconds: number): string {
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor(whole % 3600 / 60)} min`;
}
