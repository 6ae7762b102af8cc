/**
 * Shows the progress of a job of folds x stages, and the time left: on a terminal with a bar for the whole and one for each
 * running epoch, otherwise with a line at intervals.
 *
 * Time left is a range. A network may stop early, so the remaining work lies between the least (each network stops as soon as
 * its patience allows) and the most (every epoch runs). Both are converted to time at the job's speed so far.
 */
// @ts-types="@types/cli-progress"
import cliProgress from "cli-progress";
import { ordinal } from "../base/numbering.ts";
import type { Monitor } from "../nn/fit.ts";
import type { FoldProgress } from "../refinery/fold_hooks.ts";
import { say } from "./common.ts";

/** Seconds between lines without a terminal: short at first, then constant, then longer as the job becomes long. */
const FIRST_LINE = 5, NEXT_LINE = 20, RARER = 1 / 50;

/** A reading of a {@link JobClock}. */
export interface ClockTime {
  /** Seconds left, at least and at most; undefined until they can be estimated. */
  left?: { least: number; most: number };
  /** Finished share of the job, 0 to 1, halfway between the two estimates. */
  done: number;
}

/**
 * Estimates the time left for a job of equal networks, some of which run at once. Times are in seconds; the unit of
 * work is a network that runs every epoch.
 */
export class JobClock {
  readonly #now: () => number;
  readonly #job: { networks: number; finished: number; shortest: number };
  readonly #began: number;
  /** The networks that this process has worked on, by fold and stage. */
  #seen = new Map<string, { from: number; done: number; least: number; most: number }>();

  /**
   * @param job networks: total number; finished: number finished before this process started; shortest: work of a network that
   * stops as early as possible
   */
  constructor(
    job: { networks: number; finished?: number; shortest: number },
    now: () => number = () => performance.now() / 1000,
  ) {
    this.#job = { ...job, finished: job.finished ?? 0 };
    [this.#now, this.#began] = [now, now()];
  }

  /** Receives a network's progress. */
  update({ fold, stage, done, least, most }: Pick<FoldProgress, "fold" | "stage" | "done" | "least" | "most">): void {
    const key = `${fold} ${stage}`;
    this.#seen.set(key, { from: this.#seen.get(key)?.from ?? done, done, least, most });
  }

  /** The current estimate. */
  read(): ClockTime {
    const { networks, finished, shortest } = this.#job;
    const waiting = Math.max(0, networks - finished - this.#seen.size);
    let [worked, done, least, most] = [0, finished, waiting * shortest, waiting];
    for (const network of this.#seen.values()) {
      worked += network.done - network.from;
      done += network.done;
      least += network.least;
      most += network.most;
    }
    const share = done / (done + (least + most) / 2);
    if (worked < 0.005) return { done: share };
    const pace = (this.#now() - this.#began) / worked;
    return { left: { least: least * pace, most: most * pace }, done: share };
  }
}

/** Displays the progress. */
export class JobProgress {
  readonly #clock: JobClock;
  readonly #options: { folds: number; stages: number; epochs: number };
  readonly #chain: string;
  readonly #bars?: cliProgress.MultiBar;
  readonly #quiet: boolean;
  readonly #began = performance.now() / 1000;
  #job?: cliProgress.SingleBar;
  #epochs = new Map<number, cliProgress.SingleBar>(); // by fold
  #spoke = performance.now() / 1000 - NEXT_LINE + FIRST_LINE;

  /**
   * @param options chain: its name if a job has several; networks: total number, from this chain on; finished: number already finished; folds, stages, epochs: largest numbers, for "2 of 3";
   *   monitor, patience: as in the settings; quiet: whether to show nothing
   */
  constructor(options: {
    chain?: string;
    networks: number;
    finished?: number;
    folds: number;
    stages: number;
    epochs: number;
    monitor: Monitor;
    patience: number;
    quiet: boolean;
  }) {
    const { networks, finished, epochs, monitor, patience, quiet } = options;
    const shortest = monitor === "nothing" ? 1 : Math.min(1, (patience + 1) / epochs);
    this.#clock = new JobClock({ networks, finished, shortest });
    [this.#options, this.#quiet, this.#chain] = [options, quiet, options.chain ?? ""];
    if (!quiet && Deno.stderr.isTerminal()) {
      this.#bars = new cliProgress.MultiBar({
        format: "{bar} {percentage} % | {words}",
        barsize: 24,
        hideCursor: true,
        clearOnComplete: true,
        gracefulExit: false, // runCommand handles signals
      }, cliProgress.Presets.shades_classic);
    }
  }

  /** Receives a fold's progress. */
  update(progress: FoldProgress): void {
    if (this.#quiet) return;
    this.#clock.update(progress);
    const { left, done } = this.#clock.read();
    const percent = Math.floor(100 * done), time = left ? `${formatRange(left)} left` : "";
    const words = this.#describe(progress);
    if (this.#bars) {
      this.#job ??= this.#bars.create(100, 0, { words: "" });
      this.#job.update(percent, { words: time });
      const bar = this.#epochs.get(progress.fold) ?? this.#bars.create(100, 0, { words });
      this.#epochs.set(progress.fold, bar);
      bar.update(Math.floor(100 * progress.part), { words });
      if (progress.most > 0 || progress.stage + 1 < this.#options.stages) return;
      this.#bars.remove(bar); // the fold is finished
      this.#epochs.delete(progress.fold);
      return;
    }
    const now = performance.now() / 1000;
    if (!left || now - this.#spoke < Math.max(NEXT_LINE, RARER * (now - this.#began))) return;
    this.#spoke = now;
    say(`${percent} % | ${time} | ${words}`);
  }

  /** Prints a line above the bars. */
  say(line: string): void {
    this.stop();
    say(line);
  }

  /** Removes the bars until the next update. */
  stop(): void {
    if (!this.#job) return;
    for (const bar of [...this.#epochs.values(), this.#job]) this.#bars?.remove(bar);
    this.#bars?.stop();
    [this.#job, this.#epochs] = [undefined, new Map()];
  }

  #describe({ fold, stage, phase, epoch, loss, part }: FoldProgress): string {
    const { folds, stages, epochs } = this.#options;
    return `${this.#chain && `${this.#chain}, `}fold ${ordinal(fold)}/${folds}, stage ${ordinal(stage)}/${stages}, ` +
      (phase === "profile"
        ? `making profiles, ${Math.floor(100 * part)} %`
        : `epoch ${ordinal(epoch)}/${epochs}, loss ${loss?.toFixed(3) ?? "?"}`);
  }
}

/**
 * Seconds for people.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * assertEquals(formatDuration(7.4), "7 s");
 * assertEquals(formatDuration(127), "2 min 7 s");
 * assertEquals(formatDuration(3 * 3600 + 125), "3 h 2 min");
 * ```
 */
export function formatDuration(seconds: number): string {
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor(whole % 3600 / 60)} min`;
}

/**
 * A range of seconds for people, rounded according to its width.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * assertEquals(formatRange({ least: 490, most: 1210 }), "8 to 20 min");
 * assertEquals(formatRange({ least: 40, most: 130 }), "40 s to 2 min");
 * assertEquals(formatRange({ least: 7300, most: 7310 }), "2.0 h");
 * ```
 */
export function formatRange({ least, most }: { least: number; most: number }): string {
  const rough = (seconds: number): [string, string] => {
    if (seconds < 100) return [String(Math.round(seconds)), "s"];
    if (seconds < 6000) return [String(Math.round(seconds / 60)), "min"];
    return [(seconds / 3600).toFixed(1), "h"];
  };
  const [[a, unitA], [b, unitB]] = [rough(least), rough(most)];
  if (unitA !== unitB) return `${a} ${unitA} to ${b} ${unitB}`;
  return a === b ? `${a} ${unitA}` : `${a} to ${b} ${unitA}`;
}
